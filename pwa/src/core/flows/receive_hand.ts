/**
 * Goods in the hand of a receipt. One scan is one thing: what its label says, a pack, else one, and
 * each further scan adds to it (G14). Only a measure says nothing by itself: how many is asked.
 */
import type { Draft } from "../flow";
import type { Key } from "../types.gen";
import type { View } from "../view";
import { enteredTogether, goodsOf, placeOf, type Goods } from "./goods";
import type { Part } from "./order_lines";
import type { ReceiveState } from "./receive";
import { CAPTURES_PER_PART_MAX } from "./tally";

/** Base units that are weighed or measured: a scan of such goods is not one gram. */
const MEASURES = new Set(["G", "KG", "T", "MG", "M", "CM", "MM", "M2", "M3", "L", "ML"]);

/** The goods of one scan; `grows` when their label said no quantity, so that more scans may follow. */
export function scannedOnce(goods: Goods, view: View): { goods: Goods; grows: boolean } {
  const item = view.item(goods.item);
  const isSaid = goods.quantity !== null || goods.captures.length === 0;
  if (isSaid || item?.serials || MEASURES.has(item?.unit ?? "")) return { goods, grows: false };
  return { goods: { ...goods, quantity: 1 }, grows: true };
}

/** Whether a scan is more of what the hand holds; one operation takes only so many scans along. */
export function isMore(held: Goods | null, goods: Goods): held is Goods {
  if (!held || held.item !== goods.item || held.serial !== null || goods.serial !== null) return false;
  return (goods.lot ?? held.lot) === held.lot && held.captures.length < CAPTURES_PER_PART_MAX;
}

export function together(held: Goods, more: Goods): Goods {
  const isFirst = held.quantity === null;
  return {
    ...held,
    quantity: more.quantity === null ? held.quantity : (held.quantity ?? 0) + more.quantity,
    entered: isFirst ? more.entered : enteredTogether(held.entered, more.entered),
    captures: [...held.captures, ...more.captures],
    wall: more.wall,
  };
}

/** More of the goods that were received last, by a key: nobody scanned them again. */
export function likeLast(key: Key | undefined, wall: number): Goods | null {
  if (!key || key.serial) return null;
  const said = key.lot ? { lot: key.lot.code, ...(key.lot.expires ? { expires: key.lot.expires } : {}) } : {};
  return { ...goodsOf(key.item, said, 1, 0, wall), captures: [] };
}

/** What one line takes of the goods; their scans go with the first. */
export function draftOf(state: ReceiveState, goods: Goods, key: Key, part: Part, isFirst: boolean): Draft {
  return {
    did: {
      verb: "receive", key, quantity: part.quantity,
      from: { location: `supplier/${state.partner ?? "unknown"}` },
      to: placeOf(state.place),
      ...(goods.entered && isFirst && part.quantity === goods.quantity ? { entered: goods.entered } : {}),
      ...(goods.produced === null ? {} : { produced: goods.produced }),
    },
    task: part.line ? { document: part.line.document, line: part.line.line } : null,
    assumed: [],
    captures: isFirst ? [...state.captures, ...goods.captures] : [],
    consent: state.consent,
  };
}

/**
 * What a hand holds between two scans, and the small questions that every flow asks of it:
 * which key, which lot, how many, and whether it may be used at all.
 */
import type { Entered, Key, Lot, Place } from "../types.gen";
import { keyOf as stockKey } from "../stock";
import type { Said } from "../meaning";
import type { Shown, View } from "../view";

export type Assumed = "lot" | "serial" | "status" | "owner" | "quantity";

/** Goods that were scanned and not written yet. `item` is the raw code when nobody knows it. */
export interface Goods {
  item: string;
  known: boolean;
  lot: string | null;
  expires: string | null;
  produced: string | null;
  serial: string | null;
  /** In base units; null until a label, a pack or the keypad said it. */
  quantity: number | null;
  entered: Entered | null;
  captures: number[];
  wall: number;
}

/** One thing to choose from; `value` comes back in the `choose` input. */
export interface Choice {
  value: string;
  item: string;
  lot: string | null;
  /** What tells sibling lots apart, which share a number. */
  expires?: string | null;
  /** What is not simply good. */
  status?: string;
  place: string | null;
  quantity: number | null;
}

/** What one label says of the goods: its own quantity first, else the pack of its code. */
export function goodsOf(
  item: string, said: Said, pack: number, capture: number, wall: number, unit: string | null = null,
): Goods {
  const isPack = said.serial === undefined && said.quantity === undefined && pack > 1;
  return {
    item,
    known: true,
    lot: said.lot ?? null,
    expires: said.expires ?? null,
    produced: said.produced ?? null,
    serial: said.serial ?? null,
    quantity: said.serial === undefined ? (said.quantity ?? (pack > 1 ? pack : null)) : 1,
    // The factor that was seen travels along: the pack may have another size by then (R10).
    entered: isPack && unit !== null ? { quantity: "1", unit, factor: pack } : null,
    captures: [capture],
    wall,
  };
}

export function placeOf(text: string): Place {
  if (text.startsWith("container/")) return { container: text.slice("container/".length) };
  if (text.startsWith("unidentified/")) return { code: text.slice("unidentified/".length) };
  return { location: text };
}

export function keyOfShown(shown: Shown): Key {
  return keyFrom(shown.key);
}

/** The key behind a canonical text, spelled as short as on the wire. */
export function keyFrom(text: string): Key {
  const key = stockKey(text);
  return keyOf(key.item, key.lot, key.serial, key.status, key.owner);
}

export function keyOf(
  item: string,
  lot: Lot | null,
  serial: string | null = null,
  status: Key["status"] = "ok",
  owner: string | null = null,
): Key {
  return {
    item,
    ...(lot ? { lot: bareLot(lot) } : {}),
    ...(serial === null ? {} : { serial }),
    ...(status === "ok" ? {} : { status: status ?? null }),
    ...(owner === null ? {} : { owner }),
  };
}

function bareLot(lot: Lot): Lot {
  return {
    code: lot.code,
    ...(lot.expires ? { expires: lot.expires } : {}),
    ...(lot.supplier ? { supplier: lot.supplier } : {}),
  };
}

/** Finds the one known lot that a label can mean; else the lot exactly as the label says. */
export function lotMeant(view: View, goods: Goods): Lot | null {
  if (goods.lot === null) return null;
  const known = view
    .lots(goods.item, goods.lot)
    .filter((lot) => goods.expires === null || (lot.expires ?? null) === goods.expires);
  const only = known[0];
  if (known.length === 1 && only) return only;
  return { code: goods.lot, ...(goods.expires === null ? {} : { expires: goods.expires }) };
}

/** Whether an item of the books is what was scanned: a code that nobody knows is held under its own name. */
export function isOf(item: string, goods: Goods): boolean {
  return item === goods.item || (!goods.known && item === `unidentified/${goods.item}`);
}

/** Holdings that the goods can be, judged by all that their label said. */
export function matching(holdings: readonly Shown[], goods: Goods): Shown[] {
  return holdings.filter(
    (held) =>
      isOf(held.item, goods) &&
      (goods.lot === null || held.lot?.code === goods.lot) &&
      (goods.expires === null || goods.lot === null || (held.expires ?? goods.expires) === goods.expires) &&
      (goods.serial === null || held.serial === goods.serial),
  );
}

/** What was entered, where it is still the whole of what is written. */
export function enteredFor(entered: Entered | null, quantity: number): Entered | null {
  return entered && Number(entered.quantity) * entered.factor === quantity ? entered : null;
}

/** Two stretches of one pack as one; null when they cannot be said in one pack. */
export function enteredTogether(before: Entered | null, more: Entered | null): Entered | null {
  if (!before || !more || before.unit !== more.unit || before.factor !== more.factor) return null;
  return { ...before, quantity: String(Number(before.quantity) + Number(more.quantity)) };
}

/** What a key says beyond what the label said: the envelope names it as assumed. */
export function assumedOf(goods: Goods, key: Key): Assumed[] {
  const assumed: Assumed[] = [];
  if (key.lot && goods.lot === null) assumed.push("lot");
  if (key.serial && goods.serial === null) assumed.push("serial");
  if (key.status && key.status !== "ok") assumed.push("status");
  if (key.owner) assumed.push("owner");
  return assumed;
}

export function choiceOf(shown: Shown): Choice {
  return {
    value: `${shown.place}|${shown.key}`,
    item: shown.item,
    lot: shown.lot?.code ?? null,
    expires: shown.expires,
    ...(shown.status !== "ok" && { status: shown.status }),
    place: shown.place,
    quantity: shown.quantity,
  };
}

/** One for each item: which of the sibling lots with one number it is, the books or its day say. */
export function byItem<Meant extends { item: string }>(meant: readonly Meant[]): Meant[] {
  return meant.filter(({ item }, index) => meant.findIndex((other) => other.item === item) === index);
}

/** One meaning of a bare lot number. */
export function choiceOfLot(item: string, lot: Lot): Choice {
  return { value: `${item}|${lot.code}`, item, lot: lot.code, place: null, quantity: null };
}

/** The goods as the choice names them. */
export function chosenGoods(goods: Goods, { item, lot, expires }: Choice): Goods {
  return { ...goods, item, lot, expires: expires ?? goods.expires };
}

/** Goods as the screen names them: item and lot. */
export function nameOf(goods: { item: string; lot: string | null }): string {
  return goods.lot === null ? goods.item : `${goods.item} · ${goods.lot}`;
}

/** The day of an instant at the site, as expiry dates are written. */
export function dayOf(wall: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(wall);
}

export function isExpired(expires: string | null, wall: number, view: View): boolean {
  return expires !== null && expires < dayOf(wall, view.site.time_zone);
}

/**
 * From goods in the hand to one operation: bin, lot, line and quantity are found,
 * what must be looked at stops, and the rest is written at once.
 */
import type { Band, Draft } from "../flow";
import { keyText } from "../stock";
import type { Item } from "../types.gen";
import type { Shown, View } from "../view";
import { asks, band, step, UNASKED } from "./frame";
import {
  assumedOf, choiceOf, enteredFor, keyOf, keyOfShown, lotMeant, matching, nameOf, type Goods,
} from "./goods";
import { plannedAt, shortDrafts } from "./take_short";
import { candidates } from "./order_lines";
import { rankOf, usable, valueOf } from "./route";
import { stopGoods, stopQuantity, stopTaken } from "./take_stops";
import type { Taken, TakeState, Taking, Took } from "./taking";

/** Finds bin, lot, line and quantity, stops what must be looked at, and else writes. */
export function advance(way: Taking, state: TakeState, wall: number, view: View): Took {
  const goods = state.goods;
  if (!goods) return step(state);
  const first = stopGoods(state, view);
  if (first && !state.agreed.includes(first.ask.why)) return asks(state, first.ask, first.band);
  const place = placeMeant(state, goods, view);
  if (place === null) return whichBin(state, goods, view);
  const taken = resolve(state, goods, place, view);
  if (taken === null) {
    const shown = band("tick", "flow.how_many", { item: nameOf(goods) });
    return step({ ...state, place, missing: "quantity", choices: [] }, shown);
  }
  const policy = view.item(goods.item)?.fifo ?? "hint";
  for (const stop of [stopTaken(taken, view), stopQuantity(taken), way.older(state, taken, policy)]) {
    if (stop && !state.agreed.includes(stop.ask.why)) return asks({ ...state, missing: null, choices: [] }, stop.ask, stop.band);
  }
  return write(way, state, taken, policy, wall, view);
}

/** The scanned bin; unscanned, the only bin where such goods lie. */
function placeMeant(state: TakeState, goods: Goods, view: View): string | null {
  if (state.place !== null) return state.place;
  const held = matching(view.of(goods.item), goods).filter(
    (row) => row.quantity > 0 && row.place !== state.to && (view.location(row.place)?.kind ?? "bin") === "bin",
  );
  const places = new Set(held.map((row) => row.place));
  return places.size === 1 ? ([...places][0] ?? null) : null;
}

function whichBin(state: TakeState, goods: Goods, view: View): Took {
  const held = matching(view.of(goods.item), goods).filter((row) => row.quantity > 0 && row.place !== state.to);
  const next: TakeState = { ...state, missing: "place", choices: held.map(choiceOf) };
  const place = state.stops.find((stop) => stop.item === goods.item)?.place ?? "";
  return step(next, band("look", "take.scan_bin", { item: nameOf(goods), place }));
}

function resolve(state: TakeState, goods: Goods, place: string, view: View): Taken | null {
  const held = heldAt(state, goods, place, view);
  const key = held ? keyOfShown(held) : keyOf(goods.item, lotMeant(view, goods), goods.serial);
  const line = state.document === null
    ? null
    : (candidates(view, { document: state.document, partner: null, chosen: null }, goods.item)[0] ?? null);
  const left = line === null ? null : Math.max(0, line.quantity - line.have);
  const there = held?.quantity ?? 0;
  const quantity = state.typed?.quantity ?? planned(goods.quantity, left, there);
  if (quantity === null) return null;
  const ranking = rankOf(usable(view, goods.item, state), place, keyText(key));
  return {
    goods: { ...goods, entered: enteredFor(state.typed?.entered ?? goods.entered, quantity) },
    place, key, held, there, line, left, quantity, ranking,
    rank: ranking?.older ? ranking.mine.rank : 1,
    assumed: assumedOf(goods, key),
  };
}

/** The lot that was scanned; unscanned, the planned lot of this stop, else the oldest usable here. */
export function heldAt(state: TakeState, goods: Goods, place: string, view: View): Shown | null {
  const here = matching(view.at(place), goods).filter((row) => row.quantity > 0);
  const planned = state.stops.find((stop) => stop.place === place && stop.item === goods.item)?.key;
  const best = usable(view, goods.item, state).find((lot) => here.some((row) => valueOf(row) === valueOf(lot)));
  return here.find((row) => row.key === planned) ?? here.find((row) => row.key === best?.key) ?? here[0] ?? null;
}

/** A label's quantity, as far as the line asks and the bin has it; else all that the line asks. */
function planned(label: number | null, left: number | null, there: number): number | null {
  const limits = [label, left, there].filter((limit): limit is number => limit !== null && limit > 0);
  if (label === null && (left === null || left === 0)) return null;
  return limits.length === 0 ? null : Math.min(...limits);
}

function write(
  way: Taking, state: TakeState, taken: Taken, policy: Item["fifo"], wall: number, view: View,
): Took {
  const { goods, quantity, line, place } = taken;
  const lot = taken.key.lot?.code ?? null;
  const draft: Draft = {
    did: way.did(state, taken),
    task: state.document === null ? null : { document: state.document, line: line?.line ?? null },
    assumed: taken.assumed,
    captures: [...state.captures, ...goods.captures],
    consent: state.consent,
  };
  const written = {
    verb: way.flow, wall, item: goods.item, lot, place,
    line: line?.line ?? null, quantity: -quantity, sum: (line?.have ?? 0) + quantity,
  };
  const isShort = state.short !== null;
  const isEmptied = !isShort && view.at(place).reduce((sum, row) => sum + row.quantity, 0) === quantity;
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, typed: null, captures: [], wish: null, short: null,
    bin_empty: null, place: null, stood: place, gone: state.gone + 1, emptied: isEmptied ? place : null,
    dry: isShort ? [...state.dry, `${place}|${keyText(taken.key)}`] : state.dry,
    written: [...state.written, written],
  };
  const asked = plannedAt(state, place, taken.key, quantity);
  const shorts = isShort ? shortDrafts(state, place, taken.key, asked, quantity, taken.there) : [];
  return step(next, bandOf(way, state, taken, policy, isEmptied), [draft, ...shorts]);
}

function bandOf(way: Taking, state: TakeState, taken: Taken, policy: Item["fifo"], isEmptied: boolean): Band {
  const { quantity, line, left, place } = taken;
  const said = way.said(state, taken, policy);
  const open = state.lines.filter((row) => row.done + (row.line === line?.line ? quantity : 0) < row.quantity);
  const isDone = state.document !== null && open.length === 0;
  const isComplete = isDone || (left !== null && quantity >= left);
  if (state.short !== null) said.note = "take.short.count";
  const asked = isEmptied && !isDone ? { note: "take.empty", ways: ["empty", "full"] satisfies Band["ways"] } : {};
  return {
    ...said,
    ...asked,
    ...(isDone ? { note: `${way.flow}.complete` } : {}),
    signal: said.signal === "done" && isComplete ? "complete" : said.signal,
    wrote: { quantity: -quantity, code: nameOf({ item: taken.goods.item, lot: taken.key.lot?.code ?? null }) },
    values: { ...said.values, document: state.document ?? "", bin: place },
  };
}

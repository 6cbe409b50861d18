/**
 * Short: how many were taken, and why no more. A word and a task, never a count (R52): what lies
 * there the count says that the ledger asks for. Damaged goods are put on hold where they are.
 */
import type { Draft } from "../flow";
import { keyText } from "../stock";
import type { Key, Short } from "../types.gen";
import type { View } from "../view";
import { asks, band, step, UNASKED } from "./frame";
import { keyFrom, placeOf, type Goods } from "./goods";
import type { Stop } from "./route";
import type { TakeState, Took } from "./taking";

export const SHORT_REASONS = ["not_there", "fewer", "damaged", "blocked", "other"] as const;

export type Go = (state: TakeState, wall: number, view: View) => Took;

/** The reason of a key as it travels; what was typed instead is another one, in its own words. */
function reasonOf(said: string): Pick<Short, "reason"> & { note?: string } {
  const reason = SHORT_REASONS.find((one) => one === said);
  return reason ? { reason } : { reason: "other", note: said };
}

/** Asks why, then how many were taken, unless the keypad or the reason has said it. */
export function short(go: Go, state: TakeState, wall: number, view: View): Took {
  const stop = stopHere(state);
  if (!stop || stop.place === null || stop.key === null) return step(state, band("look", "take.nothing_left"));
  const about = { item: stop.item, place: stop.place };
  if (!state.agreed.includes("short") || !state.reason) {
    const shown = band("look", "take.short.why", about, { ways: ["reason", "cancel"] });
    return asks(state, { why: "short", needs: "reason" }, shown);
  }
  const next: TakeState = { ...state, short: state.reason, agreed: [], place: stop.place };
  if (state.typed) return shortOf(go, next, state.typed.quantity, wall, view);
  if (state.reason === "not_there") return shortOf(go, next, 0, wall, view);
  return step({ ...next, missing: "quantity" }, band("tick", "take.short.taken", about));
}

/** What was taken is written as ever, with the shortage beside it; without any, the shortage alone. */
export function shortOf(go: Go, state: TakeState, taken: number, wall: number, view: View): Took {
  const stop = stopHere(state);
  if (!stop || stop.place === null || stop.key === null) return step(state, band("look", "take.nothing_left"));
  if (taken === 0) return noneTaken(state, stop, stop.place, stop.key, wall);
  const goods: Goods = state.goods ?? {
    item: stop.item, known: true, lot: stop.lot, expires: null, produced: null, serial: null,
    quantity: null, entered: null, captures: [], wall,
  };
  return go({ ...state, goods, missing: null }, wall, view);
}

function noneTaken(state: TakeState, stop: Stop, place: string, name: string, wall: number): Took {
  const key = keyFrom(name);
  const drafts = shortDrafts(state, place, key, stop.quantity, 0, stop.there);
  const [first, ...rest] = drafts;
  const written = {
    verb: "short" as const, wall, item: stop.item, lot: stop.lot, place, line: stop.line, quantity: 0, sum: 0,
  };
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, typed: null, captures: [], place: null, short: null,
    dry: [...state.dry, `${place}|${name}`], written: [...state.written, written],
  };
  const shown = band("done", "take.short.written", { item: stop.item, place, taken: 0, asked: stop.quantity }, {
    note: "take.short.count", wrote: { quantity: 0, code: place },
  });
  const captures = [...state.captures, ...(state.goods?.captures ?? [])];
  return step(next, shown, first ? [{ ...first, captures }, ...rest] : []);
}

function stopHere(state: TakeState): Stop | null {
  const item = state.goods?.item;
  const here = state.stops.filter((stop) => state.place === null || stop.place === state.place);
  return here.find((stop) => item === undefined || stop.item === item) ?? null;
}

/** What was planned at the stop of these goods. */
export function plannedAt(state: TakeState, place: string, key: Key, quantity: number): number {
  const stop = state.stops.find((row) => row.place === place && row.key === keyText(key));
  return Math.max(stop?.quantity ?? quantity, quantity);
}

/** The shortage, and the hold of what nobody may use, which is no more than what is booked there. */
export function shortDrafts(
  state: TakeState, place: string, key: Key, asked: number, taken: number, there: number,
): Draft[] {
  const said = reasonOf(state.short ?? "");
  // The order alone: a shortage is no progress of a line.
  const task = state.document === null ? null : { document: state.document, line: null };
  const bare = { task, assumed: [], captures: [], consent: null };
  const word: Draft = { ...bare, did: { verb: "short", place: placeOf(place), key, asked, taken, ...said } };
  const damaged = said.reason === "damaged" ? Math.min(asked, there) - taken : 0;
  if (damaged <= 0 || (key.status ?? "ok") !== "ok") return [word];
  const did: Draft["did"] = {
    verb: "status", place: placeOf(place), key, quantity: damaged, to_status: "hold", reason: "damaged",
  };
  return [word, { ...bare, task: null, did }];
}

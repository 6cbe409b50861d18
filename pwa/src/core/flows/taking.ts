/**
 * Taking goods out of bins: what picking for an order and issuing to production share.
 * Scan bin, scan goods, written. The bin may go unscanned when the goods lie in one bin only;
 * goods before their bin are kept in hand until it is scanned.
 */
import type { Band, Input, Start, Step } from "../flow";
import type { LineSeen } from "../papers";
import type { Did, Entered, Item, Key, Location } from "../types.gen";
import type { Shown, View } from "../view";
import { band, nothingWritten, step, UNASKED, type Ask, type Asking, type Choreography, type Scan } from "./frame";
import { byItem, choiceOfLot, chosenGoods, dayOf, goodsOf, type Assumed, type Goods } from "./goods";
import type { LineShown } from "./order_lines";
import { goTo, type RankedLot, type Ranking, type Stop } from "./route";
import { keyPressed } from "./take_keys";
import { shortOf } from "./take_short";
import { blank, derive, drop } from "./take_view";
import { advance } from "./take_write";

export interface TakeState extends Asking {
  flow: "pick" | "issue";
  document: string | null;
  partner: string | null;
  /** Where the goods go: a stage, a tote, the work order. */
  to: string;
  /** Lines with required and done; the kit is complete when all are. */
  lines: LineShown[];
  complete: number;
  /** What is left to do; the first is the next stop, number `n` of `of`, after `gone` others. */
  stops: Stop[];
  n: number;
  of: number;
  gone: number;
  /** The bin that was scanned. */
  place: string | null;
  /** Where the last goods were taken: still scanned when the next stop is there too. */
  stood: string | null;
  goods: Goods | null;
  missing: "place" | "quantity" | "lot" | null;
  /** The keypad before the scan: taken by the next goods. */
  typed: { quantity: number; entered: Entered } | null;
  /** Free issue: the item whose lots are shown. */
  item: string | null;
  ranked: RankedLot[];
  /** The day at the site when the task was opened or something was last scanned. */
  today: string;
  skipped: number[];
  /** `place|key` of what was found empty: no stop leads there again. */
  dry: string[];
  wish: string | null;
  short: string | null;
  bin_empty: boolean | null;
  /** The bin that the ledger now calls empty: the keys empty and full answer for it. */
  emptied: string | null;
  finish: LineShown[] | null;
}

/** Goods with everything resolved, one nod before they are written. */
export interface Taken {
  goods: Goods;
  place: string;
  key: Key;
  held: Shown | null;
  there: number;
  line: LineSeen | null;
  left: number | null;
  quantity: number;
  rank: number;
  ranking: Ranking | null;
  assumed: Assumed[];
}

export interface Taking {
  flow: "pick" | "issue";
  kind: "sales" | "work";
  order: "walk" | "line";
  to(view: View, document: string | null): string;
  /** Whether a scanned location is where the goods go, not where they come from. */
  receives(location: Location, document: string | null): boolean;
  did(state: TakeState, taken: Taken): Did;
  older(state: TakeState, taken: Taken, policy: Item["fifo"]): { ask: Ask; band: Band } | null;
  said(state: TakeState, taken: Taken, policy: Item["fifo"]): Band;
}

export type Took = Step<TakeState>;

export function taking(way: Taking): Choreography<TakeState> {
  const go = (state: TakeState, wall: number, view: View): Took => advance(way, state, wall, view);
  return {
    kind: way.kind,
    guarded: true,
    start: (view, start) => begin(way, view, start),
    scan: (state, scan, view) => {
      const today = dayOf(scan.capture.wall, view.site.time_zone);
      return scanned(way, { ...state, today, short: null }, scan, view);
    },
    key: (state, name, wall, view, start) => keyPressed(way, go, state, name, wall, view, start),
    quantity: (state, input, view) => typed(way, state, input, view),
    text: (state, input, view) => said(way, state, input, view),
    choose: (state, input, view) => chosen(way, state, input, view),
    resume: (state, wall, view, start) =>
      state.agreed.includes("short") || state.agreed.includes("empty")
        ? keyPressed(way, go, state, state.agreed.includes("short") ? "short" : "empty", wall, view, start)
        : go(state, wall, view),
    drop,
    unhand: (state) => (state.goods ? nothingWritten(drop(state)) : null),
    derive: (state, view) => derive(way, state, view),
    holds: (state) => state.goods?.captures ?? [],
  };
}

function begin(way: Taking, view: View, start: Start): Took {
  const state = blank(way, view, start.wall);
  return start.document === undefined
    ? step(state, band("tick", `${way.flow}.scan_order`))
    : openOrder(way, state, start.document, view);
}

/** Another order is a change of mind: its own stops, the hand is empty. */
function openOrder(way: Taking, state: TakeState, code: string, view: View): Took {
  const document = view.document(code);
  if (!document) return step(state, band("look", "flow.unknown_document", { document: code }));
  const next: TakeState = {
    ...state, ...UNASKED, document: code, partner: document.partner, to: way.to(view, code), goods: null, missing: null,
    typed: null, item: null, skipped: [], dry: [], wish: null, place: null, emptied: null, finish: null, gone: 0,
    written: state.document === code ? state.written : [],
  };
  if (document.state !== "open") return step(next, band("look", "take.order_closed", { document: code }));
  const stop = derive(way, next, view).stops[0];
  if (!stop) return step(next, band("tick", `${way.flow}.complete`, { document: code }));
  return step(next, goTo(stop));
}

function scanned(way: Taking, state: TakeState, { capture, meaning }: Scan, view: View): Took {
  const { id, wall } = capture;
  switch (meaning.kind) {
    case "document":
      return openOrder(way, { ...state, captures: [...state.captures, id] }, meaning.document, view);
    case "location":
      return binScanned(way, state, meaning.location, [id], wall, view);
    case "container":
      return containerScanned(way, state, `container/${meaning.container}`, id, wall, view);
    case "item":
      return take(way, state, goodsOf(meaning.item, meaning.said, meaning.pack, id, wall, meaning.unit), view);
    case "lot":
      return lotScanned(way, state, meaning.candidates, id, wall, view);
    case "unknown":
      return take(way, state, { ...goodsOf(meaning.raw, meaning.said, 1, id, wall), known: false }, view);
    default:
      return step(state, band("look", "flow.no_meaning", { code: capture.raw }));
  }
}

/** A container that holds goods is a place to take from; any other is the tote that they go into. */
function containerScanned(way: Taking, state: TakeState, place: string, id: number, wall: number, view: View): Took {
  if (view.at(place).length > 0 && place !== state.to) return binScanned(way, state, place, [id], wall, view);
  return step({ ...state, to: place, captures: [...state.captures, id] }, band("tick", "take.to", { place }));
}

function binScanned(
  way: Taking, state: TakeState, place: string, captures: number[], wall: number, view: View,
): Took {
  const location = view.location(place);
  const kept = { ...state, captures: [...state.captures, ...captures] };
  if (location && way.receives(location, state.document)) {
    return step({ ...kept, to: place }, band("tick", "take.to", { place }));
  }
  const here: TakeState = { ...kept, place, emptied: null };
  if (state.goods) return advance(way, here, wall, view);
  const stop = state.stops.find((row) => row.place === place);
  if (stop) {
    const values = { place, item: stop.item, lot: stop.lot ?? "", quantity: stop.quantity };
    return step(here, band("tick", "take.here", values));
  }
  const items = new Set(state.document === null ? [state.item] : state.stops.map((row) => row.item));
  const isWanted = view.at(place).some((held) => items.has(held.item));
  if (isWanted) return step(here, band("tick", "take.other_bin", { place }));
  const next = state.stops[0]?.place;
  const codes = next ? { held: place, asked: next } : {};
  return step(here, band("look", "take.nothing_here", { place, next: next ?? "" }, codes));
}

function lotScanned(
  way: Taking, state: TakeState, meant: { item: string; lot: { code: string } }[], id: number, wall: number, view: View,
): Took {
  const asked = meant.filter(({ item }) => state.stops.some((stop) => stop.item === item) || state.item === item);
  const fit = byItem(asked.length > 0 ? asked : meant);
  const first = fit[0];
  if (!first) return step(state, band("look", "flow.no_meaning", { code: "" }));
  const goods = goodsOf(first.item, { lot: first.lot.code }, 1, id, wall);
  if (fit.length === 1) return take(way, state, goods, view);
  const choices = fit.map(({ item, lot }) => choiceOfLot(item, lot));
  return step({ ...state, goods, missing: "lot", choices }, band("look", "flow.which_item", { lot: first.lot.code }));
}

function take(way: Taking, state: TakeState, goods: Goods, view: View): Took {
  const isFree = state.document === null;
  if (isFree && goods.known && state.item !== goods.item) {
    const next = { ...state, ...UNASKED, item: goods.item, goods: null, typed: null, wish: null };
    const isAnswer = goods.lot !== null || state.place !== null;
    const captures = [...state.captures, ...goods.captures];
    if (!isAnswer) return step({ ...next, captures }, band("tick", "issue.free", { item: goods.item }));
    return advance(way, { ...next, goods }, goods.wall, view);
  }
  return advance(way, { ...state, ...UNASKED, goods, missing: null, finish: null }, goods.wall, view);
}

function typed(way: Taking, state: TakeState, input: Extract<Input, { kind: "quantity" }>, view: View): Took {
  if (state.short !== null) return tookOnly(way, state, input, view);
  if (input.quantity <= 0) return step(state, band("look", "flow.scan_goods"));
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  const agreed = state.agreed.filter((why) => why !== "over_bin" && why !== "over_line");
  const next = { ...state, agreed, typed: { quantity: input.quantity, entered } };
  if (state.goods) return advance(way, next, input.wall, view);
  return step(next, band("tick", "take.typed", { quantity: input.quantity }));
}

/** How many were taken, although fewer than asked. */
function tookOnly(way: Taking, state: TakeState, input: Extract<Input, { kind: "quantity" }>, view: View): Took {
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  const next = { ...state, typed: { quantity: input.quantity, entered } };
  return shortOf((row, wall, at) => advance(way, row, wall, at), next, input.quantity, input.wall, view);
}

function said(way: Taking, state: TakeState, input: Extract<Input, { kind: "text" }>, view: View): Took {
  if (!state.goods) return step(state, band("look", "flow.scan_goods"));
  if (input.field === "reason") return advance(way, state, input.wall, view);
  return advance(way, { ...state, goods: { ...state.goods, [input.field]: input.text } }, input.wall, view);
}

function chosen(way: Taking, state: TakeState, input: Extract<Input, { kind: "choose" }>, view: View): Took {
  const choice = state.choices.find((row) => row.value === input.value);
  if (input.what === "document") return openOrder(way, state, input.value, view);
  if (input.what === "place") return binScanned(way, state, input.value, [], input.wall, view);
  if (choice && state.goods) {
    const goods = chosenGoods(state.goods, choice);
    return advance(way, { ...state, goods, choices: [], place: choice.place ?? state.place }, input.wall, view);
  }
  if (input.what === "lot") {
    const lot = state.ranked.find((row) => row.value === input.value);
    const next = { ...state, wish: input.value, choices: [], place: null };
    return step(next, band("tick", "take.go_lot", { place: lot?.place ?? "", lot: lot?.lot ?? "" }));
  }
  if (input.what === "line") {
    const stop = state.stops.find((row) => row.line === Number(input.value));
    const wish = stop?.place && stop.key ? `${stop.place}|${stop.key}` : null;
    return step({ ...state, wish, place: null }, stop ? goTo(stop) : null);
  }
  return take(way, { ...state, place: null }, { ...goodsOf(input.value, {}, 1, 0, input.wall), captures: [] }, view);
}

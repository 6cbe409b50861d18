/**
 * Receive: scan the order, scan the goods, done. The label says lot, expiry and quantity;
 * only what no code said is asked. The dock is remembered, scanning a place changes it.
 */
import type { Capture, Draft, Input, KeyName, Start, Step } from "../flow";
import type { Key } from "../types.gen";
import type { View } from "../view";
import { readTwice } from "./doubt";
import { asks, band, CALM, doubtful, flowOf, joined, nothingWritten, step, UNASKED, type Asking, type Scan } from "./frame";
import { byItem, choiceOfLot, goodsOf, keyOf, lotMeant, nameOf, placeOf, type Goods } from "./goods";
import { candidates, leftOf, linesShown, spread, type LineShown } from "./order_lines";
import { draftOf, isMore, likeLast, scannedOnce, together } from "./receive_hand";
import { stopOf } from "./receive_stops";

/** `more`: nothing is missing, and a further scan of the same adds to it. */
export type Missing = "order" | "lot" | "expires" | "serial" | "quantity" | "more";

export interface ReceiveState extends Asking {
  flow: "receive";
  document: string | null;
  /** The supplier, of the order or scanned for a receipt without one. */
  partner: string | null;
  /** Where the goods are put down: the dock, a bin or a container. */
  place: string;
  goods: Goods | null;
  /** The line that was tapped; it is filled before the others. */
  chosen: number | null;
  /** The one thing that is asked for now. */
  missing: Missing | null;
  /** The goods in hand are counted scan by scan: done, a place or other goods write them. */
  grows: boolean;
  /** What the lines of the goods in hand, or of the last ones, still ask for: a key takes it. */
  rest: number | null;
  /** All lines of the order, and the index of the one that the card shows. */
  lines: LineShown[];
  at: number | null;
  /** After done: what is short or over; a second done leaves. */
  finish: { short: LineShown[]; over: LineShown[] } | null;
  /** What was received last, as number `n` of `written`: hold and the keypad speak of it. */
  last: { key: Key; place: string; quantity: number; n: number } | null;
}

type Took = Step<ReceiveState>;

const EMPTY: ReceiveState = {
  ...CALM,
  flow: "receive",
  document: null,
  partner: null,
  place: "",
  goods: null,
  chosen: null,
  missing: null,
  grows: false,
  rest: null,
  lines: [],
  at: null,
  finish: null,
  last: null,
};

function begin(view: View, start: Start): Took {
  const state = { ...EMPTY, place: start.dock };
  return start.document === undefined
    ? step(state, band("tick", "receive.scan_order"))
    : openOrder(state, start.document, start.wall, view, start);
}

function openOrder(state: ReceiveState, code: string, wall: number, view: View, start: Start): Took {
  const document = view.document(code);
  if (!document) return step(state, band("look", "flow.unknown_document", { document: code }));
  const waiting = state.missing === "order" ? state.goods : null;
  const next: ReceiveState = {
    ...EMPTY, place: state.place, captures: state.captures, written: state.document === code ? state.written : [],
    document: code, partner: document.partner, goods: waiting, grows: waiting !== null && state.grows,
  };
  if (waiting) return advance(next, wall, view, start, false);
  if (document.state !== "open") return step(next, band("look", "receive.order_closed", { document: code }));
  return step(next, band("tick", "receive.order", { document: code, partner: document.partner ?? "" }));
}

function scan(state: ReceiveState, { capture, meaning }: Scan, view: View, start: Start): Took {
  const kept = { ...state, captures: [...state.captures, capture.id] };
  const asked = state.missing === "lot" || state.missing === "serial" ? state.missing : null;
  switch (meaning.kind) {
    case "document": {
      const next = settle(kept, capture.wall, view, start);
      if (next.state.ask) return next;
      return joined(next, openOrder(next.state, meaning.document, capture.wall, view, start));
    }
    case "partner":
      return supplier(kept, meaning.partner, capture.wall, view, start);
    case "location":
    case "container": {
      const place = meaning.kind === "location" ? meaning.location : `container/${meaning.container}`;
      const next = { ...kept, place };
      return kept.goods
        ? advance(next, capture.wall, view, start, true)
        : step(next, band("tick", "receive.place", { place }));
    }
    case "lot":
      if (asked) return named(state, asked, meaning.candidates[0]?.lot.code ?? "", capture, view, start);
      return lotScanned(state, meaning.candidates, capture.id, capture.wall, view, start);
    case "unknown": {
      const perhaps = asked && meaning.perhaps?.[asked];
      if (asked && perhaps) return doubtful(state, readTwice(capture, asked, meaning.raw, perhaps));
      if (asked) return named(state, asked, meaning.said[asked] ?? meaning.raw, capture, view, start);
      const goods = { ...goodsOf(meaning.raw, meaning.said, 1, capture.id, capture.wall), known: false };
      return take(state, goods, view, start);
    }
    case "item":
      return take(state, goodsOf(meaning.item, meaning.said, meaning.pack, capture.id, capture.wall, meaning.unit), view, start);
    default:
      return step(state, band("look", "flow.no_meaning", { code: capture.raw }));
  }
}

/** The lot or the serial that was asked for is on a label of its own. */
function named(
  state: ReceiveState, field: "lot" | "serial", text: string, { id, wall }: Capture, view: View, start: Start,
): Took {
  const { goods } = state;
  if (!goods) return step(state, band("look", "flow.scan_goods"));
  const next: Goods = { ...goods, [field]: text, captures: [...goods.captures, id], wall };
  return advance({ ...state, goods: field === "serial" ? { ...next, quantity: 1 } : next }, wall, view, start, false);
}

function supplier(state: ReceiveState, code: string, wall: number, view: View, start: Start): Took {
  const next: ReceiveState = { ...state, document: null, partner: code, missing: null };
  if (state.goods) return advance(next, wall, view, start, false);
  return step(next, band("tick", "receive.supplier", { partner: view.partner(code)?.name ?? code }));
}

/** A bare lot number can fit several items: those on the order come first, else the worker says which. */
function lotScanned(
  state: ReceiveState,
  meant: { item: string; lot: { code: string; expires?: string | null } }[],
  capture: number,
  wall: number,
  view: View,
  start: Start,
): Took {
  const asked = meant.filter(({ item }) => candidates(view, state, item).length > 0);
  const fit = byItem(asked.length > 0 ? asked : meant);
  const first = fit[0];
  if (!first) return step(state, band("look", "flow.no_meaning", { code: "" }));
  // Sibling lots with one number differ in their day: then the number alone does not say it.
  const isOnly = meant.filter(({ item }) => item === first.item).length === 1;
  const said = { lot: first.lot.code, ...(isOnly && first.lot.expires ? { expires: first.lot.expires } : {}) };
  const goods = goodsOf(first.item, said, 1, capture, wall);
  if (fit.length === 1) return take(state, goods, view, start);
  const choices = fit.map(({ item, lot }) => choiceOfLot(item, lot));
  return step({ ...state, goods, choices }, band("look", "flow.which_item", { lot: first.lot.code }));
}

/** More of the same adds up; other goods write what the hand holds, then ask what their label did not say. */
function take(state: ReceiveState, scanned: Goods, view: View, start: Start): Took {
  const { goods, grows } = scannedOnce(scanned, view);
  const { wall } = goods;
  const held = state.goods;
  if (isMore(held, goods)) {
    const more = { ...state, goods: together(held, goods), grows: state.grows || grows };
    return advance(more, wall, view, start, false);
  }
  const first = settle(state, wall, view, start);
  if (first.state.ask) return first;
  const next: ReceiveState = { ...first.state, ...UNASKED, goods, grows, finish: null };
  return joined(first, advance(next, wall, view, start, false));
}

/** Writes what was counted so far, never more; asks how many of what is measured; lets go of any others. */
function settle(state: ReceiveState, wall: number, view: View, start: Start): Took {
  if (!state.goods || state.missing === "order") return step(state);
  const next = advance(state, wall, view, start, true);
  if (next.state.goods === null || next.state.ask) return next;
  if (next.state.missing === "quantity" && state.goods.captures.length > 0) {
    const shown = band("look", "receive.how_many_first", { item: nameOf(state.goods) }, { ways: ["cancel"] });
    return asks(next.state, { why: "how_many", needs: "never" }, shown);
  }
  return step({ ...state, goods: null });
}

/** Asks for what is missing, stops what must be looked at, and else writes; `accept` says that no more comes. */
function advance(state: ReceiveState, wall: number, view: View, start: Start, accept: boolean): Took {
  let goods = state.goods;
  if (!goods) return step(state);
  const item = view.item(goods.item);
  if (item?.lots && goods.lot === null && !item.dated) goods = { ...goods, lot: start.nextLot() };
  if (goods.expires === null) goods = { ...goods, expires: lotMeant(view, goods)?.expires ?? null };
  // A yes to a question below goes on where Done was pressed.
  const grows = state.grows && !accept;
  const next: ReceiveState = { ...state, goods, grows, ask: null, missing: null };
  const stop = stopOf(next, view);
  if (stop) return asks(next, stop.ask, stop.band);
  const missing = missingOf(next, view) ?? (grows ? "more" : null);
  if (missing === null) return write(next, wall, view);
  const values = { item: nameOf(goods), quantity: goods.quantity ?? 0 };
  const signal = missing === "order" ? "look" : "tick";
  const ways: KeyName[] = missing === "order" ? ["other", "cancel"] : [];
  return step({ ...next, missing }, band(signal, `receive.ask.${missing}`, values, { ways }));
}

function missingOf(state: ReceiveState, view: View): Missing | null {
  const goods = state.goods;
  if (!goods) return null;
  const item = view.item(goods.item);
  const isBlind = state.document === null && state.partner === null;
  if (isBlind && !state.agreed.includes("order")) return "order";
  if (item?.lots && goods.lot === null) return "lot";
  if (item?.dated && goods.expires === null) return "expires";
  if (item?.serials && goods.serial === null) return "serial";
  return goods.quantity === null ? "quantity" : null;
}

function write(state: ReceiveState, wall: number, view: View): Took {
  const goods = state.goods;
  if (!goods || goods.quantity === null) return step(state);
  const item = view.item(goods.item);
  const key = keyOf(goods.item, lotMeant(view, goods), goods.serial, item?.receive_status ?? "ok");
  const parts = spread(candidates(view, state, goods.item), goods.quantity);
  const drafts = parts.map((part, index) => draftOf(state, goods, key, part, index === 0));
  const written = parts.map((part) => ({
    verb: "receive" as const, wall, item: goods.item, lot: goods.lot, place: state.place,
    line: part.line?.line ?? null, quantity: part.quantity,
    sum: (part.line?.have ?? sumOf(state, goods.item)) + part.quantity,
  }));
  const last = parts.at(-1)?.line ?? null;
  const isComplete = last !== null && (written.at(-1)?.sum ?? 0) >= last.quantity;
  const over = Math.max(0, goods.quantity - leftOf(candidates(view, state, goods.item)));
  const values = { quantity: goods.quantity, item: goods.item, place: state.place, over };
  const shown = band(isComplete ? "complete" : "done", "receive.done", values, {
    wrote: { quantity: goods.quantity, code: nameOf(goods) },
    ...(over > 0 && last ? { note: "receive.over.settled" } : {}),
  });
  const next: ReceiveState = {
    ...state, ...UNASKED, goods: null, chosen: null, grows: false, captures: [], missing: null,
    written: [...state.written, ...written], at: last?.line ?? null,
    last: { key, place: state.place, quantity: goods.quantity, n: state.written.length + written.length },
  };
  return step(next, shown, drafts);
}

function sumOf(state: ReceiveState, item: string): number {
  return state.written.filter((line) => line.item === item).reduce((sum, line) => sum + line.quantity, 0);
}

function key(state: ReceiveState, name: KeyName, wall: number, view: View, start: Start): Took {
  switch (name) {
    case "done":
    case "confirm":
      return done(state, wall, view, start);
    case "other":
      return state.goods
        ? advance({ ...state, agreed: [...state.agreed, "order", "not_on_order"] }, wall, view, start, false)
        : step(state, band("look", "flow.scan_goods"));
    case "rest":
      return rest(state, wall, view, start);
    case "hold":
      return hold(state, wall, view, start);
    case "cancel":
      return nothingWritten(drop(state));
    default:
      return step(state);
  }
}

/** Done writes what is in hand; with empty hands it says what is short or over, then leaves. */
function done(state: ReceiveState, wall: number, view: View, start: Start): Took {
  const { goods } = state;
  if (goods && state.missing === "lot") {
    return advance({ ...state, goods: { ...goods, lot: start.nextLot() } }, wall, view, start, false);
  }
  if (goods) return advance(state, wall, view, start, true);
  if (state.finish || state.document === null) return { ...step({ ...EMPTY, place: state.place }), open: { screen: "home" } };
  const short = state.lines.filter((line) => line.done < line.quantity);
  const over = state.lines.filter((line) => line.done > line.quantity);
  const say = short.length > 0 ? "receive.short" : over.length > 0 ? "receive.over" : "receive.complete";
  const values = { document: state.document ?? "", short: short.length, over: over.length };
  const signal = say === "receive.complete" ? "tick" : "look";
  return step({ ...state, finish: { short, over } }, band(signal, say, values, { ways: ["done"] }));
}

/** All that the line still asks for: somebody looked at it and says that it is here. */
function rest(state: ReceiveState, wall: number, view: View, start: Start): Took {
  const goods = state.goods ?? likeLast(state.last?.key, wall);
  const left = goods ? leftOf(candidates(view, state, goods.item)) : 0;
  if (!goods || left === 0) return step(state, band("look", "flow.scan_goods"));
  return advance({ ...state, grows: false, goods: { ...goods, quantity: left, entered: null } }, wall, view, start, true);
}

/** Hold speaks of the goods just received: written first, then stopped with a reason. */
function hold(state: ReceiveState, wall: number, view: View, start: Start): Took {
  const first = state.goods ? advance(state, wall, view, start, true) : step(state);
  if (first.state.goods) return first;
  const { last } = first.state;
  if (!last) return step(state, band("look", "flow.scan_goods"));
  const shown = band("look", "receive.hold.why", { item: last.key.item }, { ways: ["reason", "cancel"] });
  return joined(first, asks(first.state, { why: "hold", needs: "reason" }, shown));
}

function held(state: ReceiveState, wall: number): Took {
  const last = state.last;
  if (!last || !state.reason) return step({ ...state, ...UNASKED });
  const did: Draft["did"] = {
    verb: "status", place: placeOf(last.place), key: last.key, quantity: last.quantity,
    to_status: "hold", reason: state.reason,
  };
  const draft: Draft = { did, task: null, assumed: [], captures: [], consent: null };
  const line = {
    verb: "status" as const, wall, item: last.key.item, lot: last.key.lot?.code ?? null,
    place: last.place, line: null, quantity: last.quantity, sum: last.quantity,
  };
  const shown = band("done", "receive.held", { quantity: last.quantity, item: last.key.item }, {
    wrote: { quantity: last.quantity, code: last.key.item },
  });
  return step({ ...state, ...UNASKED, last: null, written: [...state.written, line] }, shown, [draft]);
}

function quantity(state: ReceiveState, input: Extract<Input, { kind: "quantity" }>, view: View, start: Start): Took {
  const goods = state.goods ?? likeLast(state.last?.key, input.wall);
  if (!goods || input.quantity <= 0) return step(state, band("look", "flow.scan_goods"));
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  return advance({ ...state, grows: false, goods: { ...goods, quantity: input.quantity, entered } }, input.wall, view, start, false);
}


function text(state: ReceiveState, input: Extract<Input, { kind: "text" }>, view: View, start: Start): Took {
  const { goods } = state;
  if (!goods || input.field === "reason") return step(state, band("look", "flow.scan_goods"));
  const quantityOfSerial = input.field === "serial" ? { quantity: 1 } : {};
  const next = { ...goods, [input.field]: input.text, ...quantityOfSerial };
  return advance({ ...state, goods: next }, input.wall, view, start, false);
}

function choose(state: ReceiveState, input: Extract<Input, { kind: "choose" }>, view: View, start: Start): Took {
  switch (input.what) {
    case "document":
      return openOrder(state, input.value, input.wall, view, start);
    case "place":
      return step({ ...state, place: input.value }, band("tick", "receive.place", { place: input.value }));
    case "line": {
      const line = state.lines.find((row) => row.line === Number(input.value));
      if (!line) return step(state);
      const goods = { ...goodsOf(line.item, {}, 1, 0, input.wall), captures: [] };
      return take({ ...state, chosen: line.line }, goods, view, start);
    }
    case "item":
    case "lot": {
      const choice = state.choices.find((row) => row.value === input.value);
      if (choice && state.goods) {
        const goods = { ...state.goods, item: choice.item, lot: choice.lot };
        return advance({ ...state, goods, choices: [] }, input.wall, view, start, false);
      }
      // Tapped twice: the list that it stood in is gone.
      if (input.what === "lot") return step(state);
      const goods = { ...goodsOf(input.value, {}, 1, 0, input.wall), captures: [] };
      return take(state, goods, view, start);
    }
  }
}

function drop(state: ReceiveState): ReceiveState {
  return { ...state, goods: null, grows: false, missing: null, chosen: null };
}

export const receive = flowOf<ReceiveState>({
  kind: "purchase",
  guarded: true,
  start: begin,
  scan,
  key,
  quantity,
  text,
  choose,
  resume: (state, wall, view, start) =>
    state.agreed.includes("hold") ? held(state, wall) : advance(state, wall, view, start, false),
  drop,
  unhand: (state) => (state.goods ? nothingWritten(drop(state)) : null),
  derive: (state, view) => {
    const lines = linesShown(view, state.document);
    const inHand = state.goods && candidates(view, state, state.goods.item)[0];
    const item = state.goods?.item ?? state.last?.key.item;
    const rest = item === undefined ? 0 : leftOf(candidates(view, state, item));
    // What was undone or put aside is no longer what the card is about.
    const last = state.last?.n === state.written.length ? state.last : null;
    return { ...state, lines, last, rest: rest > 0 ? rest : null, at: inHand ? inHand.line : last ? state.at : null };
  },
  holds: (state) => state.goods?.captures ?? [],
});

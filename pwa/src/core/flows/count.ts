/**
 * Count: scan the bin, scan what is in it, done. Blind: nothing that the ledger expects is shown.
 * Each scan is a tally stroke of its pack or one, however fast; the keypad sets a line.
 * One operation leaves per bin, when it is done or when the next bin is scanned.
 */
import type { Draft, Input, KeyName, Start, Step } from "../flow";
import { isComplete } from "../papers";
import type { Key } from "../types.gen";
import type { View } from "../view";
import { asks, band, CALM, confirmation, flowOf, nothingWritten, step, UNASKED, type Asking, type Scan } from "./frame";
import { byItem, choiceOf, choiceOfLot, chosenGoods, enteredTogether, goodsOf, isOf, matching, nameOf, placeOf, type Assumed, type Goods } from "./goods";
import { identified, partsOf, tickOf, undoTick, type CountedGoods, type Tick } from "./tally";
import { walkOf } from "./suggest";

/** A bin of the count task. */
export interface BinToCount {
  line: number;
  place: string;
  counted: boolean;
}

export interface CountState extends Asking {
  flow: "count";
  document: string | null;
  /** The bins of the task in walk order; "bin n of m" is the one that is open or comes next. */
  bins: BinToCount[];
  n: number;
  of: number;
  next: string | null;
  /** The open bin. */
  place: string | null;
  count_id: string;
  opened_wall: number;
  lines: CountedGoods[];
  /** Every stroke in order, for undo and for the scans that the operation takes along. */
  ticks: Tick[];
  /** The line that the last scan went to: the keypad sets this one. */
  at: number | null;
  goods: Goods | null;
  missing: "lot" | null;
  /** The other bin that was scanned while this one had no line. */
  waiting: { place: string; capture: number[] } | null;
  /** Bins that this visit recorded, newest last. */
  recorded: string[];
}

type Took = Step<CountState>;

const CLOSED = {
  place: null, count_id: "", opened_wall: 0, lines: [], ticks: [], at: null, goods: null, missing: null,
  waiting: null, captures: [],
};

function begin(view: View, start: Start): Took {
  const state: CountState = {
    ...CALM, ...CLOSED, flow: "count", document: null, bins: [], n: 0, of: 0, next: null, recorded: [],
  };
  const code = start.document;
  if (code === undefined) return step(state, band("tick", "count.scan_bin"));
  // "Still goods here" in a pick opens the count of that bin.
  return view.location(code) ? open(state, code, [], start.wall, start) : openTask(state, code, view);
}

function openTask(state: CountState, code: string, view: View): Took {
  const document = view.document(code);
  if (!document) return step(state, band("look", "flow.unknown_document", { document: code }));
  const next: CountState = { ...state, document: code, bins: [] };
  const first = binsOf(next, view).find((bin) => !bin.counted);
  if (document.state !== "open" || !first) return step(next, band("tick", "count.complete", { document: code }));
  return step(next, band("tick", "count.go", { place: first.place, document: code }));
}

function binsOf(state: CountState, view: View): BinToCount[] {
  if (state.document === null) return [];
  return view
    .lines(state.document)
    .flatMap((line) => (line.place === null ? [] : [{ ...line, place: line.place }]))
    .sort((a, b) => walkOf(view, a.place) - walkOf(view, b.place) || a.line - b.line)
    .map((line) => ({
      line: line.line,
      place: line.place,
      counted: isComplete(line) || state.written.some((row) => row.place === line.place),
    }));
}

function scan(state: CountState, { capture, meaning }: Scan, view: View, start: Start): Took {
  const { id, wall } = capture;
  switch (meaning.kind) {
    case "document": {
      if (state.place !== null && state.lines.length > 0) {
        const closed = record(state, wall);
        return { ...openTask(closed.state, meaning.document, view), drafts: closed.drafts };
      }
      return openTask({ ...state, ...CLOSED, captures: [id] }, meaning.document, view);
    }
    case "location":
      return bin(state, meaning.location, [id], wall, start);
    case "container":
      return bin(state, `container/${meaning.container}`, [id], wall, start);
    case "item":
      return seen(state, goodsOf(meaning.item, meaning.said, meaning.pack, id, wall, meaning.unit), view, start);
    case "lot":
      return lotSeen(state, meaning.candidates, id, wall, view, start);
    case "unknown":
      if (state.place === null) return unknownBin(state, meaning.raw, id);
      return seen(state, { ...goodsOf(meaning.raw, meaning.said, 1, id, wall), known: false }, view, start);
    default:
      return step(state, band("look", "flow.no_meaning", { code: capture.raw }));
  }
}

/** The next bin closes the open one; a bin without lines is asked about, never assumed empty. */
function bin(state: CountState, place: string, captures: number[], wall: number, start: Start): Took {
  if (state.place === null) return open(state, place, captures, wall, start);
  if (state.place === place) {
    const next = { ...state, captures: [...state.captures, ...captures] };
    return step(next, band("tick", "count.same_bin", { place }));
  }
  if (state.lines.length === 0) {
    const values = { place: state.place, next: place };
    const shown = band("look", "count.was_it_empty", values, { ways: ["empty", "next", "cancel"] });
    return asks({ ...state, waiting: { place, capture: captures } }, { why: "empty", needs: "never" }, shown);
  }
  const closed = record(state, wall);
  const opened = open(closed.state, place, captures, wall, start);
  return { ...opened, drafts: closed.drafts, band: closed.band };
}

function open(state: CountState, place: string, captures: number[], wall: number, start: Start): Took {
  const next: CountState = {
    ...state, ...UNASKED, ...CLOSED, place, count_id: start.newId(), opened_wall: wall, captures,
  };
  return step(next, band("tick", "count.open", { place }));
}

function unknownBin(state: CountState, raw: string, capture: number): Took {
  const shown = band("look", "flow.unknown_place", { code: raw }, { ways: ["confirm", "cancel"] });
  const waiting = { place: `unidentified/${raw}`, capture: [capture] };
  return asks({ ...state, waiting }, { why: "unknown_place", needs: "confirm" }, shown);
}

function lotSeen(
  state: CountState,
  meant: { item: string; lot: { code: string } }[],
  id: number,
  wall: number,
  view: View,
  start: Start,
): Took {
  const counted = meant.filter(({ item }) => state.lines.some((line) => line.key.item === item));
  const held = view.at(state.place ?? "");
  const here = meant.filter(({ item, lot }) => held.some((row) => row.item === item && row.lot?.code === lot.code));
  const fit = byItem([counted, here, meant].find((some) => some.length > 0) ?? []);
  const first = fit[0];
  if (!first) return step(state, band("look", "flow.no_meaning", { code: "" }));
  const goods = goodsOf(first.item, { lot: first.lot.code }, 1, id, wall);
  if (fit.length === 1) return seen(state, goods, view, start);
  const choices = fit.map(({ item, lot }) => choiceOfLot(item, lot));
  return step({ ...state, goods, missing: "lot", choices }, band("look", "flow.which_item", { lot: first.lot.code }));
}

/** One stroke. The lot is the label's, else the one being counted, else the bin's only one. */
function seen(state: CountState, goods: Goods, view: View, start: Start): Took {
  if (state.place === null) {
    return step({ ...state, goods: null }, band("look", "count.bin_first", { item: goods.item }));
  }
  const asked: CountState = { ...state, goods, choices: [], missing: null };
  const isCounted = state.lines.some((line) => isOf(line.key.item, goods));
  if (!goods.known && !isCounted && !state.agreed.includes("unknown")) {
    return confirmation(asked, "unknown", "flow.unknown_item", { code: goods.item });
  }
  if (goods.serial !== null && state.lines.some((line) => line.key.serial === goods.serial)) {
    const values = { serial: goods.serial, item: goods.item };
    return step({ ...state, goods: null }, band("look", "count.serial_twice", values));
  }
  const here = matching(view.at(state.place), goods).filter((held) => held.quantity > 0);
  const lots = new Set(here.map((held) => held.key));
  const current = state.at === null ? undefined : state.lines[state.at];
  const isSame = current !== undefined && isOf(current.key.item, goods) && (goods.lot ?? current.key.lot?.code) === current.key.lot?.code;
  const isOpen = goods.lot === null ? lots.size > 1 : new Set(here.map((held) => held.expires)).size > 1;
  if (isOpen && goods.serial === null && !isSame) {
    const choices = here.map((held) => ({ ...choiceOf(held), quantity: null }));
    return step({ ...asked, missing: "lot", choices }, band("look", "flow.which_lot", { item: goods.item }));
  }
  const like = (goods.lot === null || isOpen) && goods.serial === null && isSame ? current : undefined;
  const { key, assumed } = like
    ? { key: like.key, assumed: like.key.lot ? (["lot"] satisfies Assumed[]) : [] }
    : identified(view, goods, here);
  return stroke(asked, goods, key, assumed, start.segment);
}

function stroke(state: CountState, goods: Goods, key: Key, assumed: Assumed[], segment: string): Took {
  const quantity = goods.quantity ?? 1;
  const text = JSON.stringify(key);
  const found = state.lines.findIndex((line) => JSON.stringify(line.key) === text);
  const at = found === -1 ? state.lines.length : found;
  const before = state.lines[at] ?? {
    key, quantity: 0, strokes: 0, first_wall: goods.wall, last_wall: goods.wall, segment,
    captures: [], assumed: [], entered: null,
  };
  const line: CountedGoods = {
    ...before,
    quantity: before.quantity + quantity,
    strokes: before.strokes + 1,
    last_wall: goods.wall,
    segment,
    captures: [...before.captures, ...goods.captures],
    assumed: [...new Set([...before.assumed, ...assumed])],
    entered: before.strokes === 0 ? goods.entered : enteredTogether(before.entered, goods.entered),
  };
  const tick = tickOf(at, state.lines[at]);
  const lines = [...state.lines.slice(0, at), line, ...state.lines.slice(at + 1)];
  const next: CountState = { ...state, ...UNASKED, lines, ticks: [...state.ticks, tick], at, goods: null };
  const values = { quantity, item: key.item, sum: line.quantity };
  return step(next, band("tick", "count.tick", values, {
    wrote: { quantity, code: nameOf({ item: key.item, lot: key.lot?.code ?? null }) },
  }));
}

/** The keypad sets the line at the needle: 18 cases of 12 and 8 loose are 224. */
function quantity(state: CountState, input: Extract<Input, { kind: "quantity" }>, { segment }: Start): Took {
  const line = state.at === null ? undefined : state.lines[state.at];
  if (state.at === null || !line || input.quantity < 0) return step(state, band("look", "flow.scan_goods"));
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  const set: CountedGoods = { ...line, quantity: input.quantity, entered, last_wall: input.wall, segment };
  const lines = state.lines.map((other, index) => (index === state.at ? set : other));
  const ticks = [...state.ticks, tickOf(state.at, line)];
  const values = { quantity: input.quantity, item: line.key.item, sum: input.quantity };
  return step({ ...state, lines, ticks }, band("tick", "count.set", values));
}

function key(state: CountState, name: KeyName, wall: number, view: View, start: Start): Took {
  switch (name) {
    case "done":
    case "confirm":
      return done(state, wall);
    case "empty":
      return empty(state, wall, start);
    case "next":
      return state.waiting ? open(state, state.waiting.place, state.waiting.capture, wall, start) : step(state);
    case "skip":
      return skip(state, view);
    case "cancel":
      return nothingWritten(drop(state));
    default:
      return step(state);
  }
}

function done(state: CountState, wall: number): Took {
  if (state.place === null) return { ...step({ ...state, document: null, written: [] }), open: { screen: "home" } };
  if (state.lines.length > 0) return record(state, wall);
  return step(state, band("look", "count.no_lines", { place: state.place }, { ways: ["empty", "cancel"] }));
}

/** "Bin is empty" is one key; with lines in it, it cannot be. */
function empty(state: CountState, wall: number, start: Start): Took {
  if (state.place === null) return step(state, band("look", "count.scan_bin"));
  if (state.lines.length > 0) {
    return step(state, band("look", "count.not_empty", { place: state.place, n: state.lines.length }));
  }
  const { waiting } = state;
  const closed = record({ ...state, waiting: null }, wall);
  if (!waiting) return closed;
  const opened = open(closed.state, waiting.place, waiting.capture, wall, start);
  return { ...opened, drafts: closed.drafts, band: closed.band };
}

/** Leaves this bin for later: nothing of it was recorded. */
function skip(state: CountState, view: View): Took {
  const open = binsOf(state, view).filter((row) => !row.counted && row.place !== state.place);
  const next: CountState = { ...state, ...UNASKED, ...CLOSED };
  return step(next, band("tick", "count.go", { place: open[0]?.place ?? "", document: state.document ?? "" }));
}

/** One operation for the bin, in parts when it has more scans than an envelope holds. */
function record(state: CountState, wall: number): Took {
  const { place } = state;
  if (place === null) return step(state);
  const line = state.bins.find((row) => row.place === place && !row.counted)?.line ?? null;
  const isTask = state.document !== null && line !== null;
  const drafts: Draft[] = partsOf(state.lines, state.captures).map((part) => ({
    did: {
      verb: "count", place: placeOf(place), scope: part.isLast ? "place" : "line", count_id: state.count_id,
      opened_wall: state.opened_wall, lines: part.lines, blind: true,
    },
    task: isTask ? { document: state.document ?? "", line } : null,
    assumed: part.assumed,
    captures: part.captures,
    consent: null,
  }));
  const left = state.bins.filter((row) => !row.counted && row.place !== place);
  const isComplete = isTask && left.length === 0;
  const written = {
    verb: "count" as const, wall, item: "", lot: null, place, line, quantity: state.lines.length,
    sum: state.written.length + 1,
  };
  const values = { place, n: state.lines.length, next: left[0]?.place ?? "", document: state.document ?? "" };
  const shown = band(isComplete ? "complete" : "done", "count.recorded", values, {
    wrote: { quantity: state.lines.length, code: place },
    ...(isComplete ? { note: "count.complete" } : {}),
  });
  const next: CountState = { ...state, ...UNASKED, ...CLOSED, written: [...state.written, written] };
  return step(next, shown, drafts);
}

function choose(state: CountState, input: Extract<Input, { kind: "choose" }>, view: View, start: Start): Took {
  if (input.what === "document") return openTask(state, input.value, view);
  if (input.what === "place") return bin(state, input.value, [], input.wall, start);
  if (input.what === "line") {
    const at = Number(input.value);
    return step(state.lines[at] ? { ...state, at } : state);
  }
  const choice = state.choices.find((row) => row.value === input.value);
  if (choice && state.goods) return seen(state, chosenGoods(state.goods, choice), view, start);
  // Tapped twice: the list that it stood in is gone.
  if (input.what === "lot") return step(state);
  return seen(state, { ...goodsOf(input.value, {}, 1, 0, input.wall), captures: [] }, view, start);
}

function drop(state: CountState): CountState {
  return { ...state, goods: null, missing: null, waiting: null };
}

export const count = flowOf<CountState>({
  kind: "count",
  guarded: false,
  start: begin,
  scan,
  key,
  quantity: (state, input, _view, start) => quantity(state, input, start),
  text: (state, input, view, start) =>
    state.goods && input.field === "lot" ? seen(state, { ...state.goods, lot: input.text }, view, start) : step(state),
  choose,
  resume: (state, wall, view, start) => {
    if (state.waiting) return open(state, state.waiting.place, state.waiting.capture, wall, start);
    return state.goods ? seen(state, state.goods, view, start) : step(state);
  },
  drop,
  unhand: (state) => undoTick(state),
  derive: (state, view) => {
    const bins = binsOf(state, view);
    const index = bins.findIndex((row) => (state.place === null ? !row.counted : row.place === state.place));
    const next = bins.find((row) => !row.counted && row.place !== state.place)?.place ?? null;
    const recorded = state.written.flatMap((row) => (row.place === null ? [] : [row.place]));
    return { ...state, recorded, bins, n: index + 1, of: bins.length, next };
  },
  holds: (state) => [
    ...state.lines.flatMap((line) => line.captures),
    ...(state.goods?.captures ?? []),
    ...(state.waiting?.capture ?? []),
  ],
});

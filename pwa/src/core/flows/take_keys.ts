/**
 * The keys under a pick or an issue: skip, short, other lot, bin empty or not, and done.
 * "Nothing here" is a sighting, so it is written as a count, not kept as a remark.
 */
import type { Draft, KeyName, Start } from "../flow";
import type { View } from "../view";
import { asks, band, confirmation, nothingWritten, step, UNASKED } from "./frame";
import { keyFrom, placeOf, type Choice, type Goods } from "./goods";
import { goTo, type Stop } from "./route";
import { blank, drop } from "./take_view";
import type { TakeState, Taking, Took } from "./taking";

type Go = (state: TakeState, wall: number, view: View) => Took;

export function keyPressed(
  way: Taking, go: Go, state: TakeState, name: KeyName, wall: number, view: View, start: Start,
): Took {
  switch (name) {
    case "skip":
      return skip(state);
    case "short":
      return short(go, state, wall, view, start);
    case "empty":
      return empty(state, wall, view, start);
    case "full":
      return full(state);
    case "other":
      return otherLot(state);
    case "next":
      return older(state);
    case "done":
    case "confirm":
      return state.goods ? go(state, wall, view) : done(way, state, wall, view);
    case "cancel":
      return nothingWritten(drop(state));
    default:
      return step(state);
  }
}

/** The line's stops go to the end of the walk. */
function skip(state: TakeState): Took {
  const [stop] = state.stops;
  if (!stop || stop.line === null) return step(state, band("look", "take.nothing_left"));
  const { line } = stop;
  const skipped = [...state.skipped.filter((other) => other !== line), line];
  const next = state.stops.find((row) => row.line !== line) ?? stop;
  return step({ ...state, skipped, place: null, goods: null, missing: null }, goTo(next));
}

/** Less here than booked: a reason, and what was found if the keypad said it before. */
function short(go: Go, state: TakeState, wall: number, view: View, start: Start): Took {
  const stop = stopHere(state);
  if (!stop || stop.place === null || stop.key === null) return step(state, band("look", "take.nothing_left"));
  if (!state.agreed.includes("short") || !state.reason) {
    const values = { item: stop.item, place: stop.place, quantity: state.typed?.quantity ?? 0 };
    const shown = band("look", "take.short.why", values, { ways: ["reason", "cancel"] });
    return asks(state, { why: "short", needs: "reason" }, shown);
  }
  if (!state.typed) return noneFound(state, stop, wall, start);
  const goods: Goods = state.goods ?? {
    item: stop.item, known: true, lot: stop.lot, expires: null, produced: null, serial: null,
    quantity: null, entered: null, captures: [], wall,
  };
  return go({ ...state, goods, place: stop.place, short: state.reason, agreed: [] }, wall, view);
}

function stopHere(state: TakeState): Stop | null {
  const item = state.goods?.item;
  const here = state.stops.filter((stop) => state.place === null || stop.place === state.place);
  return here.find((stop) => item === undefined || stop.item === item) ?? null;
}

/** Nothing of the lot is there: a count of this one key sees zero, and the rest is planned anew. */
function noneFound(state: TakeState, stop: Stop, wall: number, start: Start): Took {
  if (stop.place === null || stop.key === null) return step(state);
  const key = keyFrom(stop.key);
  const line = { key, quantity: 0, first_wall: wall, last_wall: wall, segment: start.segment };
  const did: Draft["did"] = {
    verb: "count", place: placeOf(stop.place), scope: "line", count_id: start.newId(), opened_wall: wall,
    lines: [line], blind: false,
  };
  // The order alone: a count that named the line would count as its progress.
  const task = state.document === null ? null : { document: state.document, line: null };
  const draft: Draft = { did, task, assumed: [], captures: state.captures, consent: null };
  const written = {
    verb: "count" as const, wall, item: stop.item, lot: stop.lot, place: stop.place, line: stop.line,
    quantity: 0, sum: 0,
  };
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, captures: [], place: null, short: null,
    dry: [...state.dry, `${stop.place}|${stop.key}`], written: [...state.written, written],
  };
  const shown = band("done", "take.short.none", { item: stop.item, place: stop.place }, {
    wrote: { quantity: 0, code: stop.place },
  });
  return step(next, shown, [draft]);
}

/** "The bin is empty": a count of the place without lines. It asks once when the ledger thinks otherwise. */
function empty(state: TakeState, wall: number, view: View, start: Start): Took {
  const place = state.emptied ?? state.place;
  if (place === null) return step(state, band("look", "take.which_bin"));
  const there = view.at(place).reduce((sum, held) => sum + held.quantity, 0);
  if (there > 0 && !state.agreed.includes("empty")) {
    return confirmation(state, "empty", "take.empty.sure", { place, there });
  }
  const did: Draft["did"] = {
    verb: "count", place: placeOf(place), scope: "place", count_id: start.newId(), opened_wall: wall, lines: [],
    blind: true,
  };
  const draft: Draft = { did, task: null, assumed: [], captures: state.captures, consent: null };
  const written = { verb: "count" as const, wall, item: "", lot: null, place, line: null, quantity: 0, sum: 0 };
  const dry = [...state.dry, ...view.at(place).map((held) => `${place}|${held.key}`)];
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, captures: [], emptied: null, place: null, dry,
    written: [...state.written, written],
  };
  return step(next, band("done", "take.empty.written", { place }, { wrote: { quantity: 0, code: place } }), [draft]);
}

/** Goods still lie where the ledger has none: somebody counts what is there. */
function full(state: TakeState): Took {
  const place = state.emptied ?? state.place;
  if (place === null) return step(state, band("look", "take.which_bin"));
  return { ...step({ ...state, emptied: null }), open: { screen: "count", code: place } };
}

function otherLot(state: TakeState): Took {
  const item = state.goods?.item ?? state.stops[0]?.item ?? state.item;
  if (item === null || state.ranked.length === 0) {
    return step(state, band("look", "take.no_other_lot", { item: item ?? "" }));
  }
  const choices: Choice[] = state.ranked.map((lot) => ({
    value: lot.value, item, lot: lot.lot, place: lot.place, quantity: lot.quantity,
  }));
  return step({ ...state, goods: null, missing: null, choices }, band("tick", "take.choose_lot", { item }));
}

/** "Go to the older lot": the hand is empty again and the needle stands at that bin. */
function older(state: TakeState): Took {
  const first = state.ranked[0];
  const wish = first?.value ?? null;
  const values = { place: first?.place ?? "", lot: first?.lot ?? "" };
  const next: TakeState = { ...state, ...UNASKED, goods: null, missing: null, place: null, wish };
  return step(next, band("tick", "take.go_lot", values));
}

/** The first done says what is missing, the second leaves; the next order starts with empty hands. */
function done(way: Taking, state: TakeState, wall: number, view: View): Took {
  if (state.finish || state.document === null) return { ...step(blank(way, view, wall)), open: { screen: "home" } };
  const finish = state.lines.filter((line) => line.done < line.quantity);
  const say = finish.length > 0 ? "take.unfinished" : `${way.flow}.complete`;
  const values = { document: state.document, n: finish.length };
  return step({ ...state, finish }, band(finish.length > 0 ? "look" : "tick", say, values, { ways: ["done"] }));
}

/**
 * The keys under a pick or an issue: skip, short, other lot, bin empty or not, and done.
 * "Nothing here" is a sighting that the ledger has a count made of, and no count itself.
 */
import type { Draft, KeyName, Start } from "../flow";
import type { View } from "../view";
import { band, confirmation, nothingWritten, step, UNASKED } from "./frame";
import { keyOfShown, placeOf, type Choice } from "./goods";
import { goTo } from "./route";
import { short, shortDrafts, type Go } from "./take_short";
import { blank, drop } from "./take_view";
import type { TakeState, Taking, Took } from "./taking";

export function keyPressed(
  way: Taking, go: Go, state: TakeState, name: KeyName, wall: number, view: View, start: Start,
): Took {
  switch (name) {
    case "skip":
      return skip(state);
    case "short":
      return short(go, state, wall, view);
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

/**
 * "The bin is empty": a count of the place without lines, where the ledger thinks so too. Where it
 * does not, it asks once, and then it is a word: nobody writes goods off by a key of a pick (R52).
 */
function empty(state: TakeState, wall: number, view: View, start: Start): Took {
  const place = state.emptied ?? state.place;
  if (place === null) return step(state, band("look", "take.which_bin"));
  const there = view.at(place).reduce((sum, held) => sum + held.quantity, 0);
  if (there > 0 && !state.agreed.includes("empty")) {
    return confirmation(state, "empty", "take.empty.sure", { place, there });
  }
  if (there > 0) return missingAll(state, place, wall, view);
  const did: Draft["did"] = {
    verb: "count", place: placeOf(place), scope: "place", count_id: start.newId(), opened_wall: wall, lines: [],
    blind: true,
  };
  const draft: Draft = { did, task: null, assumed: [], captures: state.captures, consent: null };
  const written = { verb: "count" as const, wall, item: "", lot: null, place, line: null, quantity: 0, sum: 0 };
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, captures: [], emptied: null, place: null,
    written: [...state.written, written],
  };
  return step(next, band("done", "take.empty.written", { place }, { wrote: { quantity: 0, code: place } }), [draft]);
}

function missingAll(state: TakeState, place: string, wall: number, view: View): Took {
  const held = view.at(place).filter((row) => row.quantity > 0);
  const said: TakeState = { ...state, short: "not_there" };
  const drafts = held.flatMap((row) => shortDrafts(said, place, keyOfShown(row), row.quantity, 0, row.quantity));
  const written = held.map((row) => ({
    verb: "short" as const, wall, item: row.item, lot: row.lot?.code ?? null, place, line: null, quantity: 0, sum: 0,
  }));
  const next: TakeState = {
    ...state, ...UNASKED, goods: null, missing: null, emptied: null, place: null,
    dry: [...state.dry, ...held.map((row) => `${place}|${row.key}`)], written: [...state.written, ...written],
  };
  const shown = band("done", "take.empty.written", { place }, { note: "take.short.count", wrote: { quantity: 0, code: place } });
  return step(next, shown, drafts);
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

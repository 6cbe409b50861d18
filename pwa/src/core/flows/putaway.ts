/**
 * Put away: scan goods at the dock, walk where the suggestion says, scan the bin.
 * Several things scanned first are a truck; then each bin takes the next one of the route,
 * or the one that was suggested for it.
 */
import type { Draft, Input, KeyName, Start, Step } from "../flow";
import type { Entered, Key } from "../types.gen";
import type { Shown, View } from "../view";
import {
  band, CALM, confirmation, DOUBLE_SCAN_MS, flowOf, nothingWritten, step, UNASKED, type Asking, type Scan,
} from "./frame";
import {
  assumedOf, choiceOf, enteredTogether, goodsOf, keyOf, keyOfShown, lotMeant, matching, nameOf, placeOf, type Assumed, type Goods,
} from "./goods";
import { suggest, walkOf, type Suggestion } from "./suggest";

/** One thing on the truck. */
export interface Loaded {
  item: string;
  lot: string | null;
  key: Key;
  from: string;
  quantity: number;
  /** What the ledger has of it at the dock. */
  there: number;
  entered: Entered | null;
  assumed: Assumed[];
  captures: number[];
  /** The scan of the goods at the dock: they left then. */
  taken_wall: number;
  suggestion: Suggestion | null;
  runners_up: Suggestion[];
}

export interface PutAwayState extends Asking {
  flow: "putaway";
  /** The dock where goods are picked up. */
  from: string;
  /** In route order: the first is the next to be put down. */
  truck: Loaded[];
  /** Goods that a question is about, not on the truck yet. */
  goods: Goods | null;
  missing: "quantity" | null;
  /** The bin that a question is about. */
  to: string | null;
  /** Waiting at the dock, as the screen lists it. */
  waiting: { item: string; lot: string | null; status: string; quantity: number }[];
}

type Took = Step<PutAwayState>;

function begin(_view: View, start: Start): Took {
  const state: PutAwayState = {
    ...CALM, flow: "putaway", from: start.dock, truck: [], goods: null, missing: null, to: null, waiting: [],
  };
  return step(state, band("tick", "putaway.scan_goods", { place: start.dock }));
}

function scan(before: PutAwayState, { capture, meaning }: Scan, view: View): Took {
  const state = { ...before, ...UNASKED };
  switch (meaning.kind) {
    case "item":
      return pickUp(state, goodsOf(meaning.item, meaning.said, meaning.pack, capture.id, capture.wall, meaning.unit), view);
    case "lot":
      return lotScanned(state, meaning.candidates, capture.id, capture.wall, view);
    case "location":
      return placeScanned(state, meaning.location, [capture.id], capture.wall, view);
    case "container":
      return placeScanned(state, `container/${meaning.container}`, [capture.id], capture.wall, view);
    case "unknown":
      return state.truck.length > 0
        ? placeScanned(state, `unidentified/${meaning.raw}`, [capture.id], capture.wall, view)
        : pickUp(state, { ...goodsOf(meaning.raw, meaning.said, 1, capture.id, capture.wall), known: false }, view);
    default:
      return step(state, band("look", "flow.no_meaning", { code: capture.raw }));
  }
}

function lotScanned(
  state: PutAwayState, meant: { item: string; lot: { code: string } }[], capture: number, wall: number, view: View,
): Took {
  const fit = meant.filter(({ item, lot }) =>
    view.at(state.from).some((held) => held.item === item && held.lot?.code === lot.code),
  );
  const only = (fit.length > 0 ? fit : meant)[0];
  if (!only) return step(state, band("look", "flow.no_meaning", { code: "" }));
  return pickUp(state, goodsOf(only.item, { lot: only.lot.code }, 1, capture, wall), view);
}

/** Loads what stands at the dock; the ledger says which lot and how much where the label does not. */
function pickUp(state: PutAwayState, goods: Goods, view: View): Took {
  const known = state.truck.find((load) => isSame(load, goods));
  if (known) return again(state, known, goods);
  const asked: PutAwayState = { ...state, goods, ask: null, choices: [], missing: null };
  if (!goods.known && !state.agreed.includes("unknown")) {
    return confirmation(asked, "unknown", "flow.unknown_item", { code: goods.item });
  }
  const here = matching(view.at(state.from), goods).filter((row) => row.quantity > 0);
  const held = here.length > 0 ? here : atOtherDocks(goods, view);
  const only = held[0];
  if (held.length > 1) {
    const shown = band("look", "flow.which_lot", { item: goods.item });
    return step({ ...asked, choices: held.map(choiceOf) }, shown);
  }
  return only ? loadHeld({ ...asked, from: only.place }, goods, only, view) : loadUnheld(asked, goods, view);
}

/** What a label does not say fits any of it; each serial is a thing of its own. */
function isSame({ item, lot, key }: Loaded, goods: Goods): boolean {
  return item === goods.item && (goods.lot ?? lot) === lot && (goods.serial ?? key.serial) === key.serial;
}

/** Goods of another dock say by themselves where they were picked up, if it can be one dock only. */
function atOtherDocks(goods: Goods, view: View): Shown[] {
  const held = matching(view.of(goods.item), goods).filter(
    (row) => row.quantity > 0 && view.location(row.place)?.kind === "dock",
  );
  return new Set(held.map((row) => row.place)).size === 1 ? held : [];
}

/** A second scan of what is on the truck brings it to the front; another pack of it is added. */
function again(state: PutAwayState, known: Loaded, goods: Goods): Took {
  const asked = { ...state, goods };
  const more = goods.serial === null ? goods.quantity : null;
  const isDouble = more !== null && goods.wall - known.taken_wall < DOUBLE_SCAN_MS;
  if (isDouble && !state.agreed.includes("double")) {
    return confirmation(asked, "double", "flow.again", { code: goods.item });
  }
  const quantity = known.quantity + (more ?? 0);
  if (more !== null && quantity > known.there && known.there > 0 && !state.agreed.includes("over")) {
    const values = { quantity, there: known.there, item: goods.item, place: known.from };
    return confirmation(asked, "over", "flow.more_than_there", values);
  }
  const entered = more === null ? known.entered : enteredTogether(known.entered, goods.entered);
  const load = { ...known, quantity, entered, captures: [...known.captures, ...goods.captures], taken_wall: goods.wall };
  const truck = [load, ...state.truck.filter((other) => other !== known)];
  return step({ ...state, ...UNASKED, truck, goods: null }, band("tick", "putaway.next", valuesOf(load)));
}

function loadHeld(state: PutAwayState, goods: Goods, held: Shown, view: View): Took {
  const quantity = goods.quantity ?? held.quantity;
  if (quantity > held.quantity && !state.agreed.includes("over")) {
    const values = { quantity, there: held.quantity, item: goods.item, place: held.place };
    return confirmation(state, "over", "flow.more_than_there", values);
  }
  return load(state, goods, keyOfShown(held), quantity, held.quantity, view);
}

/** Nothing of it is booked at the dock: the goods are in the hand all the same. */
function loadUnheld(state: PutAwayState, goods: Goods, view: View): Took {
  if (goods.known && !state.agreed.includes("not_here")) {
    const values = { item: nameOf(goods), place: state.from };
    return confirmation(state, "not_here", "putaway.not_here", values);
  }
  if (goods.quantity === null) {
    return step({ ...state, missing: "quantity" }, band("tick", "flow.how_many", { item: nameOf(goods) }));
  }
  const key = keyOf(goods.item, lotMeant(view, goods), goods.serial);
  return load(state, goods, key, goods.quantity, 0, view);
}

function load(state: PutAwayState, goods: Goods, key: Key, quantity: number, there: number, view: View): Took {
  const taken = new Set(state.truck.flatMap((other) => (other.suggestion ? [other.suggestion.place] : [])));
  const what = { item: goods.item, lot: key.lot?.code ?? null };
  const [suggestion, ...runners_up] = suggest(view, what, state.from, taken);
  const loaded: Loaded = {
    item: goods.item, lot: key.lot?.code ?? null, key, from: state.from, quantity, there,
    entered: goods.entered, assumed: assumedWith(goods, key), captures: goods.captures, taken_wall: goods.wall,
    suggestion: suggestion ?? null, runners_up,
  };
  const route = [...state.truck, loaded].sort((a, b) => routeOf(view, a) - routeOf(view, b));
  const next: PutAwayState = { ...state, ...UNASKED, goods: null, missing: null, truck: route };
  const say = suggestion ? `putaway.to.${suggestion.reason}` : "putaway.unassigned";
  return step(next, band(suggestion ? "tick" : "look", say, valuesOf(loaded)));
}

function assumedWith(goods: Goods, key: Key): Assumed[] {
  return goods.quantity === null ? [...assumedOf(goods, key), "quantity"] : assumedOf(goods, key);
}

function routeOf(view: View, load: Loaded): number {
  return load.suggestion ? walkOf(view, load.suggestion.place) : Number.MAX_SAFE_INTEGER;
}

function valuesOf(load: Loaded): Record<string, string | number> {
  return { item: load.item, quantity: load.quantity, place: load.suggestion?.place ?? "" };
}

/** With empty hands a place is where goods are picked up; with goods it is where they go. */
function placeScanned(state: PutAwayState, place: string, captures: number[], wall: number, view: View): Took {
  const [first] = state.truck;
  if (!first) {
    const next = { ...state, from: place, captures, goods: null, missing: null };
    return step(next, band("tick", "putaway.scan_goods", { place }));
  }
  if (place === first.from) {
    const truck = state.truck.slice(1);
    return step({ ...state, truck }, band("tick", "putaway.back", { item: first.item, place }));
  }
  return putDown({ ...state, to: place, captures: [...state.captures, ...captures] }, wall, view);
}

/** The bin takes what was suggested for it, else the next thing of the route. */
function putDown(state: PutAwayState, wall: number, view: View): Took {
  const load = state.truck.find((row) => row.suggestion?.place === state.to) ?? state.truck[0];
  if (!load || state.to === null) return step(state);
  const stop = stopAt(state, state.to, view);
  if (stop) return stop;
  const draft: Draft = {
    did: {
      verb: "putaway", key: load.key, quantity: load.quantity, from: placeOf(load.from), to: placeOf(state.to),
      taken_wall: load.taken_wall, ...(load.entered ? { entered: load.entered } : {}),
    },
    task: null,
    assumed: load.assumed,
    captures: [...load.captures, ...state.captures],
    consent: state.consent,
  };
  const truck = state.truck.filter((row) => row !== load);
  const written = {
    verb: "putaway" as const, wall, item: load.item, lot: load.lot, place: state.to, line: null,
    quantity: load.quantity, sum: load.quantity + quantityAt(view, state.to, load),
  };
  const shown = band(truck.length === 0 ? "complete" : "done", "putaway.done", { ...valuesOf(load), place: state.to }, {
    wrote: { quantity: load.quantity, code: state.to },
  });
  const next = { ...state, ...UNASKED, truck, to: null, captures: [], written: [...state.written, written] };
  return step(next, shown, [draft]);
}

function quantityAt(view: View, place: string, load: Loaded): number {
  return view
    .at(place)
    .filter((held) => held.item === load.item && (held.lot?.code ?? null) === load.lot)
    .reduce((sum, held) => sum + held.quantity, 0);
}

function stopAt(state: PutAwayState, place: string, view: View): Took | null {
  const location = view.location(place);
  if (place.startsWith("unidentified/") && !state.agreed.includes("unknown_place")) {
    return confirmation(state, "unknown_place", "flow.unknown_place", { code: place.slice("unidentified/".length) });
  }
  if (location?.blocked && !state.agreed.includes("blocked_place")) {
    return confirmation(state, "blocked_place", "flow.blocked_place", { place });
  }
  if (location && location.kind !== "bin" && location.kind !== "line" && !state.agreed.includes("not_a_bin")) {
    return confirmation(state, "not_a_bin", "putaway.not_a_bin", { place });
  }
  return null;
}

function key(state: PutAwayState, name: KeyName, _wall: number, view: View): Took {
  const [first, ...rest] = state.truck;
  switch (name) {
    case "skip":
    case "next":
      if (!first) return step(state);
      return step({ ...state, truck: [...rest, first] }, band("tick", "putaway.next", valuesOf(rest[0] ?? first)));
    case "full":
    case "other":
      return first ? runnerUp(state, first) : step(state);
    case "cancel":
      return nothingWritten(drop(state));
    case "done":
    case "confirm":
      if (state.goods) return pickUp(state, state.goods, view);
      if (!first) return { ...step(state), open: { screen: "home" } };
      return step(state, band("look", "putaway.on_truck", { n: state.truck.length, ...valuesOf(first) }));
    default:
      return step(state);
  }
}

/** The bin is full or not liked: the next suggestion takes its turn. */
function runnerUp(state: PutAwayState, first: Loaded): Took {
  const [next, ...others] = first.runners_up;
  if (!next) return step(state, band("look", "putaway.unassigned", valuesOf(first)));
  const load = { ...first, suggestion: next, runners_up: first.suggestion ? [...others, first.suggestion] : others };
  const truck = [load, ...state.truck.slice(1)];
  return step({ ...state, truck }, band("tick", `putaway.to.${next.reason}`, valuesOf(load)));
}

/** The keypad speaks of the goods that a question is about, else of the last thing loaded. */
function quantity(state: PutAwayState, input: Extract<Input, { kind: "quantity" }>, view: View): Took {
  if (input.quantity <= 0) return step(state, band("look", "flow.scan_goods"));
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  if (state.goods) {
    const agreed = state.agreed.filter((why) => why !== "over");
    return pickUp({ ...state, agreed }, { ...state.goods, quantity: input.quantity, entered }, view);
  }
  const latest = [...state.truck].sort((a, b) => b.taken_wall - a.taken_wall)[0];
  if (!latest) return step(state, band("look", "flow.scan_goods"));
  const goods = goodsOf(latest.item, latest.lot === null ? {} : { lot: latest.lot }, 1, 0, latest.taken_wall);
  const truck = state.truck.filter((row) => row !== latest);
  const again = { ...goods, captures: latest.captures, quantity: input.quantity, entered };
  return pickUp({ ...state, truck, agreed: latest.there === 0 ? ["not_here", "unknown"] : [] }, again, view);
}

function choose(state: PutAwayState, input: Extract<Input, { kind: "choose" }>, view: View): Took {
  if (input.what === "place") return placeScanned(state, input.value, [], input.wall, view);
  const item = state.goods?.item;
  const held = item === undefined ? undefined : view.of(item).find((row) => choiceOf(row).value === input.value);
  if (held && state.goods) {
    return loadHeld({ ...state, choices: [], from: held.place }, { ...state.goods, lot: held.lot?.code ?? null }, held, view);
  }
  // Tapped twice: the list that it stood in is gone.
  if (input.what === "lot") return step(state);
  return pickUp(state, { ...goodsOf(input.value, {}, 1, 0, input.wall), captures: [] }, view);
}

/** Lets go of what a question is about: the goods, or the bin whose scan is then no evidence. */
function drop(state: PutAwayState): PutAwayState {
  return { ...state, goods: null, missing: null, to: null, captures: state.to === null ? state.captures : [] };
}

export const putaway = flowOf<PutAwayState>({
  kind: null,
  guarded: true,
  start: begin,
  scan,
  key,
  quantity,
  text: (state) => step(state),
  choose,
  resume: (state, wall, view) => {
    if (state.to !== null) return putDown(state, wall, view);
    return state.goods ? pickUp(state, state.goods, view) : step(state);
  },
  drop,
  unhand: (state) => {
    const latest = [...state.truck].sort((a, b) => b.taken_wall - a.taken_wall)[0];
    if (state.goods) return nothingWritten(drop(state));
    if (!latest) return null;
    const truck = state.truck.filter((row) => row !== latest);
    return step({ ...state, truck }, band("tick", "putaway.back", { item: latest.item, place: latest.from }));
  },
  derive: (state, view) => ({
    ...state,
    waiting: view
      .at(state.from)
      .filter((held) => held.quantity > 0)
      .map(({ item, lot, status, quantity }) => ({ item, lot: lot?.code ?? null, status, quantity })),
  }),
  holds: (state) => [...state.truck.flatMap((load) => load.captures), ...(state.goods?.captures ?? [])],
});

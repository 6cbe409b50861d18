/**
 * Move: scan what, scan where. From where is asked only when the goods lie in several places;
 * a bin scanned first says it. A container is moved whole, with all that is in it.
 */
import type { Draft, Input, KeyName, Start, Step } from "../flow";
import type { Key } from "../types.gen";
import type { Shown, View } from "../view";
import { band, CALM, confirmation, flowOf, nothingWritten, step, UNASKED, type Asking, type Scan } from "./frame";
import {
  assumedOf, byItem, choiceOf, choiceOfLot, chosenGoods, goodsOf, keyOf, keyOfShown, lotMeant, matching, nameOf, placeOf,
  type Choice, type Goods,
} from "./goods";

export interface MoveState extends Asking {
  flow: "move";
  goods: Goods | null;
  /** A whole container in the hand instead of goods. */
  container: string | null;
  from: string | null;
  /** Whether `from` was scanned, or follows from the goods. */
  is_from_scanned: boolean;
  /** What the ledger has of the goods at `from`. */
  key: Key | null;
  there: number;
  to: string | null;
  missing: "from" | "to" | "quantity" | "lot" | null;
}

type Took = Step<MoveState>;

const EMPTY_HAND = { goods: null, container: null, key: null, there: 0, to: null, missing: null };

function begin(view: View, start: Start): Took {
  const state: MoveState = { ...CALM, ...EMPTY_HAND, flow: "move", from: null, is_from_scanned: false };
  const from = start.document !== undefined && view.location(start.document) ? start.document : null;
  return step({ ...state, from, is_from_scanned: from !== null }, band("tick", "move.scan_goods"));
}

function scan(state: MoveState, { capture, meaning }: Scan, view: View): Took {
  const { id, wall } = capture;
  switch (meaning.kind) {
    case "item":
      return pickUp(state, goodsOf(meaning.item, meaning.said, meaning.pack, id, wall, meaning.unit), view);
    case "lot":
      return lotScanned(state, meaning.candidates, id, wall, view);
    case "location":
      return placeScanned(state, meaning.location, [id], wall, view);
    case "container":
      return state.goods || state.container !== null
        ? placeScanned(state, `container/${meaning.container}`, [id], wall, view)
        : containerTaken(state, meaning.container, id, view);
    case "unknown":
      return state.goods || state.container !== null
        ? placeScanned(state, `unidentified/${meaning.raw}`, [id], wall, view)
        : pickUp(state, { ...goodsOf(meaning.raw, meaning.said, 1, id, wall), known: false }, view);
    default:
      return step(state, band("look", "flow.no_meaning", { code: capture.raw }));
  }
}

function lotScanned(
  state: MoveState, meant: { item: string; lot: { code: string } }[], id: number, wall: number, view: View,
): Took {
  const fit = byItem(likeliest(state, meant, view));
  const first = fit[0];
  if (!first) return step(state, band("look", "flow.no_meaning", { code: "" }));
  const goods = goodsOf(first.item, { lot: first.lot.code }, 1, id, wall);
  if (fit.length === 1) return pickUp(state, goods, view);
  const choices = fit.map(({ item, lot }) => choiceOfLot(item, lot));
  return step({ ...state, goods, missing: "lot", choices }, band("look", "flow.which_item", { lot: first.lot.code }));
}

/** Lots of the item in the hand come first, then those of the scanned bin, then those that lie anywhere. */
function likeliest<L extends { item: string; lot: { code: string } }>(state: MoveState, meant: L[], view: View): L[] {
  const { goods, from } = state;
  const inHand = meant.filter(({ item }) => goods?.item === item);
  const lie = (held: Shown[], { item, lot }: L): boolean =>
    held.some((row) => row.item === item && row.lot?.code === lot.code && row.quantity > 0);
  const there = meant.filter((one) => from !== null && state.is_from_scanned && lie(view.at(from), one));
  const anywhere = meant.filter((one) => lie(view.of(one.item), one));
  return [inHand, there, anywhere, meant].find((some) => some.length > 0) ?? [];
}

/** The bin says which of the choices is in the hand. */
function narrowed(state: MoveState, place: string, captures: number[], view: View): Took {
  const held = view.at(place).filter((row) => row.quantity > 0);
  const choices = state.choices.filter(
    ({ item, lot, place: lies }) => lies === null && held.some((row) => row.item === item && row.lot?.code === lot),
  );
  const [only] = choices;
  if (!state.goods || !only) return step(state, band("look", "flow.which_lot", { item: state.goods?.item ?? "" }));
  const next = { ...state, from: place, is_from_scanned: true, captures: [...state.captures, ...captures] };
  if (choices.length > 1) return step({ ...next, choices }, band("look", "flow.which_item", { lot: only.lot ?? "" }));
  const goods = { ...state.goods, item: only.item, lot: only.lot };
  return locate({ ...next, goods, choices: [], missing: null }, view);
}

/** The whole container: its contents go with it, whatever they are. */
function containerTaken(state: MoveState, container: string, capture: number, view: View): Took {
  const n = view.at(`container/${container}`).length;
  const next: MoveState = {
    ...state, ...UNASKED, ...EMPTY_HAND, container, from: null, missing: "to", captures: [...state.captures, capture],
  };
  return step(next, band("tick", "move.container", { container, n }));
}

/** Other goods are a change of mind: what the hand held stays where it was. */
function pickUp(state: MoveState, goods: Goods, view: View): Took {
  const isSame = state.goods?.item === goods.item && (goods.lot ?? state.goods.lot) === state.goods.lot;
  const captures = isSame && state.goods ? [...state.goods.captures, ...goods.captures] : goods.captures;
  const from = state.is_from_scanned ? state.from : null;
  const asked: MoveState = { ...state, ...UNASKED, ...EMPTY_HAND, from, goods: { ...goods, captures } };
  if (!goods.known) {
    return confirmation(asked, "unknown", "flow.unknown_item", { code: goods.item });
  }
  return locate(asked, view);
}

/** Finds where the goods lie: the scanned bin, else the only place that has them. */
function locate(state: MoveState, view: View): Took {
  const { goods, from } = state;
  if (!goods) return step(state, band("look", "flow.scan_goods"));
  const held = matching(from === null ? view.of(goods.item) : view.at(from), goods).filter((row) => row.quantity > 0);
  const [only] = held;
  if (held.length === 1 && only) return inHand(state, goods, only);
  if (held.length > 1) {
    const isOnePlace = new Set(held.map((row) => row.place)).size === 1;
    const say = isOnePlace ? "flow.which_lot" : "move.where_from";
    const choices: Choice[] = held.map(choiceOf);
    const missing = isOnePlace ? "lot" : "from";
    return step({ ...state, choices, missing }, band("look", say, { item: nameOf(goods) }));
  }
  if (from === null) {
    return step({ ...state, missing: "from" }, band("look", "move.where_from", { item: nameOf(goods) }));
  }
  if (goods.known && !state.agreed.includes("not_here")) {
    return confirmation(state, "not_here", "take.not_there", { item: nameOf(goods), place: from });
  }
  const key = keyOf(goods.item, lotMeant(view, goods), goods.serial);
  if (goods.quantity === null) {
    return step({ ...state, key, missing: "quantity" }, band("tick", "flow.how_many", { item: nameOf(goods) }));
  }
  const values = { item: nameOf(goods), quantity: goods.quantity };
  return step({ ...state, key, missing: "to" }, band("tick", "move.to", values));
}

function inHand(state: MoveState, goods: Goods, held: Shown): Took {
  const quantity = goods.quantity ?? held.quantity;
  const next: MoveState = {
    ...state, from: held.place, key: keyOfShown(held), there: held.quantity, missing: "to", choices: [],
  };
  if (quantity > held.quantity && !state.agreed.includes("over")) {
    const values = { quantity, there: held.quantity, item: goods.item, place: held.place };
    return confirmation(next, "over", "flow.more_than_there", values);
  }
  return step(next, band("tick", "move.to", { item: nameOf(goods), quantity, from: held.place }));
}

/** The first place is where from, unless the goods in hand already say it. */
function placeScanned(state: MoveState, place: string, captures: number[], wall: number, view: View): Took {
  const kept: MoveState = { ...state, captures: [...state.captures, ...captures] };
  if (state.container !== null) return putDown({ ...kept, to: place }, wall, view);
  if (!state.goods) return step({ ...kept, from: place, is_from_scanned: true }, band("tick", "move.from", { place }));
  if (state.missing === "from") return locate({ ...kept, from: place, is_from_scanned: true, choices: [] }, view);
  if (state.missing === "lot") return narrowed(state, place, captures, view);
  if (state.missing === "quantity") return step(state, band("look", "flow.how_many", { item: state.goods.item }));
  if (place === state.from) return step(kept, band("look", "move.same_place", { place }));
  return putDown({ ...kept, to: place }, wall, view);
}

function putDown(state: MoveState, wall: number, view: View): Took {
  const { to, from, goods, container, key } = state;
  const stop = to === null ? null : stopAt(state, to, view);
  if (stop || to === null) return stop ?? step(state);
  const quantity = goods ? (goods.quantity ?? state.there) : 1;
  let did: Draft["did"];
  if (container !== null) did = { verb: "move", to: placeOf(to), container };
  else if (goods && key && from !== null) {
    did = {
      verb: "move", key, quantity, from: placeOf(from), to: placeOf(to), taken_wall: goods.wall,
      ...(goods.entered ? { entered: goods.entered } : {}),
    };
  } else return step(state);
  const assumed = goods && key ? assumedOf(goods, key) : [];
  if (goods?.quantity === null) assumed.push("quantity");
  const draft: Draft = {
    did, task: null, assumed, captures: [...state.captures, ...(goods?.captures ?? [])], consent: state.consent,
  };
  const item = goods?.item ?? container ?? "";
  const lot = key?.lot?.code ?? null;
  const written = { verb: "move" as const, wall, item, lot, place: to, line: null, quantity, sum: quantity };
  const next: MoveState = {
    ...emptied(state), ...UNASKED, written: [...state.written, written],
  };
  const values = { quantity, item, from: from ?? "", place: to };
  const say = container === null ? "move.done" : "move.container_done";
  return step(next, band("done", say, values, { wrote: { quantity, code: to } }), [draft]);
}

function stopAt(state: MoveState, place: string, view: View): Took | null {
  if (place.startsWith("unidentified/") && !state.agreed.includes("unknown_place")) {
    return confirmation(state, "unknown_place", "flow.unknown_place", { code: place.slice("unidentified/".length) });
  }
  if (view.location(place)?.blocked && !state.agreed.includes("blocked_place")) {
    return confirmation(state, "blocked_place", "flow.blocked_place", { place });
  }
  return null;
}

function key(state: MoveState, name: KeyName): Took {
  switch (name) {
    case "cancel":
      return nothingWritten(emptied(state));
    case "done":
      if (state.goods || state.container !== null) return step(state, band("look", "move.where_to"));
      return { ...step(state), open: { screen: "home" } };
    default:
      return step(state);
  }
}

function quantity(state: MoveState, input: Extract<Input, { kind: "quantity" }>, view: View): Took {
  const { goods } = state;
  if (!goods || input.quantity <= 0) return step(state, band("look", "flow.scan_goods"));
  const entered = { quantity: input.typed, unit: input.unit, factor: input.factor };
  const agreed = state.agreed.filter((why) => why !== "over");
  return locate({ ...state, agreed, goods: { ...goods, quantity: input.quantity, entered } }, view);
}

function choose(state: MoveState, input: Extract<Input, { kind: "choose" }>, view: View): Took {
  const choice = state.choices.find((row) => row.value === input.value);
  if (choice && state.goods) {
    const goods = chosenGoods(state.goods, choice);
    return locate({ ...state, goods, from: choice.place ?? state.from, choices: [], missing: null }, view);
  }
  // Tapped twice: the list that it stood in is gone.
  if (input.what === "lot") return step(state);
  if (input.what === "place") return placeScanned(state, input.value, [], input.wall, view);
  return pickUp(state, { ...goodsOf(input.value, {}, 1, 0, input.wall), captures: [] }, view);
}

/** A bin that is not meant leaves the goods in the hand; its scan is no evidence then. */
function drop(state: MoveState): MoveState {
  return state.to === null ? emptied(state) : { ...state, to: null, captures: state.captures.slice(0, -1) };
}

function emptied(state: MoveState): MoveState {
  return { ...state, ...EMPTY_HAND, from: null, is_from_scanned: false, captures: [] };
}

export const move = flowOf<MoveState>({
  kind: null,
  guarded: true,
  start: begin,
  scan,
  key,
  quantity,
  text: (state) => step(state),
  choose,
  resume: (state, wall, view) => (state.to === null ? locate(state, view) : putDown(state, wall, view)),
  drop,
  unhand: (state) =>
    state.goods || state.container !== null ? nothingWritten(emptied(state)) : null,
  derive: (state) => state,
  holds: (state) => state.goods?.captures ?? [],
});

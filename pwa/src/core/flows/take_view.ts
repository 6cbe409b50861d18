/**
 * What the screen of a pick or an issue shows: stops, kit and ranked lots.
 * All of it follows from stock and lines, so that it is worked out again after every step.
 */
import type { View } from "../view";
import { CALM } from "./frame";
import { dayOf } from "./goods";
import { linesShown } from "./order_lines";
import { plan, usable, valueOf, type RankedLot } from "./route";
import { heldAt } from "./take_write";
import type { TakeState, Taking } from "./taking";

/** Empty hands and no order. */
export function blank(way: Taking, view: View, wall: number): TakeState {
  return {
    ...CALM, flow: way.flow, document: null, partner: null, to: way.to(view, null), lines: [], complete: 0,
    stops: [], n: 0, of: 0, gone: 0, place: null, stood: null, goods: null, missing: null, typed: null, item: null,
    ranked: [], today: dayOf(wall, view.site.time_zone), skipped: [], dry: [], wish: null, short: null,
    bin_empty: null, emptied: null, finish: null,
  };
}

export function drop(state: TakeState): TakeState {
  return { ...state, goods: null, missing: null, short: null, bin_empty: null };
}

export function derive(way: Taking, state: TakeState, view: View): TakeState {
  const lines = linesShown(view, state.document);
  const stops = plan(view, lines, { ...state, place: state.place ?? state.stood }, way.order);
  const next: TakeState = {
    ...state,
    lines,
    stops,
    complete: lines.filter((line) => line.done >= line.quantity).length,
    place: stops[0] && stops[0].place === state.stood ? state.stood : state.place,
    stood: null,
    n: state.gone + (stops.length > 0 ? 1 : 0),
    of: state.gone + stops.length,
  };
  return { ...next, ranked: rankedOf(next, view) };
}

function rankedOf(state: TakeState, view: View): RankedLot[] {
  const item = state.goods?.item ?? state.stops[0]?.item ?? state.item;
  if (item === null) return [];
  const mine = state.goods && state.place !== null ? heldAt(state, state.goods, state.place, view) : null;
  return usable(view, item, state).map((lot) => ({
    value: valueOf(lot),
    rank: lot.rank,
    place: lot.place,
    lot: lot.lot?.code ?? null,
    fifo_at: lot.fifo_at,
    expires: lot.expires,
    quantity: lot.quantity,
    mine: mine !== null && valueOf(mine) === valueOf(lot),
  }));
}

/**
 * Which bin comes next. Each open line is given the oldest usable lots first; a pick then walks
 * the bins in path order, an issue keeps the oldest lot of a line before its younger ones.
 */
import type { Band } from "../flow";
import type { Older } from "../types.gen";
import type { Ranked, View } from "../view";
import { reranked } from "./after";
import { band } from "./frame";
import type { LineShown } from "./order_lines";
import { walkOf } from "./suggest";

/** One bin to go to for one line. `place` is null when nothing usable is known anywhere. */
export interface Stop {
  line: number | null;
  item: string;
  place: string | null;
  lot: string | null;
  key: string | null;
  /** To take here, and what is booked here. */
  quantity: number;
  there: number;
  rank: number;
}

export interface RankedLot {
  value: string;
  rank: number;
  place: string;
  lot: string | null;
  fifo_at: number;
  expires: string | null;
  quantity: number;
  /** The lot in the hand: "38 days · this". */
  mine: boolean;
}

/** Usable lots, oldest first, without expired ones and without what was already found empty. */
export function usable(view: View, item: string, route: Pick<Route, "dry" | "today">): Ranked[] {
  const lots = view
    .ranked(item)
    .filter((lot) => lot.expires === null || route.today === "" || lot.expires >= route.today)
    .filter((lot) => !route.dry.includes(valueOf(lot)));
  return reranked(lots);
}

export interface Route {
  /** The day at the site: what expired before it is not proposed. */
  today: string;
  skipped: readonly number[];
  dry: readonly string[];
  /** The bin where the worker stands, and the lot that was asked for: they come first. */
  place: string | null;
  wish: string | null;
}

export function plan(view: View, lines: readonly LineShown[], route: Route, order: "walk" | "line"): Stop[] {
  const used = new Map<string, number>();
  const groups = lines
    .filter((line) => line.done < line.quantity)
    .map((line) => stopsOf(view, line, route, used));
  const placeOrder = (a: Stop, b: Stop): number => walk(view, a) - walk(view, b);
  const stops =
    order === "walk" ? groups.flat().sort(placeOrder) : groups.sort((a, b) => first(view, a) - first(view, b)).flat();
  return stops
    .map((stop, index) => ({ stop, turn: turnOf(stop, route), index }))
    .sort((a, b) => a.turn - b.turn || a.index - b.index)
    .map(({ stop }) => stop);
}

function stopsOf(view: View, line: LineShown, route: Route, used: Map<string, number>): Stop[] {
  const stops: Stop[] = [];
  let left = line.quantity - line.done;
  const lots = usable(view, line.item, route);
  const wished = lots.filter((lot) => valueOf(lot) === route.wish);
  for (const lot of [...wished, ...lots.filter((other) => !wished.includes(other))]) {
    const there = lot.quantity - (used.get(valueOf(lot)) ?? 0);
    const quantity = Math.min(left, there);
    if (quantity <= 0) continue;
    used.set(valueOf(lot), (used.get(valueOf(lot)) ?? 0) + quantity);
    stops.push({
      line: line.line, item: line.item, place: lot.place, lot: lot.lot?.code ?? null, key: lot.key,
      quantity, there: lot.quantity, rank: lot.rank,
    });
    left -= quantity;
    if (left === 0) break;
  }
  if (left > 0) {
    const nowhere = { place: null, lot: null, key: null, there: 0, rank: 0 };
    stops.push({ line: line.line, item: line.item, quantity: left, ...nowhere });
  }
  return stops;
}

export function valueOf(lot: { place: string; key: string }): string {
  return `${lot.place}|${lot.key}`;
}

function walk(view: View, stop: Stop): number {
  return stop.place === null ? Number.MAX_SAFE_INTEGER : walkOf(view, stop.place);
}

function first(view: View, group: readonly Stop[]): number {
  const [stop] = group;
  return stop ? walk(view, stop) : Number.MAX_SAFE_INTEGER;
}

/** Here and wished first, then the rest, then what was skipped, then what nobody knows a bin for. */
function turnOf(stop: Stop, route: Route): number {
  if (stop.place === null) return 4;
  if (stop.line !== null && route.skipped.includes(stop.line)) return 3;
  if (route.wish === `${stop.place}|${stop.key}`) return 0;
  return stop.place === route.place ? 1 : 2;
}

export interface Ranking {
  mine: Ranked;
  older: Ranked | null;
}

/** The rank of a lot among the usable ones, and the other lot that is strictly older. */
export function rankOf(ranked: readonly Ranked[], place: string, key: string): Ranking | null {
  const mine = ranked.find((lot) => lot.place === place && lot.key === key);
  if (!mine) return null;
  const older = ranked.find((lot) => lot.rank < mine.rank && lot.lot !== null && lot.lot.code !== mine.lot?.code);
  return { mine, older: older ?? null };
}

export function olderOf(older: Ranked | null): Older | null {
  return older?.lot ? { lot: older.lot.code, place: older.place } : null;
}

export function daysBetween(older: Ranked, mine: Ranked): number {
  return Math.floor((mine.fifo_at - older.fifo_at) / 86_400_000);
}

/** Tells where to go next, or that nobody knows a bin. */
export function goTo(stop: Stop): Band {
  const values = { place: stop.place ?? "", item: stop.item, lot: stop.lot ?? "", quantity: stop.quantity };
  return stop.place === null ? band("look", "take.nowhere", values) : band("tick", "take.go", values);
}

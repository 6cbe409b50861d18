/**
 * Where goods could go, best first, with the reason in a word: beside the same lot,
 * beside the same item, else into an empty bin. The source is never proposed,
 * and an empty bin that something on the truck takes already is not empty any more.
 */
import type { Shown, View } from "../view";

export type Reason = "same_lot" | "same_item" | "empty";

export interface Suggestion {
  place: string;
  reason: Reason;
}

export const SUGGESTIONS_MAX = 3;

export interface Load {
  item: string;
  lot: string | null;
}

export function suggest(view: View, load: Load, from: string, taken: ReadonlySet<string>): Suggestion[] {
  const beside = view
    .of(load.item)
    .filter((held) => held.quantity > 0 && held.place !== from && isUsableBin(view, held.place))
    .sort((a, b) => walkOf(view, a.place) - walkOf(view, b.place));
  const isSameLot = (held: Shown): boolean => load.lot !== null && held.lot?.code === load.lot;
  const found: Suggestion[] = [
    ...beside.filter(isSameLot).map((held) => ({ place: held.place, reason: "same_lot" as const })),
    ...beside.map((held) => ({ place: held.place, reason: "same_item" as const })),
  ];
  const unique = found.filter((row, index) => found.findIndex((other) => other.place === row.place) === index);
  const enough = unique.slice(0, SUGGESTIONS_MAX);
  return enough.length === SUGGESTIONS_MAX ? enough : [...enough, ...emptyBins(view, from, taken, enough)];
}

function emptyBins(view: View, from: string, taken: ReadonlySet<string>, enough: Suggestion[]): Suggestion[] {
  const bins = view
    .locations("bin")
    .filter((bin) => !bin.blocked && bin.location !== from && !taken.has(bin.location))
    .sort((a, b) => a.walk - b.walk);
  const empty: Suggestion[] = [];
  for (const bin of bins) {
    if (empty.length + enough.length >= SUGGESTIONS_MAX) break;
    if (view.at(bin.location).length === 0) empty.push({ place: bin.location, reason: "empty" });
  }
  return empty;
}

function isUsableBin(view: View, place: string): boolean {
  const location = view.location(place);
  return location?.kind === "bin" && !location.blocked;
}

export function walkOf(view: View, place: string): number {
  return view.location(place)?.walk ?? Number.MAX_SAFE_INTEGER;
}

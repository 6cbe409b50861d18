/**
 * Lines of the papers that a flow works for: which of them a scanned item fills, and how much
 * each still wants. A supplier's goods without an order fill that supplier's lines by due date.
 */
import type { Line } from "../types.gen";
import type { View } from "../view";

export interface LineShown {
  document: string;
  line: number;
  /** "Line 3 of 5". */
  n: number;
  of: number;
  item: string;
  quantity: number;
  done: number;
}

export interface Part {
  line: Line | null;
  quantity: number;
}

export interface Wanted {
  document: string | null;
  partner: string | null;
  chosen: number | null;
}

export function linesShown(view: View, document: string | null): LineShown[] {
  if (document === null) return [];
  const lines = view.lines(document).filter((line) => line.item !== null && line.state === "open");
  return lines.map((line, index) => ({
    document,
    line: line.line,
    n: index + 1,
    of: lines.length,
    item: line.item ?? "",
    quantity: line.quantity,
    done: line.done,
  }));
}

/** Open lines for an item in the order in which they are filled; full ones come last. */
export function candidates(view: View, wanted: Wanted, item: string): Line[] {
  const lines = ordersOf(view, wanted)
    .flatMap((document) => view.lines(document))
    .filter((line) => line.item === item && line.state === "open");
  const open = lines.filter((line) => line.done < line.quantity);
  const rest = lines.filter((line) => line.done >= line.quantity);
  const isChosen = (line: Line): boolean => line.line === wanted.chosen && line.document === wanted.document;
  return [...open.filter(isChosen), ...open.filter((line) => !isChosen(line)), ...rest];
}

function ordersOf(view: View, wanted: Wanted): string[] {
  if (wanted.document !== null) return [wanted.document];
  if (wanted.partner === null) return [];
  return view
    .documents("purchase")
    .filter((document) => document.partner === wanted.partner && document.state === "open")
    .sort((a, b) => (a.due ?? "9999").localeCompare(b.due ?? "9999"))
    .map((document) => document.document);
}

export function leftOf(lines: readonly Line[]): number {
  return lines.reduce((left, line) => left + Math.max(0, line.quantity - line.done), 0);
}

/** Gives each line what it wants; what is over goes to the last line that took any. */
export function spread(lines: readonly Line[], quantity: number): Part[] {
  const parts: Part[] = [];
  let rest = quantity;
  for (const line of lines) {
    const takes = Math.min(rest, Math.max(0, line.quantity - line.done));
    if (takes > 0) parts.push({ line, quantity: takes });
    rest -= takes;
  }
  const last = parts.at(-1);
  if (rest > 0 && last) last.quantity += rest;
  else if (rest > 0) parts.push({ line: lines[0] ?? null, quantity: rest });
  return parts;
}

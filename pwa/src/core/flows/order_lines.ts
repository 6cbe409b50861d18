/**
 * Lines of the papers that a flow works for: which of them a scanned item fills, and how much
 * each still wants. A supplier's goods without an order fill that supplier's lines by due date.
 */
import type { LineSeen } from "../papers";
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
  line: LineSeen | null;
  quantity: number;
}

export interface Wanted {
  document: string | null;
  partner: string | null;
  chosen: number | null;
}

export function linesShown(view: View, document: string | null): LineShown[] {
  if (document === null) return [];
  const lines = asked(view, document).filter((line) => line.item !== null);
  return lines.map((line, index) => ({
    document,
    line: line.line,
    n: index + 1,
    of: lines.length,
    item: line.item ?? "",
    quantity: line.quantity,
    done: line.have,
  }));
}

/** Open lines that ask hands for goods: what a work order makes is not taken out of a bin. */
function asked(view: View, document: string): LineSeen[] {
  return view.lines(document).filter((line) => line.role !== "made" && line.state === "open");
}

/** Open lines for an item in the order in which they are filled; full ones come last. */
export function candidates(view: View, wanted: Wanted, item: string): LineSeen[] {
  const lines = ordersOf(view, wanted)
    .flatMap((document) => asked(view, document))
    .filter((line) => line.item === item);
  const open = lines.filter((line) => line.have < line.quantity);
  const rest = lines.filter((line) => line.have >= line.quantity);
  const isChosen = (line: LineSeen): boolean => line.line === wanted.chosen && line.document === wanted.document;
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

export function leftOf(lines: readonly LineSeen[]): number {
  return lines.reduce((left, line) => left + Math.max(0, line.quantity - line.have), 0);
}

/** Gives each line what it wants; what is over goes to the last line that took any. */
export function spread(lines: readonly LineSeen[], quantity: number): Part[] {
  const parts: Part[] = [];
  let rest = quantity;
  for (const line of lines) {
    const takes = Math.min(rest, Math.max(0, line.quantity - line.have));
    if (takes > 0) parts.push({ line, quantity: takes });
    rest -= takes;
  }
  const last = parts.at(-1);
  if (rest > 0 && last) last.quantity += rest;
  else if (rest > 0) parts.push({ line: lines[0] ?? null, quantity: rest });
  return parts;
}

/**
 * The tally of one bin: counted lines, the strokes that made them, and the parts in which
 * they leave. All parts but the last have scope `line`; the last one says what was not there.
 */
import type { Step } from "../flow";
import type { CountLine, Entered, Key } from "../types.gen";
import type { Shown, View } from "../view";
import type { CountState } from "./count";
import { band, nothingWritten, step } from "./frame";
import { assumedOf, keyOf, keyOfShown, lotMeant, nameOf, type Assumed, type Goods } from "./goods";

export interface CountedGoods {
  key: Key;
  quantity: number;
  /** How many scans: drawn as tally strokes. */
  strokes: number;
  first_wall: number;
  last_wall: number;
  segment: string;
  captures: number[];
  assumed: Assumed[];
  entered: Entered | null;
}

/** What one stroke changed: how the line stood before, null when it was new. Stored at every scan, so small. */
export interface Tick {
  at: number;
  before: (Pick<CountedGoods, "quantity" | "strokes" | "last_wall" | "assumed" | "entered"> & { scans: number }) | null;
}

export function tickOf(at: number, line: CountedGoods | undefined): Tick {
  if (!line) return { at, before: null };
  const { quantity, strokes, last_wall, assumed, entered, captures } = line;
  return { at, before: { quantity, strokes, last_wall, assumed, entered, scans: captures.length } };
}

export interface Part {
  lines: CountLine[];
  captures: number[];
  assumed: Assumed[];
  isLast: boolean;
}

/** An envelope holds 64 KB: far below its 500 scans when their codes are long. */
export const CAPTURES_PER_PART_MAX = 200;
export const LINES_PER_PART_MAX = 100;

/** The key that a label means in this bin: a known lot, the status and owner that lie here. */
export function identified(view: View, goods: Goods, here: readonly Shown[]): { key: Key; assumed: Assumed[] } {
  const only = here[0];
  if (here.length === 1 && only) {
    const key = keyOfShown(only);
    return { key, assumed: assumedOf(goods, key) };
  }
  const lots = new Map(view.of(goods.item).flatMap((held) => (held.lot ? [[held.lot.code, held.lot] as const] : [])));
  const sole = goods.lot === null && lots.size === 1 ? ([...lots.values()][0] ?? null) : null;
  const key = keyOf(goods.item, goods.lot === null ? sole : lotMeant(view, goods), goods.serial);
  const isLotOpen = goods.lot === null && view.item(goods.item)?.lots === true;
  return { key, assumed: isLotOpen ? ["lot"] : [] };
}

/** Takes back the last stroke before anything was sent. */
export function undoTick(state: CountState): Step<CountState> | null {
  if (state.goods) {
    return nothingWritten({ ...state, goods: null, missing: null });
  }
  const tick = state.ticks.at(-1);
  const line = tick && state.lines[tick.at];
  if (!tick || !line) return null;
  const { before } = tick;
  const lines = state.lines.flatMap((other, index) => {
    if (index !== tick.at) return [other];
    if (!before) return [];
    const { scans, ...stood } = before;
    return [{ ...other, ...stood, captures: other.captures.slice(0, scans) }];
  });
  const ticks = state.ticks.slice(0, -1);
  const at = ticks.at(-1)?.at ?? null;
  const values = { item: nameOf({ item: line.key.item, lot: line.key.lot?.code ?? null }), sum: before?.quantity ?? 0 };
  return step({ ...state, lines, ticks, at }, band("tick", "count.undone", values));
}

/** Lines in parts of what one envelope can hold; a line's later pieces add nothing but its scans. */
export function partsOf(lines: readonly CountedGoods[], captures: readonly number[]): Part[] {
  const parts: Part[] = [{ lines: [], captures: [...captures], assumed: [], isLast: false }];
  for (const line of lines) {
    for (const [index, scans] of slices(line.captures).entries()) {
      let part = parts[parts.length - 1];
      const isFull =
        !part || part.lines.length >= LINES_PER_PART_MAX || part.captures.length + scans.length > CAPTURES_PER_PART_MAX;
      if (!part || (isFull && part.lines.length > 0)) {
        part = { lines: [], captures: [], assumed: [], isLast: false };
        parts.push(part);
      }
      part.lines.push(lineOf(line, index === 0));
      part.captures.push(...scans);
      part.assumed = [...new Set([...part.assumed, ...line.assumed])];
    }
  }
  const last = parts[parts.length - 1];
  if (last) last.isLast = true;
  return parts;
}

function slices(captures: readonly number[]): number[][] {
  const found: number[][] = [];
  for (let index = 0; index === 0 || index < captures.length; index += CAPTURES_PER_PART_MAX) {
    found.push(captures.slice(index, index + CAPTURES_PER_PART_MAX));
  }
  return found;
}

function lineOf(line: CountedGoods, isFirst: boolean): CountLine {
  return {
    key: line.key,
    quantity: isFirst ? line.quantity : 0,
    first_wall: line.first_wall,
    last_wall: line.last_wall,
    segment: line.segment,
    ...(isFirst && line.entered ? { entered: line.entered } : {}),
  };
}

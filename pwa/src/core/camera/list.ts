/** The running list beside the camera's picture: each label that it took, and each that it left out. */
import type { Band } from "../flow.ts";

export interface Entry {
  wall: number;
  text: string;
  kind: "read" | "again";
  /** What the task made of it; null before it has answered, and on a screen without a task. */
  answer: { signal: Band["signal"]; code: string | null; change: number | null; balance: number | null } | null;
}

/** More than these nobody reads. */
const SHOWN_MAX = 40;

export function noted(list: readonly Entry[], entry: Entry): Entry[] {
  return [...list, entry].slice(-SHOWN_MAX);
}

/**
 * What a band says about the label that made it. `sum` is the balance that the task wrote; without
 * one nothing is written yet, and the band's own quantity is what this label has come to.
 */
export function answerOf(list: readonly Entry[], band: Band, sum: number | null): NonNullable<Entry["answer"]> {
  const { signal, wrote } = band;
  if (!wrote) return { signal, code: null, change: null, balance: null };
  if (sum !== null) return { signal, code: wrote.code, change: wrote.quantity, balance: sum };
  const last = list.filter(({ answer }) => answer?.code === wrote.code).at(-1)?.answer?.balance ?? 0;
  const change = wrote.quantity > last ? wrote.quantity - last : wrote.quantity;
  return { signal, code: wrote.code, change, balance: wrote.quantity };
}

export function answered(list: readonly Entry[], entry: Entry, answer: Entry["answer"]): Entry[] {
  return list.map((one) => (one === entry ? { ...one, answer } : one));
}

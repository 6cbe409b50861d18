/** What a band shows, already in the worker's words; `FlowRunner` makes it from a flow's band. */
import type { OperationState } from "../engine.types.ts";
import type { Ground } from "./signal.ts";

export interface Way {
  label: string;
  main: boolean;
  press: () => void;
}

export interface Verdict {
  /** Plain paper only invites: nothing happened yet. */
  ground: Exclude<Ground, "lost"> | "plain";
  /** One of many quick scans: the sentence takes the place of the word. */
  isTick: boolean;
  word: string;
  sentence: string;
  note: string;
  /** What was written; null is "nothing written yet". */
  wrote: { quantity: number; code: string; sign: boolean } | null;
  /** `06-B-10`, `WO-71774`: where from and where to. */
  route: string[];
  mark: OperationState | "unwritten" | null;
  state: string;
  held: string | null;
  asked: string | null;
  /** The words beside them: goods are held, at a bin one stands. */
  beside: { held: string; asked: string };
  older: { place: string; lot: string; difference: string } | null;
  ways: Way[];
  undo: (() => void) | null;
}

/** Splits a code where it first differs from another: the rest is boxed. */
export function differing(held: string, asked: string): [same: string, other: string] {
  let index = 0;
  while (index < held.length && held[index] === asked[index]) index += 1;
  return [held.slice(0, index), held.slice(index)];
}

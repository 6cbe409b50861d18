/**
 * The shape that all scanning flows share: a pure function from a state and an input
 * to the next state, the operations to write and the band to show.
 *
 * A flow never reads a clock, a disk or a network. Its state is plain JSON: it is stored in the
 * same transaction as the operation that it writes, so a killed browser comes back to it.
 * `captures` are ids of scan-journal rows; an operation consumes those that made it.
 */
import type { Consent, Did, Older, Task } from "./types.gen";
import type { Meaning } from "./meaning";
import type { View } from "./view";

/** One reading of one code, already durable in the scan journal. */
export interface Capture {
  id: number;
  raw: string;
  source: "camera" | "wedge" | "typed";
  symbology: string | null;
  wall: number;
  /** The clock segment that it was made in. */
  segment: string;
}

/**
 * Keys under the thumb. As a way of a band, `reason` opens the text entry (it answers with a text)
 * and `consent` asks for a supervisor's badge and PIN (it answers with a consent).
 */
export type KeyName =
  | "done" | "skip" | "short" | "empty" | "full" | "other" | "hold" | "confirm" | "cancel" | "next" | "undo"
  | "reason" | "consent"
  /** All that the line still asks for. */
  | "rest";

export type Input =
  | { kind: "scan"; capture: Capture; meaning: Meaning }
  /** The keypad: a quantity in base units, and how it was typed. */
  | { kind: "quantity"; quantity: number; typed: string; unit: string; factor: number; wall: number }
  /** A text that a code did not say: lot, expiry, reason. */
  | { kind: "text"; field: "lot" | "expires" | "serial" | "reason"; text: string; wall: number }
  | { kind: "key"; key: KeyName; wall: number }
  /** A list entry that was tapped (document, line, lot, place). */
  | { kind: "choose"; what: "document" | "line" | "item" | "lot" | "place"; value: string; wall: number }
  /** Which of the meanings of a doubtful scan it is, as they stand on the screen. */
  | { kind: "reading"; n: number; wall: number }
  /** A supervisor's badge and PIN were given at the device for the stop that the band shows. */
  | ({ kind: "consent" } & Consent)
  /** The view changed (a sync, an undo): only what the screen shows is worked out again. */
  | { kind: "refresh"; wall: number };

/** An operation to be written: the outbox adds id, chain, clock, actor, base and the raw scans. */
export interface Draft {
  did: Did;
  task: Task | null;
  assumed: ("lot" | "serial" | "status" | "owner" | "quantity")[];
  captures: number[];
  consent: Consent | null;
}

export type Signal = "tick" | "done" | "complete" | "look" | "wrong";

/** Values for the placeholders of a catalogue sentence. */
export type Values = Record<string, string | number>;

/** What the worker sees and hears; `say` and `note` are catalogue names, never text. */
export interface Band {
  signal: Signal;
  say: string;
  values: Values;
  note?: string;
  /** What was written (out is negative), or null for "nothing written yet". */
  wrote: { quantity: number; code: string } | null;
  /** Ways on, shown as keys. */
  ways: KeyName[];
  /** For a wrong: what the hand holds over what was asked. */
  held?: string;
  asked?: string;
  older?: Older & { quantity: number };
  /** The same input went on to other goods: an undo would be about those. */
  passed?: true;
}

export interface Step<S> {
  state: S;
  drafts: Draft[];
  band: Band | null;
  /** The verdict of the first so many drafts, where the input then did something else too. */
  earlier?: { band: Band; drafts: number };
  /** Leave the flow for another screen: `{screen: "bin", code: "06-B-10"}`. */
  open?: { screen: string; code?: string };
  /** Captures that the worker decided against: they no longer wait for an operation. */
  released?: number[];
  /** Reverse the last operation that this flow wrote, then step with `refresh`. */
  undo?: true;
}

/** What a flow is started with. `numbers` hands out lot numbers from the device's block. */
export interface Start {
  wall: number;
  segment: string;
  document?: string;
  dock: string;
  newId(): string;
  nextLot(): string;
}

export interface Flow<S> {
  start(view: View, start: Start): Step<S>;
  step(state: S, input: Input, view: View, start: Start): Step<S>;
}

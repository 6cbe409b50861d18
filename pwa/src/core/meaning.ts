/**
 * What a code means (scanning.md, "order of decisions"). Every scan becomes exactly one of these;
 * a code that means nothing stays raw and is still a scan (R6), one that can mean several things is
 * asked (G3).
 */
import type { Lot } from "./types.gen";

/** What a label said beside the item: all optional, as GS1 element strings are. */
export interface Said {
  lot?: string;
  expires?: string;
  produced?: string;
  serial?: string;
  quantity?: number;
}

export type Meaning =
  /** With `unit` one of the item's packs, which holds `pack` base units. */
  | { kind: "item"; item: string; said: Said; pack: number; unit?: string }
  | { kind: "location"; location: string }
  | { kind: "lot"; candidates: { item: string; lot: Lot }[] }
  | { kind: "document"; document: string }
  | { kind: "container"; container: string }
  | { kind: "partner"; partner: string }
  | { kind: "badge"; badge: string }
  | { kind: "command"; command: "UNDO" | "DONE" | "SKIP" | "SHORT" | "PRINT" | "HELP" }
  | { kind: "enrol"; code: string }
  /** `perhaps` is what it says if it is an element string, which nothing at it proves. */
  | { kind: "unknown"; raw: string; said: Said; perhaps?: Said }
  | Either;

/** Several things that a code can mean, the likeliest first: the worker says which. */
export interface Either {
  kind: "either";
  meanings: Meaning[];
}

/** What is known of a scanner: nothing yet, it sent a separator, or it was seen to swallow one. */
export type Scanner = "new" | "keeps" | "loses";

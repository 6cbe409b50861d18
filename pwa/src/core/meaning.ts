/**
 * What a code means (scanning.md, "order of decisions"). Every scan becomes exactly one of these;
 * a code that means nothing stays raw and is still a scan (R6).
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

/** What a scanned code means: one thing, or several that whoever scanned it chooses between (G11). */
export type Meaning = Sure | { kind: "choice"; candidates: Sure[] };

export type Sure =
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
  | { kind: "unknown"; raw: string; said: Said };

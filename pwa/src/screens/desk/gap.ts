/** What the discrepancy of a restore lists, as sentences (R11). */
import type { Values } from "../../core/flow.ts";
import type { Discrepancy } from "../../core/types.gen.ts";
import type { Name } from "../../words/index.ts";

interface Gap {
  waiting?: Record<string, string>;
  heard?: string[];
  lost?: Record<string, [number, number][]>;
  documents?: string[];
  devices?: string[];
}

export interface GapLine {
  name: Name;
  values: Values;
}

export function gapOf(row: Discrepancy): GapLine[] {
  if (row.code !== "RESTORE_GAP") return [];
  const { waiting = {}, heard = [], lost = {}, documents = [], devices = [] } = row.detail as Gap;
  const missing = Object.values(lost).flat().reduce((sum, [from, through]) => sum + through - from + 1, 0);
  return [
    ...named("restore.waiting", Object.values(waiting)),
    ...named("restore.heard", heard),
    ...(missing ? [{ name: "restore.lost" as const, values: { n: missing } }] : []),
    ...named("restore.documents", documents),
    ...named("restore.devices", devices),
  ];
}

function named(name: Name, names: string[]): GapLine[] {
  return names.length ? [{ name, values: { names: names.join(", ") } }] : [];
}

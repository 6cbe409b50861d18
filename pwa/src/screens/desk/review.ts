/** What the desk asks of the server, and the intents that it writes. */
import type { Draft, Values } from "../../core/flow.ts";
import type { Meaning } from "../../core/meaning.ts";
import { keyOf } from "../../core/stock.ts";
import type { Decision, Discrepancy, Variance } from "../../core/types.gen.ts";
import type { Written } from "../../engine.types.ts";
import type { CardStep } from "../bin-card.ts";

/** A device from which not all has come up to the count; see server/reports/review.py. */
export interface Quiet {
  device: string;
  name: string;
  seen_at: number;
  complete_to: number;
  unsent: number;
}

export interface Story {
  variance: Variance;
  opening: number;
  before: CardStep[];
  after: CardStep[];
  quiet: Quiet[];
}

/** One operation behind a discrepancy; see server/reports/oddities.py. */
export interface Fact {
  operation: string;
  verb: string;
  actor: string;
  device: string;
  at: number;
  scans: { raw: string }[];
}

/** What must be known to settle it: names of sentences, and the actions as they are sent. */
export interface Review {
  facts: Fact[];
  readings: [string, string];
  missing: string | null;
  actions: string[];
  default: string;
  owner: string;
  deadline: number;
}

export interface Discrepancies {
  discrepancies: Discrepancy[];
  reviews: Record<string, Review>;
  next: string | null;
}

const QUIET_MS = 5 * 60_000;

/** Devices that may really hide something: others are only a moment behind. */
export function hiding(story: Story): Quiet[] {
  const isLong = (device: Quiet): boolean => device.complete_to > 0 && story.variance.at - device.complete_to > QUIET_MS;
  return story.quiet.filter((device) => device.unsent > 0 || isLong(device));
}

export const idOf = (variance: Variance): string => `${variance.operation}/${variance.line}`;

export const differenceOf = (variance: Variance): number => variance.counted - variance.expected;

/** Parts of one count add up: each key has one line, that of its last part, which names them all. */
export function summed(open: readonly Variance[], approved: readonly Variance[]): Variance[] {
  const isSame = (one: Variance, other: Variance): boolean =>
    one.count_id === other.count_id && one.place === other.place && one.key === other.key;
  const isLast = (row: Variance): boolean => !open.some((other) => isSame(row, other) && other.at > row.at);
  // Of all that was ever approved only the parts of these counts: else 300 open lines cost 300 ms at each change.
  const counts = new Set(open.map((row) => row.count_id));
  const all = [...approved.filter((row) => counts.has(row.count_id)), ...open];
  return open.filter(isLast).map((last) => {
    const parts = all.filter((row) => isSame(row, last));
    return { ...last, counted: parts.reduce((sum, row) => sum + row.counted, 0), parts: parts.map((row) => row.operation) };
  });
}

/** What differs, the largest first: it costs the most and is the easiest to find. */
export function bySize(variances: readonly Variance[]): Variance[] {
  return variances.filter((row) => differenceOf(row) !== 0).sort((one, other) => Math.abs(differenceOf(other)) - Math.abs(differenceOf(one)) || one.at - other.at);
}

function intent(did: Draft["did"]): Draft {
  return { did, task: null, assumed: [], captures: [], consent: null };
}

/**
 * Names the key as the supervisor saw it, so that a stale decision is refused and not applied.
 * `also` are goods beside it that want a number too.
 */
export function decided(verb: "approve" | "recount" | "reject", variance: Variance, also: readonly Decision[] = []): Draft {
  const { operation, line, counted, expected, parts } = variance;
  const own: Decision = { key: keyOf(variance.key), counted, expected, of: { operation, line: line < 0 ? null : line } };
  return intent({ verb, count_id: variance.count_id, parts: parts.length ? parts : [operation], lines: [own, ...also] });
}

/** What a refused approval says must have a number too. */
export function missing(variance: Variance, decision: Written | null): Decision[] {
  if (decision?.state !== "refused" || decision.reason !== "not_alone") return [];
  const own = variance.line < 0 ? null : variance.line;
  return decision.fresh.filter(({ of, place }) => of.operation !== variance.operation || of.line !== own || place);
}

/** What an unknown code stands for, when the ledger says which kind of thing it took it for. */
export function unknownKind({ code, detail }: Discrepancy): "item" | "location" | null {
  const kind = code === "UNKNOWN_CODE" ? detail["kind"] : null;
  return kind === "item" || kind === "location" ? kind : null;
}

/** The code of the item or the location that a scan means; null when it means none. */
export function codeMeant(meaning: Meaning, kind: "item" | "location"): string | null {
  if (meaning.kind === "either") {
    // The desk has said already what kind of thing it is about.
    const fitting = meaning.meanings.flatMap((one) => codeMeant(one, kind) ?? []);
    return new Set(fitting).size === 1 ? (fitting[0] ?? null) : null;
  }
  if (kind === "item") return meaning.kind === "item" ? meaning.item : null;
  return meaning.kind === "location" ? meaning.location : null;
}

/** `move:06-B-10` is the action `move` with a place. */
export function actionParts(action: string): { name: string; place: string } {
  const [name = "", ...rest] = action.split(":");
  return { name, place: rest.join(":") };
}

/** The figures of a discrepancy, as its sentence takes them. */
export function valuesOf({ detail }: Discrepancy): Values {
  return Object.fromEntries(
    Object.entries(detail ?? {}).filter((entry): entry is [string, string | number] => ["string", "number"].includes(typeof entry[1])),
  );
}

/** Every code that was scanned for it, each once. */
export function scannedFor(review: Review | undefined): string[] {
  return [...new Set(review?.facts.flatMap((fact) => fact.scans.map((scan) => scan.raw)) ?? [])];
}

export function settled(discrepancy: Discrepancy, action: string): Draft {
  return intent({ verb: "settle", discrepancy: discrepancy.discrepancy, action });
}

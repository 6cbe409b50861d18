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
  /** The device that brought it for that one, else empty. */
  carrier: string;
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

/** What one device opened by the hundred; see server/reports/floods.py. */
export interface Many {
  device: string;
  name: string;
  version: number;
  open: number;
  urgent: number;
  first: number;
  through: number;
  by: string | null;
}

/** What waits at the desk: so many one by one, the floods, and what was put aside of them. */
export interface Overview {
  discrepancies: number;
  floods: Many[];
  parked: Many[];
}

const QUIET_MS = 5 * 60_000;

/** Devices that may really hide something: others are only a moment behind. */
export function hiding(story: Story): Quiet[] {
  const isLong = (device: Quiet): boolean => device.complete_to > 0 && story.variance.at - device.complete_to > QUIET_MS;
  return story.quiet.filter((device) => device.unsent > 0 || isLong(device));
}

export const idOf = (variance: Variance): string => `${variance.operation}/${variance.line}`;

export const differenceOf = (variance: Variance): number => variance.counted - variance.expected;

/** A key that the count does not list: it was not there, so it loses the least that was there meanwhile. */
export const isAbsence = (variance: Variance): boolean => variance.line < 0;

/** All parts of a count that saw one key. */
interface Parts {
  last: number;
  counted: number;
  operations: string[];
}

const sameGoods = (row: Variance): string => `${row.count_id}\n${row.place}\n${row.key}`;

/**
 * Parts of one count add up: each key has one line, that of its last part, which names them all.
 * Each row is looked at once: there may be thousands, and the desk asks anew at every change.
 */
export function summed(open: readonly Variance[], approved: readonly Variance[]): Variance[] {
  const found = new Map<string, Parts>();
  for (const row of open) {
    const parts = found.get(sameGoods(row));
    if (parts) parts.last = Math.max(parts.last, row.at);
    else found.set(sameGoods(row), { last: row.at, counted: 0, operations: [] });
  }
  for (const row of [...approved, ...open]) {
    const parts = found.get(sameGoods(row));
    if (!parts) continue;
    parts.counted += row.counted;
    parts.operations.push(row.operation);
  }
  return open.flatMap((row) => {
    const parts = found.get(sameGoods(row));
    return parts?.last === row.at ? [{ ...row, counted: parts.counted, parts: parts.operations }] : [];
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

/** Puts aside all that a device had opened until now, or brings it back (D5). */
export function putAside(many: Many, through: number | null): Draft {
  return intent({ verb: "edit", kind: "device", id: many.device, base_version: many.version, fields: { parked: through } });
}

/** So many rows stand on one page of a list of the desk. */
export const PAGE = 100;

export function settled(discrepancy: Discrepancy, action: string): Draft {
  return intent({ verb: "settle", discrepancy: discrepancy.discrepancy, action });
}

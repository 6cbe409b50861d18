/** The lines of a bin card: the server's history, then what only this device knows yet. */
import type { OperationState, Written } from "../engine.types.ts";
import { age, clock, dayOf, moment, t } from "../words/index.ts";

/** One posting as GET /api/bin-card tells it; see server/reports/bin_card.py. */
export interface CardStep {
  seq: number;
  operation: string;
  verb: string;
  actor: string;
  device: string;
  /** The device that brought it for that one, else empty. */
  carrier: string;
  at: number;
  lot: string | null;
  quantity: number;
  balance: number;
  balance_key: number;
  counted: number | null;
  document?: string | null;
  /** The error bar of `at`, and whether the device's clock can be relied on. */
  u: number;
  trust: "high" | "low";
  recorded_at: number;
}

export interface CardAnswer {
  balance: number;
  steps: CardStep[];
  earlier: string | null;
}

export interface CardLine {
  id: string;
  verb: string;
  actor: string;
  carrier: string;
  at: number;
  change: number;
  balance: number;
  counted: boolean;
  state: OperationState;
  u: number;
  isSure: boolean;
  /** When the server recorded it; null while it is only here. */
  recorded: number | null;
}

/** The newest page anew; earlier ones that were asked for stay while its first line still goes on from them. */
export function refreshed(before: CardAnswer | null, page: CardAnswer): CardAnswer {
  const [first] = page.steps;
  const index = before && first ? before.steps.findIndex((step) => step.seq === first.seq && step.balance === first.balance) : -1;
  if (!before || index < 0) return page;
  return { ...page, steps: [...before.steps.slice(0, index), ...page.steps], earlier: before.earlier };
}

function fromServer(step: CardStep, index: number): CardLine {
  return {
    // One operation may write several lines that look alike.
    id: `${step.seq}/${index}`,
    verb: step.verb,
    actor: step.actor,
    carrier: step.carrier,
    at: step.at,
    change: step.quantity,
    balance: step.balance,
    counted: step.counted !== null,
    state: "settled",
    u: step.u,
    isSure: step.trust === "high",
    recorded: step.recorded_at,
  };
}

function changeAt(place: string, written: Written): number {
  if (written.to === place) return written.quantity ?? 0;
  return written.from === place ? -(written.quantity ?? 0) : 0;
}

/** What this device wrote for the item at the place and the history does not have yet. */
function ownLines(place: string, item: string, operations: Written[], seen: Set<string>): Written[] {
  return operations
    .filter((one) => one.item === item && !one.reversed && !seen.has(one.id) && changeAt(place, one) !== 0)
    .reverse();
}

/** Oldest first. `shown` is what the screen says is there now: the last line ends at it. */
export function cardLines(
  place: string,
  item: string,
  answer: CardAnswer | null,
  operations: Written[],
  shown: number,
): CardLine[] {
  const history = (answer?.steps ?? []).map(fromServer);
  const seen = new Set((answer?.steps ?? []).map((step) => step.operation));
  const own = ownLines(place, item, operations, seen).filter((one) => answer === null || one.state === "device");
  let balance = shown - own.reduce((sum, one) => sum + changeAt(place, one), 0);
  const lines = own.map((one) => {
    balance += changeAt(place, one);
    const change = changeAt(place, one);
    const { id, verb, actor, wall: at, state } = one;
    return { id, verb, actor, carrier: "", at, change, balance, counted: false, state, u: 0, isSure: true, recorded: null };
  });
  return [...history, ...lines];
}

const MINUTE = 60_000;

/** When it happened: `08:31 ±1 s`, `≈08:31 ±25 min` where the clock cannot be relied on. */
export function happened(line: CardLine, now: number): string {
  const bar = line.u < MINUTE ? t("bin.seconds", { n: Math.ceil(line.u / 1_000) }) : age(line.u);
  return `${line.isSure ? "" : "≈"}${moment(line.at, now)} ±${bar}`;
}

/** When the server recorded it: a time of the same day, else the day as well. */
export function recorded(line: CardLine, now: number): string {
  const at = line.recorded ?? line.at;
  const isSameDay = new Date(at).toDateString() === new Date(line.at).toDateString();
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return isSameDay || isToday ? clock(at) : `${dayOf(at)} ${clock(at)}`;
}

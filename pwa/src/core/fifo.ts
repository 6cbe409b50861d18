/**
 * Which lot to take: the twin of sync/fifo.py. Only numbers order anything here;
 * lots of equal age share a rank, so that taking the nearer bin is never called a deviation.
 */
export interface Candidate {
  quantity: number;
  version: number;
  fifo_at: number;
  expires: string | null;
  status: string;
  blocked: boolean;
  kind: string;
  walk: number;
  place_blocked: boolean;
}

const NEVER = 99_999_999;

/** Whether goods may be taken from there: ordinary stock in an ordinary bin. */
export function pickable(lot: Candidate): boolean {
  return !lot.blocked && !lot.place_blocked && lot.quantity > 0 && lot.status === "ok" && lot.kind === "bin";
}

/** 2027-09-30 as 20270930; goods that do not expire come after every day. */
export function dayNumber(day: string | null): number {
  return day ? Number(day.replaceAll("-", "")) : NEVER;
}

/** The pickable lots, the one to take first: each with 1 + the number of lots that are older. */
export function rank<T extends Candidate>(lots: readonly T[], dated: boolean): { lot: T; rank: number }[] {
  const older = (a: T, b: T): number =>
    (dated ? dayNumber(a.expires) - dayNumber(b.expires) : 0) || a.fifo_at - b.fifo_at;
  const order = lots
    .filter(pickable)
    .sort((a, b) => older(a, b) || a.walk - b.walk || a.version - b.version);
  let last = 0;
  return order.map((lot, position) => {
    const before = order[position - 1];
    if (!before || older(before, lot) !== 0) last = position + 1;
    return { lot, rank: last };
  });
}

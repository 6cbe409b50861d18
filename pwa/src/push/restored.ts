/**
 * After the server was restored from a backup: this device sends again what it kept, and says so
 * quietly. What is remembered outlives a restart in the middle of it.
 */
import type { Dated, OwnDecision, Verdict } from "../core/types.gen";
import type { Operation } from "../outbox/operation";
import type { Store } from "../store/store";

export interface Restored {
  epoch: number;
  replica: string;
  /** How far the server of before had acknowledged: the one of now must come as far again. */
  had: number;
  /** Device time. */
  at: number;
  /** How many records go again. */
  again: number;
  /** What the server of before approved by itself, and the one of now has not heard yet. */
  decided: OwnDecision[];
}

/** What the screen tells of it: how many are sent again, and how many of them still wait. */
export interface RestoredNote {
  at: number;
  again: number;
  left: number;
}

/** In one push. */
const DECISIONS_MAX = 200;
const TOLD_MS = 12 * 3_600_000;

export class RestoredServer {
  now: Restored | null = null;
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  async load(): Promise<void> {
    this.now = (await this.store.meta<Restored>("restored")) ?? null;
  }

  /** Remembers how far this device was, before anything is queued again; once per epoch. */
  async begin(restored: Omit<Restored, "again">): Promise<void> {
    if (this.now?.epoch === restored.epoch && this.now.replica === restored.replica) return;
    await this.keep({ ...restored, again: 0 });
  }

  get owes(): boolean {
    return (this.now?.decided.length ?? 0) > 0;
  }

  /** A push was answered that told what the server had decided. */
  async told(): Promise<void> {
    if (this.now && this.owes) await this.keep({ ...this.now, decided: this.now.decided.slice(DECISIONS_MAX) });
  }

  async queued(again: number): Promise<void> {
    if (this.now) await this.keep({ ...this.now, again: Math.max(again, this.now.again) });
  }

  /** What the next push says of it. */
  frame(epoch: number, replica: string): { had?: number; decided?: OwnDecision[] } {
    if (this.now?.epoch !== epoch || this.now.replica !== replica) return {};
    return { had: this.now.had, decided: this.now.decided.slice(0, DECISIONS_MAX) };
  }

  note(unsent: Operation[], now: number): RestoredNote | null {
    if (!this.now?.again || now - this.now.at > TOLD_MS) return null;
    return { at: this.now.at, again: this.now.again, left: unsent.filter((row) => row.verdict).length };
  }

  private async keep(restored: Restored): Promise<void> {
    await this.store.setMeta("restored", restored);
    this.now = restored;
  }
}

/** A verdict of before a restore, sent again with its seal so that it is not decided anew. */
export function datedOf({ id, verdict, first }: Operation): Dated[] {
  if (!verdict) return [];
  const { outcome, times, u, trust, seal } = verdict;
  const why = whyOf(verdict);
  return [{
    id, outcome: outcome === "flagged" ? "posted" : outcome, times, u, trust, seal,
    ...(why && { why }), ...(first && { first }),
  }];
}

/** Why it had no effect: a refusal gives its reason, what was parked its discrepancy. */
function whyOf({ outcome, reason, flags }: Verdict): string | null {
  return outcome === "parked" ? (flags[0]?.code ?? null) : (reason ?? null);
}

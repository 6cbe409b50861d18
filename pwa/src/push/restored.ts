/**
 * After the server was restored from a backup: this device sends again what it kept, and says so
 * quietly. What is remembered outlives a restart in the middle of it.
 */
import type { Dated, Verdict } from "../core/types.gen";
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
}

/** What the screen tells of it: how many are sent again, and how many of them still wait. */
export interface RestoredNote {
  at: number;
  again: number;
  left: number;
}

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
  async begin(epoch: number, replica: string, had: number, at: number): Promise<void> {
    if (this.now?.epoch === epoch && this.now.replica === replica) return;
    await this.keep({ epoch, replica, had, at, again: 0 });
  }

  async queued(again: number): Promise<void> {
    if (this.now) await this.keep({ ...this.now, again: Math.max(again, this.now.again) });
  }

  /** What the next push says of it. */
  frame(epoch: number, replica: string): { had?: number } {
    const isMine = this.now?.epoch === epoch && this.now.replica === replica;
    return isMine && this.now ? { had: this.now.had } : {};
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

/** Which sent operations the device may forget (rule 8): what is durable twice, or old. */
import type { Heard } from "../push/push";
import type { Kept } from "../store/store";

const HOUR_MS = 3_600_000;
const KEPT_AT_LEAST_MS = 72 * HOUR_MS;
/** Without a named backup a month is all that we can promise. */
const KEPT_WITHOUT_BACKUP_MS = 30 * 24 * HOUR_MS;

/** `now` is the server's, as `acked` is. `durable` is epoch and seq of the second-newest verified backup, null where none is named. */
export function mayForget(row: Kept, now: number, epoch: number, durable: [number, number] | null): boolean {
  if (row.acked === null) return false;
  // Without a verdict nobody can say which backup has it.
  if (!durable || !row.verdict) return now - row.acked > KEPT_WITHOUT_BACKUP_MS;
  const isBackedUp = durable[0] === epoch && row.verdict.ledger_seq <= durable[1];
  return isBackedUp && now - row.acked > KEPT_AT_LEAST_MS;
}

const PRUNE_EVERY_MS = 24 * HOUR_MS;

/** Lets go once a day of what may go. */
export class Pruning {
  private at = 0;

  /** A clock that was set back must not keep everything. */
  async run(now: number, heard: Heard, stores: { prune(mayGo: (row: Kept) => boolean): Promise<void> }[]): Promise<void> {
    if (Math.abs(now - this.at) < PRUNE_EVERY_MS) return;
    this.at = now;
    const { epoch, serverNow, durableThrough } = heard;
    for (const store of stores) await store.prune((row) => mayForget(row, serverNow, epoch, durableThrough));
  }
}

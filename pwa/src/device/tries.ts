/**
 * Wrong PINs without a network: five lock a person here, each five more for twice as long. What is
 * left of a lock is kept, not only its end, so that a clock that is set back, or a page that is
 * loaded anew, ends none. A clock that is set forward does: the server's own count does not care.
 */
import type { Store } from "../store/store";

interface Tries {
  wrong: number;
  /** Milliseconds that were left of the lock at `at`, device time. */
  left: number;
  at: number;
}

const TRIES_MAX = 5;
const LOCKED_MS = 5 * 60_000;
const LOCKED_MOST_MS = 60 * 60_000;

export class TriesHere {
  private readonly store: Store;
  private readonly now: () => number;

  constructor(store: Store, now: () => number) {
    this.store = store;
    this.now = now;
  }

  /** Milliseconds that a person is still locked here. */
  async left(person: string): Promise<number> {
    const tries = await this.of(person);
    const passed = Math.max(0, this.now() - tries.at);
    const left = Math.max(0, tries.left - passed);
    // Kept as it is now: from here on no earlier time counts.
    if (left > 0) await this.keep(person, { ...tries, left, at: this.now() });
    return left;
  }

  async count(person: string, isRight: boolean): Promise<void> {
    const wrong = isRight ? 0 : (await this.of(person)).wrong + 1;
    const locks = wrong % TRIES_MAX === 0 ? wrong / TRIES_MAX : 0;
    const left = locks ? Math.min(LOCKED_MOST_MS, LOCKED_MS * 2 ** (locks - 1)) : 0;
    await this.keep(person, { wrong, left, at: this.now() });
  }

  private async of(person: string): Promise<Tries> {
    const kept = await this.store.meta<Partial<Tries>>(`tries/${person}`);
    return { wrong: kept?.wrong ?? 0, left: kept?.left ?? 0, at: kept?.at ?? 0 };
  }

  private keep(person: string, tries: Tries): Promise<void> {
    return this.store.setMeta(`tries/${person}`, tries);
  }
}

/**
 * When to sync: at once after every write, then on wake-ups of the page, on a poke of the server,
 * every 20 seconds as the truth, and after a failure with full-jitter back-off from 1 s to 60 s.
 */
import { Offline, Problem } from "./wire";

/** How it went with the server: what it said when it did not do what was asked. */
export interface Reached {
  online: boolean;
  refused: boolean;
  problem: string | null;
}

export interface LoopParts {
  /** One cycle: upload before download. Returns the ms that the server asks to wait. */
  cycle(): Promise<number>;
  /** Runs the work while nobody else on this device pushes. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  random(): number;
  later(work: () => void, ms: number): () => void;
  changed(state: Reached): void;
}

const POLL_MS = 20_000;
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MOST_MS = 60_000;

/** Does something after a while; returns the way to stop it. */
export function later(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

export class Loop {
  private readonly parts: LoopParts;
  private failures = 0;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;
  private cancel: () => void = () => undefined;
  private stopped = false;

  constructor(parts: LoopParts) {
    this.parts = parts;
  }

  /** Syncs now, or once more after the sync under way; resolves when that is over. */
  wake(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    if (!this.running) {
      this.running = this.turn().finally(() => (this.running = null));
      return this.running;
    }
    this.next ??= this.running.then(() => {
      this.next = null;
      return this.wake();
    });
    return this.next;
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  private async turn(): Promise<void> {
    this.cancel();
    const wait = await this.attempt();
    if (!this.stopped) this.cancel = this.parts.later(() => void this.wake(), wait);
  }

  private async attempt(): Promise<number> {
    try {
      const asked = await this.parts.alone(() => this.parts.cycle());
      this.failures = 0;
      this.parts.changed({ online: true, refused: false, problem: null });
      return asked || POLL_MS;
    } catch (error) {
      const refused = error instanceof Problem && error.status === 401;
      const problem = error instanceof Problem ? error.message : null;
      this.parts.changed({ online: !(error instanceof Offline), refused, problem });
      const asked = error instanceof Problem ? (error.retryAfter ?? 0) : 0;
      return Math.max(asked, this.backOff());
    }
  }

  private backOff(): number {
    const most = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** this.failures++);
    return Math.max(1, this.parts.random() * most);
  }
}

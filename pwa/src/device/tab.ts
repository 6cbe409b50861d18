/**
 * One tab works. The lock is held for the life of the tab; a second tab sees that it is taken,
 * may take it over, which the first one learns at once, and begins by itself when the first goes.
 */
const NAME = "bincard-tab";
/** A page that was just reloaded may still hold the lock for a moment. */
const PATIENCE_MS = 400;

export class Tab {
  isSecond = false;
  private readonly lost: () => void;
  private readonly regained: () => void;

  constructor(lost: () => void, regained: () => void) {
    this.lost = lost;
    this.regained = regained;
  }

  /** Resolves when it is known whether this tab works. */
  enter(): Promise<void> {
    if (!("locks" in navigator)) return Promise.resolve();
    return new Promise((known) => {
      const timer = setTimeout(() => {
        this.isSecond = true;
        known();
      }, PATIENCE_MS);
      this.hold({}, () => {
        clearTimeout(timer);
        if (this.isSecond) this.regained();
        known();
      });
    });
  }

  takeOver(): Promise<void> {
    return new Promise((known) => this.hold({ steal: true }, known));
  }

  private hold(options: LockOptions, got: () => void): void {
    const held = navigator.locks.request(NAME, options, () => {
      got();
      // Held until the tab goes or another one steals it.
      return new Promise<void>(() => undefined);
    });
    held.catch(() => {
      this.isSecond = true;
      this.lost();
    });
  }
}

/** Runs while no other page of this device pushes. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return work();
  return navigator.locks.request("bincard-push", work) as Promise<T>;
}

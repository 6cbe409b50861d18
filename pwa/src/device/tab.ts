/**
 * One tab works. The lock is held for the life of the tab; a second tab sees that it is taken and
 * may take it over, which the first one learns at once.
 */
const NAME = "bincard-tab";

export class Tab {
  isSecond = false;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Resolves when it is known whether this tab works. */
  enter(): Promise<void> {
    return new Promise((known) => this.hold({ ifAvailable: true }, known));
  }

  takeOver(): Promise<void> {
    return new Promise((known) => this.hold({ steal: true }, known));
  }

  private hold(options: LockOptions, known: () => void): void {
    if (!("locks" in navigator)) return known();
    const held = navigator.locks.request(NAME, options, (lock) => {
      this.isSecond = lock === null;
      known();
      // Held until the tab goes or another one steals it.
      return lock && new Promise<void>(() => undefined);
    });
    held.catch(() => {
      this.isSecond = true;
      this.changed();
    });
  }
}

/** Runs while no other page of this device pushes. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return work();
  return navigator.locks.request("bincard-push", work) as Promise<T>;
}

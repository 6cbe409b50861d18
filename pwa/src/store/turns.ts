/** One after the other: what reads before it writes must not be overtaken by another such. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Begins when everything before has ended, well or badly; resolves or rejects as `work` does. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.idle().then(work);
    this.last = turn;
    return turn;
  }

  /** Resolves when everything that was begun before has ended. */
  idle(): Promise<unknown> {
    return this.last.catch(() => undefined);
  }
}

/** Hears from the server that something changed. Losing a poke is harmless: polling is the truth. */
import type { Wire } from "../push/wire";

const AGAIN_FIRST_MS = 2_000;
const AGAIN_MOST_MS = 60_000;

export class Poke {
  private readonly wire: Wire;
  private readonly heard: () => void;
  private stopping: AbortController | null = null;
  private rested: () => void = () => undefined;

  constructor(wire: Wire, heard: () => void) {
    this.wire = wire;
    this.heard = heard;
  }

  start(): void {
    if (this.stopping) return;
    this.stopping = new AbortController();
    void this.listen(this.stopping.signal);
  }

  stop(): void {
    this.stopping?.abort();
    this.stopping = null;
  }

  /** The network is back: the next try need not wait. */
  hurry(): void {
    this.rested();
  }

  private async listen(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const heard = (): void => {
        failures = 0;
        this.heard();
      };
      await this.wire.listen("/sync/poke", heard, signal).catch(() => undefined);
      const most = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** failures++);
      await new Promise<void>((resolve) => {
        this.rested = resolve;
        setTimeout(resolve, most * (0.5 + Math.random() / 2));
      });
    }
  }
}

/**
 * What this device knows of its scanners: whether one swallows separators shows only in what it
 * scans (G3). It is of the device, not of its work: it stays when the one database is lost.
 */
import { heardOf, meaning, type Known } from "../core/codes";
import type { Capture } from "../core/flow";
import type { Meaning, Scanner } from "../core/meaning";
import type { Store } from "../store/store";

type Source = Capture["source"];

export class Scanners {
  private heard: Partial<Record<Source, Scanner>> = {};
  private readonly store: Store;
  private readonly known: Known;
  private readonly changed: () => void;

  constructor(store: Store, known: Known, changed: () => void) {
    this.store = store;
    this.known = known;
    this.changed = changed;
  }

  async load(): Promise<void> {
    this.heard = (await this.store.meta<typeof this.heard>("scanners")) ?? {};
  }

  of(source: Source): Scanner {
    return this.heard[source] ?? "new";
  }

  meaning(capture: Capture): Meaning {
    const meant = meaning(capture.raw, capture.symbology, this.known, yearOf(capture), "", this.of(capture.source));
    this.learn(capture, meant);
    return meant;
  }

  /** The latest that it did counts: scanners are set up anew, and changed for others. */
  learn(capture: Capture, meant: Meaning): void {
    const { source } = capture;
    // A hand types no separators.
    if (source === "typed") return;
    const heard = heardOf(capture.raw, capture.symbology, meant, yearOf(capture));
    if (heard === "new" || heard === this.of(source)) return;
    this.heard = { ...this.heard, [source]: heard };
    // Forgotten, it is learned again: no scan waits for this.
    void this.store.setMeta("scanners", this.heard).catch(() => undefined);
    this.changed();
  }
}

const yearOf = ({ wall }: Capture): number => new Date(wall).getUTCFullYear();

/**
 * A revoked device forgets the plant at its next contact: the picture of the site, the roster, who
 * was signed in, and, once nothing of a worker's is left on it, everything else with its token.
 * What could not be sent is never wiped unasked: it can leave as a rescue file first.
 */
import { Problem } from "../push/wire";
import type { Store, StoreName } from "../store/store";
import { forget } from "./witness";

export interface LeavingParts {
  store: Store;
  identity: Store;
  /** How people call the device. */
  name(): string;
  /** Records and captures that no server has. */
  left(): number;
  /** Lets go of what is in memory too. */
  forgetPicture(): Promise<void>;
  /** Everything is gone: begin anew. */
  gone(): void;
}

const REVOKED = "device_revoked";
/** What a revoked device still needs to send, or to save, what is a worker's. */
const KEPT_FOR_WORK = new Set(["chain", "capture", "heard", "exchanges", "former", "stepsBack", "restored", "revoked", "home"]);
const ALL: StoreName[] = ["journal", "outbox", "sent", "flow", "meta", "blocks", "overlay", "rescued", "bundles"];

export class Leaving {
  /** What is left to be saved before the last of it is wiped; null on a device that may stay. */
  left: number | null = null;
  private readonly parts: LeavingParts;

  constructor(parts: LeavingParts) {
    this.parts = parts;
  }

  async load(): Promise<void> {
    if (await this.parts.store.meta<boolean>("revoked")) this.left = this.parts.left();
  }

  /** Does what only a device may that is not revoked. */
  async watch(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== REVOKED) throw error;
      await this.wipePicture();
      this.left = this.parts.left();
      if (this.left === 0) await this.finish();
      throw error;
    }
  }

  /** Wipes what is left: it was sent, or saved, or given up by whoever holds the device. */
  async finish(): Promise<void> {
    const { store, identity, name, gone } = this.parts;
    await store.keep(ALL, (tx) => {
      for (const name of ALL) void tx.objectStore(name).clear();
    });
    await identity.keep(["meta"], (tx) => void tx.objectStore("meta").clear());
    forget(name());
    gone();
  }

  private async wipePicture(): Promise<void> {
    await this.parts.store.keep(["meta", "blocks", "overlay", "flow"], async (tx) => {
      for (const name of ["blocks", "overlay", "flow"] as const) void tx.objectStore(name).clear();
      const meta = tx.objectStore("meta");
      for (const key of await meta.getAllKeys()) if (!KEPT_FOR_WORK.has(key)) void meta.delete(key);
      void meta.put(true, "revoked");
    });
    await this.parts.forgetPicture();
  }
}

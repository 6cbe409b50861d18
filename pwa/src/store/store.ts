/**
 * The device's memory in IndexedDB. The journal and the outbox are written with strict durability
 * and a write counts only when its transaction is complete: a request's success alone loses rows
 * when the browser is killed. The outbox's stores are never migrated in place.
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from "idb";

import type { Capture } from "../core/flow";
import type { Block } from "../core/replica";
import type { Bundle } from "../core/rescue";
import type { Mark, Row, Verdict } from "../core/types.gen";
import { NotRecorded } from "../engine.types";

/** One operation as it is kept; `text` holds the exact bytes of its envelope. */
export interface Kept {
  replica: string;
  seq: number;
  id: string;
  text: string;
  hash: string;
  /** The server's answer, null until it is known. */
  verdict: Verdict | null;
  /** When the acknowledgement came, by the server's clock; null while it is unsent. */
  acked: number | null;
  /** Where it stood first, when this device went on as a new replica: its verdict may name that. */
  first?: [string, number];
  /** Of what was brought in: the proof of the device that did it. */
  mark?: Mark;
}

/** A replica of another device, as a rescue brought it; its operations stand beside it. */
export interface Brought extends Omit<Bundle, "operations" | "marks"> {
  /** When it was brought in first, device time. */
  at: number;
  /** Captures that somebody has seen to. */
  seen: number[];
  /** The epoch of the server that has acknowledged it; null before the first push. */
  sentIn: number | null;
}

interface Schema extends DBSchema {
  journal: { key: number; value: Capture };
  outbox: { key: [string, number]; value: Kept };
  sent: { key: [string, number]; value: Kept; indexes: { acked: number } };
  flow: { key: string; value: { name: string; state: unknown; at: number } };
  meta: { key: string; value: unknown };
  /** Parts of the replica by hash: immutable, so that a broken download goes on where it stopped. */
  blocks: { key: string; value: Block };
  /** Rows that changed since the blocks, by kind and key. */
  overlay: { key: string; value: Row };
  /** What was brought in from other devices: never part of this one's chain. */
  rescued: { key: [string, number]; value: Kept };
  bundles: { key: string; value: Brought };
}

export type StoreName = StoreNames<Schema>;
export type Write = IDBPTransaction<Schema, StoreName[], "readwrite">;
export type Read = IDBPTransaction<Schema, StoreName[], "readonly">;

export const ALL_STORES = ["journal", "outbox", "sent", "flow", "meta", "blocks", "overlay", "rescued", "bundles"] as const satisfies StoreName[];
const VERSION = 2;
const REOPEN = new Set(["UnknownError", "InvalidStateError"]);

export class Store {
  private readonly name: string;
  private database: Promise<IDBPDatabase<Schema>> | null = null;

  constructor(name = "bincard") {
    this.name = name;
  }

  /** For journal and outbox: resolves when it is on the disk, else rejects with NotRecorded. */
  async record(stores: StoreName[], work: (tx: Write, again: boolean) => unknown): Promise<void> {
    try {
      await this.retried((again) => this.commit(stores, "strict", (tx) => work(tx, again)));
    } catch (error) {
      throw new NotRecorded("the device could not keep it", { cause: error });
    }
  }

  /** For everything that the server can tell again. */
  async keep(stores: StoreName[], work: (tx: Write) => unknown): Promise<void> {
    await this.retried(() => this.commit(stores, "relaxed", work));
  }

  async read<T>(stores: StoreName[], work: (tx: Read) => Promise<T>): Promise<T> {
    return this.retried(async () => {
      const tx = (await this.open()).transaction(stores, "readonly");
      const [found] = await Promise.all([work(tx), tx.done]);
      return found;
    });
  }

  meta<T>(key: string): Promise<T | undefined> {
    return this.read(["meta"], (tx) => tx.objectStore("meta").get(key) as Promise<T | undefined>);
  }

  setMeta(key: string, value: unknown): Promise<void> {
    return this.keep(["meta"], (tx) => tx.objectStore("meta").put(value, key));
  }

  async close(): Promise<void> {
    const database = this.database;
    this.database = null;
    (await database?.catch(() => null))?.close();
  }

  /** iOS kills the database in the background: open it again once and do the same work again. */
  private async retried<T>(work: (again: boolean) => Promise<T>): Promise<T> {
    try {
      return await work(false);
    } catch (error) {
      if (!(error instanceof Error) || !REOPEN.has(error.name)) throw error;
      await this.close();
      return work(true);
    }
  }

  private async commit(
    stores: StoreName[],
    durability: "strict" | "relaxed",
    work: (tx: Write) => unknown,
  ): Promise<void> {
    const tx = (await this.open()).transaction(stores, "readwrite", { durability });
    try {
      await work(tx);
    } catch (error) {
      tx.done.catch(() => undefined);
      abort(tx);
      throw error;
    }
    await tx.done;
  }

  private open(): Promise<IDBPDatabase<Schema>> {
    this.database ??= openDB<Schema>(this.name, VERSION, {
      upgrade: createStores,
      // Another tab with a newer build must never wait for this one.
      blocking: () => void this.close(),
      terminated: () => (this.database = null),
    }).catch((error: unknown) => {
      // A disk that was full for a moment must not be full until the page is loaded anew.
      this.database = null;
      throw error;
    });
    return this.database;
  }
}

/** Only ever adds stores: what a worker wrote is never moved about by an update. */
function createStores(database: IDBPDatabase<Schema>, version: number): void {
  if (version < 1) createFirstStores(database);
  database.createObjectStore("rescued", { keyPath: ["replica", "seq"] });
  database.createObjectStore("bundles", { keyPath: "replica" });
}

function createFirstStores(database: IDBPDatabase<Schema>): void {
  database.createObjectStore("journal", { keyPath: "id" });
  database.createObjectStore("outbox", { keyPath: ["replica", "seq"] });
  database.createObjectStore("sent", { keyPath: ["replica", "seq"] }).createIndex("acked", "acked");
  database.createObjectStore("flow", { keyPath: "name" });
  for (const name of ["meta", "blocks", "overlay"] as const) database.createObjectStore(name);
}

function abort(tx: Write): void {
  try {
    tx.abort();
  } catch {
    // It had failed by itself.
  }
}

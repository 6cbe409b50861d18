/**
 * The first picture of a site, as the app takes it, beside the same bytes written raw and the same
 * rows through Dexie: three databases of the same browser. tests/bench/bootstrap.py asks for them.
 */
import Dexie from "dexie";
import { deleteDB, openDB } from "idb";

import { SiteView } from "../src/core/site-view";
import { Feed } from "../src/feed/feed";
import { Outbox } from "../src/outbox/outbox";
import { HttpWire } from "../src/push/wire";
import { Store } from "../src/store/store";
import { Memory, REPLICA } from "./memory";

const memory = new Memory();
let view = new SiteView();

function feedOf(store: Store): Feed {
  view = new SiteView();
  const outbox = new Outbox(store, () => REPLICA, () => "", () => undefined);
  outbox.chain = { replica: REPLICA, seq: 0, prev: null };
  return new Feed({
    store, outbox, view,
    wire: new HttpWire("", () => Promise.resolve({})),
    // The roster of a bench has no verifiers to seal.
    hide: (rows) => Promise.resolve(rows),
    now: () => Date.now(),
    changed: () => undefined,
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** From the first question to the picture that a screen can show. */
async function app(): Promise<number> {
  await deleteDB("app");
  const store = new Store("app");
  await store.setMeta("opened", true);
  const ms = await timed(() => feedOf(store).run());
  await store.close();
  return ms;
}

/** The next start: the same picture from the disk. */
async function again(): Promise<number> {
  const store = new Store("app");
  await store.meta("opened");
  const ms = await timed(() => feedOf(store).load());
  await store.close();
  return ms;
}

/** The least that anybody could do: each part as it came, in a transaction of its own. */
async function raw(): Promise<number> {
  await deleteDB("raw");
  const database = await openDB("raw", 1, { upgrade: (fresh) => void fresh.createObjectStore("bytes") });
  const ms = await timed(async () => {
    for (const [number, bytes] of memory.chunks.entries()) {
      const tx = database.transaction("bytes", "readwrite", { durability: "relaxed" });
      void tx.store.put(bytes, number);
      await tx.done;
    }
  });
  database.close();
  return ms;
}

/** `indexes` as Dexie writes them: the first is the key. */
async function dexie(indexes: string): Promise<number> {
  await Dexie.delete("dexie");
  const database = new Dexie("dexie", { chromeTransactionDurability: "relaxed" });
  database.version(1).stores({ holding: indexes });
  await database.open();
  const rows = [...view.replica.holdings.rows()];
  const ms = await timed(() => database.table("holding").bulkPut(rows));
  database.close();
  return ms;
}

const bench = {
  async prepare(token: string): Promise<{ parts: number; bytes: number }> {
    await memory.fill({ Authorization: `Bearer ${token}` });
    return { parts: memory.chunks.length, bytes: memory.chunks.reduce((sum, one) => sum + one.byteLength, 0) };
  },
  app, again, raw, dexie,
  rows: () => [...view.replica.holdings.rows()].length,
  /** Bytes of the picture alone, after a collection. */
  async memory(): Promise<number> {
    memory.forget();
    const { measureUserAgentSpecificMemory: measure } = performance as unknown as {
      measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
    };
    return (await measure.call(performance)).bytes;
  },
};
export type Bench = typeof bench;
Object.assign(globalThis, { bench });

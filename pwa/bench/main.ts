/**
 * The first picture of a site, as the app takes it, beside the same bytes written raw and the same
 * rows through Dexie: three databases of the same browser. tests/bench/bootstrap.py asks for them.
 */
import Dexie from "dexie";
import { deleteDB, openDB } from "idb";

import { SiteView } from "../src/core/site-view";
import { itemOf } from "../src/core/stock";
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
    // Nobody signs in to a bench.
    saw: () => Promise.resolve(),
    now: () => Date.now(),
    changed: () => undefined,
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** What a screen asks first: a place, and an item. */
function shown(): number {
  const [{ place, key } = { place: "", key: "" }] = view.replica.holdings.rows();
  return view.at(place).length + view.of(itemOf(key)).length;
}

async function ready(work: Promise<unknown>): Promise<void> {
  await work;
  if (!shown()) throw new Error("the picture is empty");
}

/** From the first question to the picture that a screen can show. */
async function app(): Promise<number> {
  await deleteDB("app");
  const store = new Store("app");
  await store.setMeta("opened", true);
  const ms = await timed(() => ready(feedOf(store).run()));
  await store.close();
  return ms;
}

/** The next start: the same picture from the disk. */
async function again(): Promise<number> {
  const store = new Store("app");
  await store.meta("opened");
  const ms = await timed(() => ready(feedOf(store).load()));
  await store.close();
  return ms;
}

/** The least that anybody could do: the parts as they came, so many in a transaction. */
async function raw(atOnce: number): Promise<number> {
  await deleteDB("raw");
  const database = await openDB("raw", 1, { upgrade: (fresh) => void fresh.createObjectStore("bytes") });
  const ms = await timed(async () => {
    for (let first = 0; first < memory.chunks.length; first += atOnce) {
      const tx = database.transaction("bytes", "readwrite", { durability: "relaxed" });
      for (const [n, bytes] of memory.chunks.slice(first, first + atOnce).entries()) void tx.store.put(bytes, first + n);
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

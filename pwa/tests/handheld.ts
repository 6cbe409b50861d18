/** A handheld without a page: the real store, outbox, push and feed against any wire. */
import "fake-indexeddb/auto";
import type { Draft } from "../src/core/flow";
import { operationId } from "../src/core/hashing";
import { SiteView } from "../src/core/site-view";
import type { Key } from "../src/core/types.gen";
import { Feed } from "../src/feed/feed";
import { ownDecisions } from "../src/feed/own-decisions";
import type { Operation } from "../src/outbox/operation";
import type { Context } from "../src/outbox/operation";
import { Outbox } from "../src/outbox/outbox";
import { Push } from "../src/push/push";
import type { Wire } from "../src/push/wire";
import { Store } from "../src/store/store";

let made = 0;

export const KEY: Key = { item: "BE-2908", lot: { code: "K0902" } };
export const KEY_TEXT = '["BE-2908",["K0902",null,null],null,"ok",null]';

export class Handheld {
  readonly name: string;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly push: Push;
  readonly feed: Feed;
  readonly view = new SiteView();
  wall = 500_000;
  segment = "0-s1";

  constructor(wire: Wire, name = `handheld-${++made}`) {
    this.name = name;
    this.store = new Store(name);
    this.outbox = new Outbox(this.store, newReplica, () => operationId(this.wall, randomBytes(), name));
    this.push = new Push({
      store: this.store, outbox: this.outbox, wire,
      clock: { now: () => this.wall, segment: () => this.segment },
      site: () => "FACTORY",
      cursor: () => this.feed.position.cursor || "0",
      context: () => this.context(),
      decided: (common) => ownDecisions(this.view.replica, common),
    });
    this.feed = new Feed({
      store: this.store, outbox: this.outbox, view: this.view, wire,
      saw: () => Promise.resolve(), now: () => this.wall, changed: () => undefined,
      restored: () => this.push.run(false, true),
    });
  }

  static async on(wire: Wire, name?: string): Promise<Handheld> {
    const handheld = new Handheld(wire, name);
    await handheld.outbox.load();
    await handheld.push.load();
    await handheld.feed.load();
    return handheld;
  }

  /** SIGKILL and a restart: only what is on the disk comes back. */
  async restarted(wire: Wire): Promise<Handheld> {
    await this.store.close();
    return Handheld.on(wire, this.name);
  }

  /** Another machine with a copy of this profile: it goes on under the same replica. */
  async copied(wire: Wire): Promise<Handheld> {
    const copy = new Handheld(wire);
    const stores = ["meta", "outbox", "sent"] as const;
    for (const name of stores) {
      const [keys, rows] = await this.store.read([name], (tx) => {
        const store = tx.objectStore(name);
        return Promise.all([store.getAllKeys(), store.getAll()]);
      });
      await copy.store.keep([name], (tx) => {
        const store = tx.objectStore(name);
        rows.forEach((row, n) => void (store.keyPath === null ? store.put(row, keys[n]) : store.put(row)));
      });
    }
    await copy.outbox.load();
    await copy.push.load();
    await copy.feed.load();
    return copy;
  }

  context(): Context {
    return { site: "FACTORY", actor: "1001", wall: ++this.wall, mono: 1.5, segment: this.segment, base: null, app: "test" };
  }

  async scan(raw: string): Promise<number> {
    return (await this.outbox.capture({ raw, source: "wedge", symbology: null, wall: ++this.wall, segment: this.segment })).id;
  }

  async receive(quantity: number, to = "DOCK", captures: number[] = []): Promise<Operation> {
    const did = { verb: "receive", key: KEY, quantity, from: { location: "supplier/1580" }, to: { location: to } } as const;
    const draft: Draft = { did, task: null, assumed: [], captures, consent: null };
    const [operation] = await this.outbox.write([draft], null, this.context());
    this.feed.refold();
    if (!operation) throw new Error("nothing was written");
    return operation;
  }

  async sync(): Promise<void> {
    await this.push.run();
    await this.feed.run();
    if (this.push.isOfAnOldEpoch) await this.sync();
  }

  shown(place = "DOCK"): number {
    return this.view.holding(place, KEY_TEXT);
  }
}

function newReplica(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(6));
}

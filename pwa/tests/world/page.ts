/**
 * One page of the shipped app, without its screens: the world calls what a screen would call, and
 * looks at what a screen would show. Bundled from the sources each time, with `idb` as disk.ts.
 */
import { DeviceEngine } from "../../src/engine";
import type { Draft } from "../../src/core/flow";
import type { Replica } from "../../src/core/replica";
import { isVirtual, keyOf, placeText } from "../../src/core/stock";
import type { Place } from "../../src/core/types.gen";
import type { Feed } from "../../src/feed/feed";
import type { Outbox } from "../../src/outbox/outbox";
import type { Operation } from "../../src/outbox/operation";
import type { Push } from "../../src/push/push";
import type { DeviceClock } from "../../src/device/clock";
import type { Effect } from "./port.ts";

/** What the checker may look at behind the door. */
interface Inside {
  app: string;
  outbox: Outbox;
  push: Push;
  feed: Feed;
  clock: DeviceClock;
}

const engine = new DeviceEngine({ origin: "", app: "simulation" });
const inside = engine as unknown as Inside;
let shown = "";

export const calls: Record<string, (given: never) => Promise<unknown>> = {
  open: () => engine.start(),
  enrol: (code: string) => engine.enrol(code),
  signIn: (person: string) => engine.signIn({ person }, "0000"),
  leave: () => engine.signOut(),
  capture: (raw: string) => engine.capture(raw, "wedge", null),
  /** `mark` is how the worker finds it again on the outbox screen. */
  async write({ draft, mark }: { draft: Draft; mark: string }) {
    inside.app = `simulation${mark}`;
    const [made] = await engine.write([draft], null);
    return made && keptOf(inside.outbox.find(made.id));
  },
};

export const asks: Record<string, (given: never) => unknown> = {
  clock: () => inside.clock.read(),
  state: () => ({
    unsent: inside.outbox.unsent.map(({ replica, seq, id }) => [replica, seq, id]),
    heard: inside.push.heard,
    cursor: inside.feed.position.cursor,
  }),
  rows: (kind: string) => [...tableOf(kind).live()].map(([, , row]) => row),
  replica: () => rowsOf(engine.view.replica),
  screen: () => {
    const stock = [...engine.view.replica.holdings.rows()].map(({ place, key, quantity }) => [place, key, quantity] as const);
    const rows = inside.outbox.operations.map((row) => [row.id, row.body.did, inside.feed.covers(row)] as const);
    const named = rows.flatMap(([, did]) => ["from", "to", "place"].flatMap((end) => (did as unknown as Record<string, unknown>)[end] ?? []));
    const places = new Set([...stock.map(([place]) => place), ...named.map((place) => placeText(place as Place))]);
    const real = [...places].filter((place) => !isVirtual(place));
    return { stock, rows, shown: real.flatMap((place) => engine.view.at(place).map(({ key, quantity }) => [place, key, quantity])) };
  },
};

/** What changed on the screen since it was last looked at. */
export function looked(): Effect[] {
  const { cursor, scope } = inside.feed.position;
  if (cursor === shown) return [];
  shown = cursor;
  const rows = inside.outbox.operations.map((row) => [row.replica, row.seq, row.id, row.hash, inside.feed.covers(row)]);
  return [{ kind: "page", cursor, sound: String(engine.view.replica.scope) === scope, rows }];
}

export function person(): boolean {
  return engine.status.person !== null;
}

function keptOf(row: Operation | undefined): unknown {
  return row && { replica: row.replica, seq: row.seq, id: row.id, text: row.text, hash: row.hash };
}

interface AnyTable {
  live(): Iterable<[key: string, version: number, payload: unknown]>;
}

function tableOf(kind: string): AnyTable {
  return (engine.view.replica.tables as unknown as Record<string, AnyTable>)[kind] ?? { live: () => [] };
}

function rowsOf(replica: Replica): unknown[] {
  const stock = [...replica.holdings.rows()].map(({ place, key, quantity, version }) => [
    "holding", JSON.stringify([place, key]), version, { place, key, item: keyOf(key).item, quantity }]);
  return [...stock, ...Object.keys(replica.tables).flatMap((kind) => [...tableOf(kind).live()].map((row) => [kind, ...row]))];
}

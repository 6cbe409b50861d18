/** A rescue: what one device could not send, another one brings, once and as it was. */
import { describe, expect, it } from "vitest";
import { bodyOf } from "../src/core/envelope";
import { collect, missingOf, partIn, partsOf, readRescue, rescueText, type Bundle, type Collected } from "../src/core/rescue";
import { markKey, markOf } from "../src/core/hashing";
import type { Body, Envelope } from "../src/core/types.gen";
import { Problem } from "../src/push/wire";
import { Rescues } from "../src/rescue/rescue";
import { FakeServer } from "./fake-server";
import { Handheld, KEY_TEXT } from "./handheld";

let numbers = 0;

/** A handheld with its door to rescues. */
async function equipped(handheld: Handheld, site = "FACTORY"): Promise<Rescues> {
  const rescues = new Rescues({
    store: handheld.store, outbox: handheld.outbox, push: handheld.push,
    wire: handheld.push["parts"].wire,
    clock: { now: () => handheld.wall, segment: () => "s1" },
    device: () => ({ device: handheld.name, name: handheld.name, site }),
    site: () => site, token: () => Promise.resolve("bc1.d1.FACTORY.token"),
    context: () => handheld.context(),
    cursor: () => "1.0.h.m",
    newReplica: () => (++numbers).toString(16).padStart(32, "0"),
    newId: () => `id-${++numbers}`,
    written: (operation) => ({ id: operation.id, seq: operation.seq }) as never,
    changed: () => undefined, wake: () => undefined,
  });
  await rescues.load();
  return rescues;
}

/** A handheld that cannot send, and one that can. */
async function broken(server: FakeServer, quantities: number[]): Promise<{ from: Handheld; out: Rescues; to: Handheld; in_: Rescues }> {
  const from = await Handheld.on(server);
  for (const quantity of quantities) await from.receive(quantity);
  const to = await Handheld.on(server);
  return { from, out: await equipped(from), to, in_: await equipped(to) };
}

const bundleOf = (text: string): Bundle => readRescue(text, "FACTORY")[0] as Bundle;
const carried = (server: FakeServer): unknown[] => server.pushes.map((push) => (push as unknown as { carrier: unknown }).carrier);

async function scanned(codes: string[], into: Rescues): Promise<number | null> {
  let brought: number | null = null;
  for (const code of codes) brought = (await into.scan(code))?.brought ?? null;
  return brought;
}

describe("a rescue file", () => {
  it("holds the exact bytes, the captures, and what the server had last", async () => {
    const server = new FakeServer();
    const { from, out } = await broken(server, [5]);
    await from.push.run();
    const { text } = await from.receive(7);
    await from.scan("06-B-10");
    const bundle = bundleOf(await (await out.file()).text());
    expect(bundle.operations).toEqual([text]);
    expect(bundle.captures.map(({ raw }) => raw)).toEqual(["06-B-10"]);
    expect([bundle.site, bundle.replica, bundle.name, bundle.epoch]).toEqual(["FACTORY", from.outbox.chain.replica, from.name, 1]);
    expect(bundle.acked[0]).toBe(1);
    expect(bundle.exchanges.length).toBeGreaterThan(0);
  });

  it.each([
    ["is of another kind", "not_a_rescue", () => '{"a":1}'],
    ["was cut", "damaged", (text: string) => text.slice(0, -9)],
    ["was changed", "damaged", (text: string) => text.replace('\\"quantity\\":5', '\\"quantity\\":6')],
    ["lost a link of its chain", "damaged", (text: string) => {
      const bundle = bundleOf(text);
      return rescueText([{ ...bundle, operations: [bundle.operations[0] ?? "", (bundle.operations[1] ?? "").replace(/"prev":"[^"]*"/, `"prev":"${"0".repeat(64)}"`)] }]);
    }],
    ["is of another site", "other_site", (text: string) => rescueText([{ ...bundleOf(text), site: "ELSEWHERE" }])],
  ])("that %s is not brought in", async (_, fault, spoil) => {
    const { out, in_ } = await broken(new FakeServer(), [5, 6]);
    const text = spoil(await (await out.file()).text());
    await expect(in_.bring(text)).rejects.toMatchObject({ fault });
    expect(in_.list).toEqual([]);
  });
});

describe("a series of codes", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(1_000));

  it("comes together in any order, and says what is missing", () => {
    const codes = partsOf(bytes);
    expect(codes.length).toBe(4);
    const parts = [2, 0, 3].map((index) => partIn(codes[index] ?? ""));
    let collected: Collected | null = null;
    for (const part of parts) collected = part && collect(collected, part);
    expect(missingOf(collected as Collected)).toEqual([2]);
  });

  it("is letters and digits that any scanner types, in either case", () => {
    const [code = ""] = partsOf(bytes);
    expect(code).toMatch(/^[A-Z0-9-]+$/);
    expect(code.length).toBeLessThan(528);
    expect(partIn(code.toLowerCase())).toEqual(partIn(code));
  });

  it("takes no code that was read wrong", () => {
    const [code = ""] = partsOf(bytes);
    expect(partIn(code.slice(0, -1))).toBeNull();
    expect(partIn(code.replace(/(.)(.)$/, (_, one: string, two: string) => two + (one === two ? "A" : one)))).toBeNull();
  });

  it("carries a whole shift", async () => {
    const { from, out, in_ } = await broken(new FakeServer(), Array<number>(60).fill(1));
    await from.scan("left over");
    const codes = await out.codes();
    expect(codes.length).toBeLessThan(20);
    expect(await scanned([...codes].reverse(), in_)).toBe(60);
    expect(in_.list[0]?.captures.map(({ raw }) => raw)).toEqual(["left over"]);
  });
});

describe("what was brought in", () => {
  it("is sent as the replica that it is, and never mixes with this device's own", async () => {
    const server = new FakeServer();
    const { from, out, to, in_ } = await broken(server, [5, 7]);
    await to.receive(1);
    expect(await in_.bring(await (await out.file()).text())).toBe(2);
    expect([to.outbox.unsent.length, in_.waiting.length]).toEqual([1, 2]);
    await in_.run();
    const push = server.pushes.at(-1) as unknown as { replica: string; device: string; echo: number };
    expect([push.replica, push.device, push.echo]).toEqual([from.outbox.chain.replica, from.name, 0]);
    expect(carried(server)).toEqual([to.outbox.chain.replica]);
    expect([server.holding("DOCK", KEY_TEXT), in_.waiting.length]).toEqual([12, 0]);
  });

  it("does nothing twice: not in a second device, not when its own comes back", async () => {
    const server = new FakeServer();
    const { from, out, in_ } = await broken(server, [5, 7]);
    const text = await (await out.file()).text();
    const third = await equipped(await Handheld.on(server));
    await in_.bring(text);
    expect(await in_.bring(text)).toBe(0);
    await third.bring(text);
    await in_.run();
    await third.run();
    await from.sync();
    expect([server.holding("DOCK", KEY_TEXT), from.outbox.unsent.length, third.waiting.length]).toEqual([12, 0, 0]);
  });

  it("survives a kill, and what was seen to does not come back with the same file", async () => {
    const server = new FakeServer();
    const { from, out, to, in_ } = await broken(server, [5]);
    await from.scan("06-B-10");
    const text = await (await out.file()).text();
    await in_.bring(text);
    const [rescue] = in_.list;
    await in_.see(rescue?.replica ?? "", rescue?.captures[0] as never);
    const again = await equipped(await to.restarted(server));
    await again.bring(text);
    expect([again.waiting.length, again.list[0]?.captures]).toEqual([1, []]);
  });

  it("loses nothing when two codes are seen to at once, and while their records go", async () => {
    const server = new FakeServer();
    const { from, out, to, in_ } = await broken(server, [5]);
    await from.scan("06-B-10");
    await from.scan("06-B-11");
    await in_.bring(await (await out.file()).text());
    const [rescue] = in_.list;
    const [first, second] = rescue?.captures ?? [];
    const see = (capture: unknown): Promise<void> => in_.see(rescue?.replica ?? "", capture as never);
    await Promise.all([see(first), in_.run(), see(second)]);
    const again = await equipped(await to.restarted(server));
    expect([again.waiting.length, again.list[0]?.captures]).toEqual([0, []]);
  });

  it("is in the rescue of the device that carries it", async () => {
    const { out, in_ } = await broken(new FakeServer(), [5]);
    await in_.bring(await (await out.file()).text());
    const third = await equipped(await Handheld.on(new FakeServer()));
    expect(await third.bring(await (await in_.file()).text())).toBe(1);
  });

  it("is nothing on the device whose outbox still has it", async () => {
    const { from, out } = await broken(new FakeServer(), [5]);
    await from.scan("06-B-10");
    expect(await out.bring(await (await out.file()).text())).toBe(0);
    expect(out.list.flatMap(({ captures }) => captures)).toEqual([]);
  });

  it("goes on behind a hole that this rescue cannot fill, and says so", async () => {
    const server = new FakeServer();
    const { from, out, in_ } = await broken(server, [1, 2, 3]);
    const bundle = bundleOf(await (await out.file()).text());
    await in_.bring(rescueText([{ ...bundle, operations: bundle.operations.slice(2) }]));
    await in_.run();
    const bodies = (server.chains.get(from.outbox.chain.replica) ?? []).filter(({ text }) => text).map(({ text }) => JSON.parse(bodyOf(text)) as Body);
    expect([...new Set(bodies.map(({ did }) => did.verb))]).toEqual(["lost", "receive"]);
    expect(in_.waiting.length).toBe(0);
  });

  it("goes on under a new replica with the same ids where the server has another history", async () => {
    const server = new FakeServer();
    const { from, out, in_ } = await broken(server, [5]);
    const text = await (await out.file()).text();
    const other = await Handheld.on(server);
    other.outbox.chain = { ...from.outbox.chain, seq: 0, prev: null };
    await other.receive(50);
    await other.push.run();
    await in_.bring(text);
    await in_.run();
    expect([server.holding("DOCK", KEY_TEXT), in_.waiting.length]).toEqual([55, 0]);
    const [id] = from.outbox.unsent.map((row) => row.id);
    const again = [...server.chains].find(([replica]) => replica !== from.outbox.chain.replica)?.[1] ?? [];
    expect(again.map(({ text }) => (JSON.parse(text) as Envelope & { body: Body }).body.id)).toEqual([id]);
  });

  it("of a cloned profile is kept whole, though both count the same numbers", async () => {
    const { from, out, in_ } = await broken(new FakeServer(), [5]);
    const clone = await Handheld.on(new FakeServer());
    clone.outbox.chain = { ...from.outbox.chain, seq: 0, prev: null };
    await clone.receive(50);
    await in_.bring(await (await out.file()).text());
    expect(await in_.bring(await (await (await equipped(clone)).file()).text())).toBe(1);
    expect(in_.waiting.length).toBe(2);
  });

  it("is sent again to a server that was restored", async () => {
    const server = new FakeServer();
    const { out, to, in_ } = await broken(server, [5, 7]);
    await in_.bring(await (await out.file()).text());
    await in_.run();
    server.restore(0);
    await to.sync();
    await in_.run();
    expect(in_.waiting.length).toBe(0);
    expect(server.holding("DOCK", KEY_TEXT)).toBe(12);
  });

  it("that the server does not take waits, and holds nothing else up", async () => {
    const server = new FakeServer();
    const { out, in_ } = await broken(server, [5]);
    await in_.bring(await (await out.file()).text());
    server.refuses = new Problem(403, { detail: "This device was revoked." }, null);
    await in_.run();
    expect(in_.list.map(({ problem, unsent }) => [problem, unsent])).toEqual([["This device was revoked.", 1]]);
  });
});

/** HMAC-SHA-256, computed by Python: tests/server/test_rescues.py holds the two together. */
const KNOWN = { replica: "a".repeat(32), seq: 7, body: '{"v":1}', mark: "bc61becffc0ce568e7f439d3" };

describe("the marks of a rescue", () => {
  it("are those that the server computes from the token", () => {
    expect(markOf(markKey("bc1.d1.FACTORY.token", KNOWN.replica), KNOWN.seq, KNOWN.body)).toBe(KNOWN.mark);
  });

  it("go with every record, and further with whoever carries it on", async () => {
    const { out, in_ } = await broken(new FakeServer(), [5, 7]);
    const first = bundleOf(await (await out.file()).text());
    await in_.bring(rescueText([first]));
    const [, second] = readRescue(await (await in_.file()).text(), "FACTORY");
    expect(first.marks).toHaveLength(2);
    expect(second?.marks).toEqual(first.marks);
  });

  it("go to the server beside the records, also when only some of them are new", async () => {
    const server = new FakeServer();
    const { out, in_ } = await broken(server, [5, 7]);
    const whole = bundleOf(await (await out.file()).text());
    await in_.bring(rescueText([{ ...whole, operations: whole.operations.slice(0, 1), marks: whole.marks!.slice(0, 1) }]));
    await in_.bring(rescueText([whole]));
    await in_.run();
    expect((server.pushes.at(-1) as unknown as { marks: unknown }).marks).toEqual(whole.marks);
  });

  it("are missing in a rescue of an app of before: it goes to the supervisors as nobody's, under the same ids", async () => {
    const server = new FakeServer();
    const { from, out, in_ } = await broken(server, [5, 7]);
    const { marks: _, ...old } = bundleOf(await (await out.file()).text());
    await in_.bring(rescueText([old]));
    const { post } = server;
    server.post = async <T,>(path: string, text: string): Promise<T> => {
      if ((JSON.parse(text) as { device: string | null }).device !== null) throw new Problem(403, { code: "rescue_unsigned" }, null);
      return post.call(server, path, text) as Promise<T>;
    };
    await in_.run();
    expect([in_.waiting.length, server.chains.has(from.outbox.chain.replica)]).toEqual([0, false]);
    expect(server.pushes.map(({ operations }) => operations.map(({ body }) => (body as Body).id))).toEqual([from.outbox.unsent.map(({ id }) => id)]);
  });
});

describe("a device whose records a rescue brought further than its own push", () => {
  it("counts as sent only what went with the push", async () => {
    const server = new FakeServer();
    const from = await Handheld.on(server);
    const [first] = [await from.receive(1), await from.receive(2), await from.receive(3)];
    server.bytesMax = first.text.length + 600;
    const { post } = server;
    server.post = async <T,>(path: string, text: string): Promise<T> => {
      const told = await post.call(server, path, text) as { acked: [number, string | null] };
      return { ...told, acked: [3, null] } as T;
    };
    await from.push.run();
    expect([from.outbox.unsent.length, server.holding("DOCK", KEY_TEXT)]).toEqual([0, 6]);
  });
});

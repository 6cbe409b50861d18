/** [E1, E2, E3] Journal and outbox: what was scanned is kept, in order, or the worker is told that it is not. */
import { describe, expect, it } from "vitest";
import { bodyOf, EnvelopeTooLarge } from "../src/core/envelope";
import { sha256Hex } from "../src/core/hashing";
import type { Body, Envelope } from "../src/core/types.gen";
import { NotRecorded } from "../src/engine.types";
import { FakeServer } from "./fake-server";
import { Handheld, KEY } from "./handheld";

/** A shift, as a start reads it back. */
const SHIFT = 500;
const ten = [...Array(10).keys()];

describe("the scan journal", () => {
  it("keeps ten captures of one second in their order", async () => {
    const handheld = await Handheld.on(new FakeServer());
    await Promise.all(ten.map((n) => handheld.scan(`CODE-${n}`)));
    const again = await handheld.restarted(new FakeServer());
    expect([...again.outbox.captures.values()].map(({ raw }) => raw)).toEqual(ten.map((n) => `CODE-${n}`));
  });

  it("keeps the clock segment of a scan that its operation was not written in", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const taken = await handheld.scan("06-B-10");
    handheld.segment = "0-s2";
    const { body } = await handheld.receive(1, "DOCK", [taken, await handheld.scan("DOCK")]);
    expect(body.segment).toBe("0-s2");
    expect(body.scans?.map(({ segment }) => segment)).toEqual(["0-s1", undefined]);
  });

  it("gives an operation as many scans of long labels as its envelope holds, the last ones", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const label = (n: number): string => `[)>06-P-${"9".repeat(400)}-${n}`;
    const ids = await Promise.all([...Array(200).keys()].map((n) => handheld.scan(label(n))));
    const { body, text } = await handheld.receive(1, "DOCK", ids);
    expect(body.scans?.at(-1)?.raw).toBe(label(199));
    expect(body.scans?.length).toBeGreaterThan(50);
    expect(text.length).toBeLessThan(48 * 1024);
  });

  it("brings back a capture whose browser was killed before the operation was written", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const id = await handheld.scan("06-B-10");
    const again = await handheld.restarted(new FakeServer());
    expect([...again.outbox.captures.keys()]).toEqual([id]);
    expect(again.outbox.operations).toEqual([]);
  });

  it("gives no number twice after captures were consumed", async () => {
    const handheld = await Handheld.on(new FakeServer());
    await handheld.scan("A");
    const second = await handheld.scan("B");
    await handheld.receive(1, "DOCK", [second]);
    expect(await handheld.scan("C")).toBeGreaterThan(second);
  });

  it("gives no number twice after a restart either, when nothing is left in it", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const [first, second] = [await handheld.scan("A"), await handheld.scan("B")];
    await handheld.receive(1, "DOCK", [first]);
    await handheld.outbox.drop(second);
    const again = await handheld.restarted(new FakeServer());
    expect(await again.scan("C")).toBeGreaterThan(second);
  });

  it("says that nothing was recorded when the disk is full", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const full = (): never => {
      throw new DOMException("full", "QuotaExceededError");
    };
    await expect(handheld.store.record(["journal"], full)).rejects.toBeInstanceOf(NotRecorded);
    await expect(handheld.scan("after")).resolves.toBeGreaterThan(0);
  });

  it("opens the database again when the system closed it, and keeps the scan", async () => {
    const handheld = await Handheld.on(new FakeServer());
    (await handheld.store["open"]()).close();
    await handheld.scan("06-B-10");
    expect(handheld.outbox.captures.size).toBe(1);
  });
});

describe("an operation", () => {
  it("carries the raw scans that made it, consumes them and leaves the others", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const [used, left] = [await handheld.scan("]C110K0902"), await handheld.scan("later")];
    const { text } = await handheld.receive(5, "DOCK", [used]);
    const { scans } = JSON.parse(bodyOf(text)) as Body;
    expect(scans?.map(({ raw }) => raw)).toEqual(["]C110K0902"]);
    const again = await handheld.restarted(new FakeServer());
    expect([...again.outbox.captures.keys()]).toEqual([left]);
    expect(again.outbox.unsent.map((row) => row.text)).toEqual([text]);
  });

  it("hangs on the hash of all bytes of the one before it", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const [first, second] = [await handheld.receive(1), await handheld.receive(2)];
    expect((JSON.parse(second.text) as Envelope).link).toEqual({ replica: first.replica, seq: 2, prev: sha256Hex(first.text) });
  });

  it("continues its chain after a restart", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const first = await handheld.receive(1);
    const again = await handheld.restarted(new FakeServer());
    const second = await again.receive(2);
    expect([second.replica, second.seq]).toEqual([first.replica, 2]);
  });

  it("stores its state of the flow in the same transaction", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const draft = { did: { verb: "produce", key: KEY, quantity: 1, to: { location: "A" } } as const, task: null, assumed: [], captures: [], consent: null };
    await handheld.outbox.write([draft], { name: "receive", state: { line: 2 }, at: 1 }, handheld.context());
    const again = await handheld.restarted(new FakeServer());
    expect(again.outbox.flows.get("receive")?.state).toEqual({ line: 2 });
  });

  it("larger than 64 KB is refused before anything is written", async () => {
    const handheld = await Handheld.on(new FakeServer());
    const line = { key: KEY, quantity: 1, first_wall: 1, last_wall: 2, segment: "s".repeat(60) };
    const did = { verb: "count", place: { location: "A" }, scope: "place", count_id: "c", opened_wall: 1, lines: Array(500).fill(line) } as const;
    const draft = { did: { ...did, lines: [...did.lines] }, task: null, assumed: [], captures: [], consent: null };
    await expect(handheld.outbox.write([draft], null, handheld.context())).rejects.toBeInstanceOf(EnvelopeTooLarge);
    expect((await handheld.receive(1)).seq).toBe(1);
  });
});

it("a page that stays open for weeks remembers no more than one that is opened anew", async () => {
  const handheld = await Handheld.on(new FakeServer());
  for (let n = 0; n < SHIFT + 5; n++) await handheld.receive(1);
  await handheld.outbox.acknowledge([SHIFT + 5, null], [], 1);
  const unsent = await handheld.receive(1);
  await handheld.outbox.prune(() => false);
  expect(handheld.outbox.operations).toHaveLength(SHIFT + 1);
  expect(handheld.outbox.unsent.map(({ id }) => id)).toEqual([unsent.id]);
});

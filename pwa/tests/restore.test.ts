/** The server was restored from a backup: the device sends again what it kept, by itself. */
import { describe, expect, it } from "vitest";
import { seal } from "../src/core/envelope";
import { ownDecisions } from "../src/feed/own-decisions";
import { datedOf } from "../src/push/restored";
import type { Operation } from "../src/outbox/operation";
import { FakeServer } from "./fake-server";
import { Handheld } from "./handheld";

async function worked(records: number): Promise<{ server: FakeServer; handheld: Handheld }> {
  const server = new FakeServer();
  const handheld = await Handheld.on(server);
  for (let n = 1; n <= records; n++) await handheld.receive(n);
  await handheld.sync();
  return { server, handheld };
}

describe("a restored server", () => {
  it("hears how far the one before had acknowledged, until this device has brought it that far", async () => {
    const { server, handheld } = await worked(3);
    server.restore(1);
    await handheld.receive(4);
    await handheld.sync();
    const told = server.pushes.filter((push) => push.epoch === 2);
    expect(told.map((push) => (push as { had?: number }).had)).toEqual(told.map(() => 3));
    expect(handheld.shown()).toBe(10);
  });

  it("is said quietly on the screen: what is on its way, and that it is done", async () => {
    const { server, handheld } = await worked(3);
    server.restore(1);
    expect(handheld.push.restored.note([], handheld.wall)).toBeNull();
    await handheld.sync();
    const note = handheld.push.restored.note(handheld.outbox.unsent, handheld.wall);
    expect(note).toMatchObject({ again: 2, left: 0 });
    expect(handheld.push.restored.note([], handheld.wall + 13 * 3_600_000)).toBeNull();
  });

  it("gets everything when the device was killed in the middle of sending again", async () => {
    const { server, handheld } = await worked(3);
    server.restore(0);
    const post = server.post.bind(server);
    let asked = 0;
    server.post = (path, text) => {
      // The answer that tells of the new epoch comes through, then the network goes.
      server.isAway = ++asked > 1;
      return post(path, text);
    };
    await expect(handheld.push.run(false, true)).rejects.toThrow("no network");
    server.post = post;
    server.isAway = false;
    const again = await handheld.restarted(server);
    await again.sync();
    expect(again.push.restored.now).toMatchObject({ had: 3, again: 3 });
    expect(server.holding("DOCK", '["BE-2908",["K0902",null,null],null,"ok",null]')).toBe(6);
  });

  it("gets what was sent under a replica of before too, named as it stood first", async () => {
    const { server, handheld } = await worked(2);
    const first = handheld.outbox.chain.replica;
    await handheld.outbox.fork(2);
    await handheld.receive(3);
    await handheld.sync();
    server.restore(0);
    server.chains.clear();
    await handheld.sync();
    const dated = server.pushes.at(-2)!.dated;
    expect(dated.map((one) => one.first)).toEqual([undefined, [first, 1], [first, 2]]);
    expect(server.holding("DOCK", '["BE-2908",["K0902",null,null],null,"ok",null]')).toBe(6);
    await handheld.sync();
    expect(handheld.outbox.unsent).toEqual([]);
    expect(handheld.shown()).toBe(6);
  });

  it("that nobody has told it is one shows in what it acknowledges", async () => {
    const { server, handheld } = await worked(3);
    server.restore(1);
    server.epoch = 1;
    await handheld.push.run(false, true);
    expect(server.chains.get(handheld.outbox.chain.replica)?.length).toBe(3);
  });
});

describe("a verdict that is sent again", () => {
  const told = (verdict: object): object | undefined =>
    datedOf({ id: "o1", verdict: { id: "o1", times: { own: 1 }, u: 1, trust: "high", seal: "1.x", flags: [], ...verdict } } as unknown as Operation)[0];

  it.each([
    ["a flagged one was posted", { outcome: "flagged", flags: [{ code: "NEGATIVE", discrepancy: "d" }] }, { outcome: "posted" }],
    ["a parked one says under which code", { outcome: "parked", flags: [{ code: "NOT_UNDERSTOOD", discrepancy: "d" }] }, { outcome: "parked", why: "NOT_UNDERSTOOD" }],
    ["a refused one says why", { outcome: "refused", reason: "stale" }, { outcome: "refused", why: "stale" }],
  ])("%s", (_, verdict, expected) => {
    expect(told(verdict)).toMatchObject(expected);
  });
});

describe("what the server had approved by itself", () => {
  const line = { operation: "c1", line: 0, key: "k", item: "i", counted: 9, expected: 9, count_id: "c", place: "A", state: "approved" };

  it("is brought back by a device that knew of it, before the new picture takes the place of the old", async () => {
    const { server, handheld } = await worked(1);
    const before = server.seq;
    server.tell("variance", '["c1",0]', { ...line, decided: "server/1/9/abc" });
    server.tell("variance", '["c1",1]', { ...line, line: 1, decided: "desk-1" });
    await handheld.sync();
    expect(ownDecisions(handheld.view.replica, before)).toEqual([{ id: "server/1/9/abc", count_id: "c", lines: [["c1", 0, "k", 9, 9]] }]);
    expect(ownDecisions(handheld.view.replica, server.seq)).toEqual([]);
    server.restore(1);
    await handheld.feed.run();
    await handheld.sync();
    const told = server.pushes.flatMap((push) => (push as { decided?: unknown[] }).decided ?? []);
    expect(told).toEqual([{ id: "server/1/9/abc", count_id: "c", lines: [["c1", 0, "k", 9, 9]] }]);
    expect(handheld.push.restored.owes).toBe(false);
  });

  it("gets what a copy of this device has taken the number of: nothing of ours is thought to be there", async () => {
    const { server, handheld } = await worked(2);
    server.restore(1);
    const [first, second] = handheld.outbox.operations;
    if (!first || !second) throw new Error("nothing was written");
    const body = JSON.stringify({ ...second.body, id: "of-the-copy" });
    const link = { replica: first.replica, seq: 2, prev: first.hash };
    const frame = JSON.stringify({ replica: first.replica, epoch: 2, dated: [] }).slice(0, -1);
    await server.post("/sync/push", `${frame},"operations":[${seal(link, body).text}]}`);
    await handheld.receive(4);
    await handheld.sync();
    // One, two of the copy, two and four of ours.
    expect(server.holding("DOCK", '["BE-2908",["K0902",null,null],null,"ok",null]')).toBe(9);
    expect(handheld.outbox.unsent).toEqual([]);
  });
});

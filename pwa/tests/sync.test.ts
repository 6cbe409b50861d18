/** Push and pull against a server in memory: nothing is lost, nothing counts twice. */
import { describe, expect, it } from "vitest";
import { bodyOf } from "../src/core/envelope";
import { feedKey } from "../src/core/hashing";
import type { Body, Envelope } from "../src/core/types.gen";
import { PUSH_OPERATIONS_MAX } from "../src/core/types.gen";
import { NotRecorded } from "../src/engine.types";
import { Offline, Problem } from "../src/push/wire";
import { FakeServer } from "./fake-server";
import { Handheld, KEY_TEXT } from "./handheld";

const site = (): FakeServer => {
  const server = new FakeServer();
  server.tell("site", feedKey("FACTORY"), { site: "FACTORY", name: "Factory" });
  return server;
};

const idsOf = (server: FakeServer): string[] =>
  [...server.chains.values()].flat().map(({ text }) => (JSON.parse(bodyOf(text)) as Body).id);

describe("a push", () => {
  it("moves operations to the server once, and shows them once", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    await handheld.receive(7);
    await handheld.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(12);
    expect(handheld.shown()).toBe(12);
    expect(handheld.outbox.unsent).toEqual([]);
  });

  it("whose answer was lost after the commit changes nothing when it is sent again", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    const { id } = await handheld.receive(5);
    server.losesAnswers = 1;
    await expect(handheld.push.run()).rejects.toBeInstanceOf(Offline);
    expect(handheld.shown()).toBe(5);
    await handheld.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(5);
    expect(handheld.shown()).toBe(5);
    expect(handheld.outbox.find(id)?.verdict?.outcome).toBe("posted");
  });

  it("is remembered by the server's clock: how long it is kept must not hang on one that jumps", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    await handheld.push.run();
    expect(handheld.outbox.operations[0]?.acked).toBe(handheld.push.heard.serverNow - 10);
  });

  it("beyond the day's budget stays on the device, which reads on and says why", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    server.isDayFull = true;
    await handheld.push.run();
    expect(handheld.push.heldBack?.message).toBe("Enough for today.");
    expect(handheld.outbox.unsent).toHaveLength(1);
    server.isDayFull = false;
    await handheld.sync();
    expect(handheld.push.heldBack).toBeNull();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(5);
  });

  it("that is too large goes in halves", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (let n = 0; n < 9; n++) await handheld.receive(1);
    server.bytesMax = 1_800;
    await handheld.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(9);
    expect(Math.max(...server.pushes.map(({ operations }) => operations.length))).toBeLessThan(9);
  });

  it("that left nothing unsent is followed by a light one that lets the watermark pass", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    await handheld.push.run();
    const [last] = server.pushes.slice(-1);
    expect(last?.operations).toEqual([]);
    expect(server.watermarks.get(handheld.outbox.chain.replica)).toBe(server.now - 10);
    const count = server.pushes.length;
    await handheld.push.run();
    expect(server.pushes.length).toBe(count);
  });

  it("carries what reached the disk although its write seemed to fail", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    const record = handheld.store.record.bind(handheld.store);
    handheld.store.record = async (...given) => {
      await record(...given);
      throw new NotRecorded("nobody knows");
    };
    await expect(handheld.receive(5)).rejects.toBeInstanceOf(NotRecorded);
    handheld.store.record = record;
    await handheld.push.run();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(5);
  });

  it("without a network keeps everything", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    server.isAway = true;
    await handheld.receive(5);
    await expect(handheld.sync()).rejects.toBeInstanceOf(Offline);
    const again = await handheld.restarted(server);
    expect(again.outbox.unsent.length).toBe(1);
    server.isAway = false;
    await again.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(5);
  });

  it("that is not let in keeps everything and says so", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    server.refuses = new Problem(401, { detail: "This device was revoked." }, null);
    await handheld.receive(5);
    await expect(handheld.sync()).rejects.toThrow("This device was revoked.");
    expect((await handheld.receive(6)).seq).toBe(2);
    expect(handheld.outbox.unsent.length).toBe(2);
  });

  it("tells its exchanges once, and the echo of the last one", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.push.run();
    await handheld.receive(5);
    await handheld.push.run();
    expect(server.pushes.map(({ exchanges }) => exchanges.length)).toEqual([0, 1, 1, 1]);
    expect(server.pushes[2]?.echo).toBe(server.now - 20);
  });

  it("asks with empty hands first in a new clock segment, so that what it tells can be dated", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.push.run();
    await handheld.receive(5);
    handheld.segment = "0-s2";
    await handheld.receive(6);
    server.pushes.length = 0;
    await handheld.push.run();
    expect(server.pushes.map(({ operations }) => operations.length)).toEqual([0, 2, 0]);
    expect(server.pushes[1]).toMatchObject({ segment: "0-s2", exchanges: [{ segment: "0-s2" }] });
  });

  it("leaves the floor only when all it has is told, and stays away while nobody is signed in", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.push.run();
    await handheld.receive(5);
    server.pushes.length = 0;
    await handheld.push.run(true);
    expect(server.pushes.map(({ operations, leaving }) => [operations.length, leaving])).toEqual([[1, false], [0, true]]);
    await handheld.push.run(true, true);
    expect(server.pushes.slice(2).every(({ leaving }) => leaving)).toBe(true);
  });

  it("keeps no exchange that a step of its clock lies in", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.push.run();
    const post = server.post.bind(server);
    server.post = (path, text) => {
      handheld.segment = "1-s2";
      return post(path, text);
    };
    await handheld.push.run(false, true);
    await handheld.push.run(false, true);
    expect(server.pushes.at(-1)?.exchanges.every(({ segment }) => segment === "1-s2")).toBe(true);
  });

  it("of an idle device says that all up to now is here", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.push.run();
    server.now += 60_000;
    await handheld.push.run(false, true);
    expect(server.watermarks.get(handheld.outbox.chain.replica)).toBe(server.now - 10);
  });
});

describe("repair", () => {
  it("of a restored server sends again what it lost, with the sealed times, and counts it once", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (const quantity of [1, 2, 3]) await handheld.receive(quantity);
    await handheld.sync();
    const seals = [...server.verdicts.values()].map(({ seal }) => seal);
    server.restore(1);
    await handheld.receive(4);
    await handheld.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(10);
    expect(handheld.shown()).toBe(10);
    expect([...server.verdicts.values()].map(({ seal }) => seal).slice(0, 3)).toEqual([expect.any(String), ...seals.slice(1)]);
    expect(server.snapshots).toBe(2);
  });

  it("of a restored server that lost everything starts from the first operation", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (const quantity of [1, 2, 3]) await handheld.receive(quantity);
    await handheld.sync();
    server.restore(0);
    await handheld.sync();
    expect(server.holding("DOCK", KEY_TEXT)).toBe(6);
    expect(handheld.shown()).toBe(6);
  });

  it("of a cloned profile goes on under a new replica with the same ids", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(1);
    await handheld.sync();
    const { replica } = handheld.outbox.chain;
    const other = new Handheld(server);
    await other.outbox.load();
    other.outbox.chain = { ...handheld.outbox.chain };
    await other.receive(50);
    await other.push.run();
    const written = [await handheld.receive(2), await handheld.receive(3)];
    await handheld.sync();
    expect(handheld.outbox.chain.replica).not.toBe(replica);
    expect(server.holding("DOCK", KEY_TEXT)).toBe(56);
    expect(handheld.shown()).toBe(56);
    const again = [...(server.chains.get(handheld.outbox.chain.replica) ?? [])];
    expect(again.map(({ text }) => (JSON.parse(bodyOf(text)) as Body).id)).toEqual(written.map(({ id }) => id));
    expect(again.map(({ text }) => (JSON.parse(text) as Envelope).link.seq)).toEqual([1, 2]);
    const restarted = await handheld.restarted(server);
    expect(restarted.outbox.operations.filter(({ id }) => id === written[0]?.id).length).toBe(1);
    expect(restarted.shown()).toBe(56);
  });

  it("[S9] of a copied profile gets past more common operations than one push can carry", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.sync();
    for (let n = 0; n < PUSH_OPERATIONS_MAX + 2; n++) await handheld.receive(1);
    const copy = await handheld.copied(server);
    await handheld.receive(1_000);
    await handheld.push.run();
    await copy.receive(10_000);
    await copy.sync();
    expect(copy.outbox.unsent).toEqual([]);
    expect(server.holding("DOCK", KEY_TEXT)).toBe(11_102);
    expect(copy.shown()).toBe(11_102);
  });

  it("of a gap sends again what the server does not have", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (const quantity of [1, 2]) await handheld.receive(quantity);
    await handheld.sync();
    for (const [replica, chain] of server.chains) server.chains.set(replica, chain.slice(0, 1));
    await handheld.receive(3);
    await handheld.sync();
    expect(idsOf(server).length).toBe(3);
    expect(server.holding("DOCK", KEY_TEXT)).toBe(6);
  });

  it("of a gap that this device cannot fill says what is lost", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (const quantity of [1, 2]) await handheld.receive(quantity);
    await handheld.sync();
    await handheld.outbox.prune(() => true);
    for (const [replica] of server.chains) server.chains.set(replica, []);
    await handheld.receive(3);
    await handheld.sync();
    const [lost] = [...server.chains.values()].flat().map(({ text }) => (JSON.parse(bodyOf(text)) as Body).did);
    expect(lost).toMatchObject({ verb: "lost", through_seq: 2 });
  });

  it("of a gap between what the server has and what is still here goes on in the same chain", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    for (const quantity of [1, 2, 3]) await handheld.receive(quantity);
    await handheld.sync();
    const { replica } = handheld.outbox.chain;
    await handheld.outbox.prune(({ seq }) => seq === 2);
    server.chains.set(replica, (server.chains.get(replica) ?? []).slice(0, 1));
    await handheld.receive(4);
    await handheld.sync();
    await handheld.receive(5);
    await handheld.sync();
    expect([handheld.outbox.chain.replica, handheld.outbox.unsent.length]).toEqual([replica, 0]);
    expect(server.holding("DOCK", KEY_TEXT)).toBe(15);
  });
});

describe("the fold", () => {
  it("lets an operation go only when the page that covers it has come", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.sync();
    await handheld.receive(5);
    await handheld.push.run();
    expect(handheld.view.replica.holdings.get("DOCK", KEY_TEXT)).toBe(0);
    expect(handheld.shown()).toBe(5);
    await handheld.feed.run();
    expect(handheld.view.replica.holdings.get("DOCK", KEY_TEXT)).toBe(5);
    expect(handheld.shown()).toBe(5);
  });

  it("shows the same after a restart without a network", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    await handheld.sync();
    await handheld.receive(2);
    server.isAway = true;
    const again = await handheld.restarted(server);
    expect(again.shown()).toBe(7);
    expect(again.view.site.name).toBe("Factory");
  });
});

describe("the feed", () => {
  it("starts again from a snapshot when the scope does not add up", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.receive(5);
    await handheld.sync();
    handheld.view.replica.scope.add(0, 1);
    await handheld.receive(2);
    await handheld.sync();
    expect(server.snapshots).toBe(2);
    expect(handheld.shown()).toBe(7);
  });

  it("goes on with a broken snapshot where it stopped, and shows the old picture meanwhile", async () => {
    const server = site();
    server.tell("partner", feedKey("1580"), { partner: "1580", kind: "supplier", name: "Litware" });
    server.tell("location", feedKey("DOCK"), { location: "DOCK", warehouse: "1", kind: "dock", walk: 0, blocked: false });
    const handheld = await Handheld.on(server);
    server.chunksUntilAway = 2;
    await expect(handheld.feed.run()).rejects.toBeInstanceOf(Offline);
    server.chunksUntilAway = Infinity;
    await handheld.feed.run();
    expect(new Set(server.chunksFetched).size).toBe(server.chunksFetched.length);
    expect(handheld.view.partner("1580")?.name).toBe("Litware");
  });

  it("forgets a row that is gone", async () => {
    const server = site();
    server.tell("partner", feedKey("1580"), { partner: "1580", kind: "supplier", name: "Litware" });
    const handheld = await Handheld.on(server);
    await handheld.sync();
    server.tell("partner", feedKey("1580"), null);
    await handheld.sync();
    expect(handheld.view.partner("1580")).toBeUndefined();
    expect((await handheld.restarted(server)).view.partner("1580")).toBeUndefined();
  });

  it("packs its changes into blocks when there are many, and shows the same", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    await handheld.sync();
    for (let n = 0; n < 5_001; n++) {
      server.tell("partner", feedKey(`P${n}`), { partner: `P${n}`, kind: "supplier", name: "x" });
    }
    await handheld.receive(5);
    await handheld.sync();
    const again = await handheld.restarted(server);
    expect(again.view.partner("P5000")?.name).toBe("x");
    await again.receive(1);
    await again.sync();
    expect([again.shown(), server.snapshots]).toEqual([6, 1]);
  });
});

describe("a lost storage", () => {
  it("is told with every push until one was answered, over a restart too", async () => {
    const server = site();
    const handheld = await Handheld.on(server);
    const former = { replica: "a".repeat(32), seq: 7 };
    await handheld.push.reportLost(former);
    server.losesAnswers = 1;
    await expect(handheld.push.run()).rejects.toBeInstanceOf(Offline);
    const again = await handheld.restarted(server);
    await again.push.run();
    await again.receive(1);
    await again.push.run();
    const told = server.pushes.map((push) => (push as unknown as { former?: unknown }).former);
    expect(told).toEqual([former, former, undefined, undefined, undefined]);
  });
});

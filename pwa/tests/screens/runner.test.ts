// The runner: every scan in order, everything durable before its tone.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { count, type CountState } from "../../src/core/flows/count.ts";
import { CAPTURES_PER_PART_MAX } from "../../src/core/flows/tally.ts";
import { receive, type ReceiveState } from "../../src/core/flows/receive.ts";
import { type Fake, fakeEngine } from "../../src/dev/fake-engine.ts";
import type { Voice } from "../../src/engine.types.ts";
import { FlowRunner } from "../../src/screens/flow-runner.svelte.ts";
import { Scans, type Shop } from "../../src/screens/shop.ts";

let engine: Fake;
let heard: string[];
let gone: string[];
let scans: Scans;
let elsewhere: string[];

function shop(): Shop {
  const voice: Voice = { play: (signal) => void heard.push(signal), stop: () => void heard.push("stop") };
  const go = (hash: string): void => {
    gone.push(hash);
    scans.hold();
  };
  return { engine, voice, scans, go, lost: () => void heard.push("lost") } as unknown as Shop;
}

const wedge = (raw: string) => ({ raw, source: "wedge" as const, symbology: null });

beforeEach(() => {
  engine = fakeEngine("en", "worker");
  heard = [];
  gone = [];
  elsewhere = [];
  scans = new Scans((scan) => void elsewhere.push(scan.raw));
});

afterEach(() => void vi.useRealTimers());

describe("a receipt", () => {
  test("is durable before its tone", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    const write = engine.write.bind(engine);
    engine.write = async (...given) => {
      expect(heard).toEqual([]);
      return write(...given);
    };
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    expect(heard).toEqual(["done"]);
    expect(engine.operations(1)[0]).toMatchObject({ verb: "receive", quantity: 12, item: "PA-529S" });
  });

  test("opens without a tone: nothing was scanned yet", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    expect(heard).toEqual([]);
    expect(runner.quiet).toBe(true);
  });

  test("that could not be saved is said so, until the next scan is kept", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    engine.failNext = true;
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    expect([runner.lost, ...heard]).toEqual([true, "not_recorded"]);
    expect(engine.operations(1)).toEqual([]);
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    expect([runner.lost, ...heard]).toEqual([false, "not_recorded", "stop", "done"]);
  });

  test("[G14] that another scan closed is said first, and what that scan began is said after it", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    await runner.scan(wedge("BE-2908"));
    await runner.scan(wedge("PO-127"));
    expect(heard).toEqual(["tick", "done"]);
    expect(runner.band).toMatchObject({ say: "receive.done", wrote: { quantity: 1 }, passed: true });
    expect(engine.operation(runner.lastId ?? "")).toMatchObject({ verb: "receive", quantity: 1 });
    await runner.scan(wedge("BE-2908"));
    expect(heard).toEqual(["tick", "done", "tick", "tick"]);
    expect(runner.band).toMatchObject({ say: "receive.ask.more" });
  });

  test("that could not be saved although its screen was left at once is said all the same", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    engine.failNext = true;
    const scanned = runner.scan(wedge("PA-529S/TR-26090S/12"));
    runner.close();
    await scanned;
    expect(heard).toEqual(["lost"]);
  });

  test("that is undone is reversed once the goods are said to be back", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    runner.key("undo");
    runner.key("confirm");
    await runner.settled;
    expect(engine.operations(2).map((one) => one.verb)).toEqual(["reverse", "receive"]);
    expect(engine.operations(2)[1]?.reversed).toBe(true);
  });

  test("that was undone in the outbox is not undone here again, nor is an older one", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-21T08:00:10Z") });
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    vi.setSystemTime(Date.parse("2026-11-21T08:00:20Z"));
    await runner.scan(wedge("PA-529S/TR-26090S/12"));
    await engine.undo(engine.operations(1)[0]!.id);
    runner.key("undo");
    runner.key("confirm");
    await runner.settled;
    expect(engine.operations(9).map((one) => [one.verb, one.reversed])).toEqual([["reverse", false], ["receive", true], ["receive", false]]);
    expect([runner.band?.say, heard.at(-1)]).toEqual(["flow.undo.nothing", "look"]);
    runner.key("undo");
    runner.key("confirm");
    await runner.settled;
    expect(engine.operations(9).filter((one) => one.reversed)).toHaveLength(2);
    expect([runner.band?.say, heard.at(-1)]).toEqual(["flow.undo.done", "done"]);
  });

  test("that is opened again while its last scan is still written has it once", async () => {
    const first = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await first.open("PO-127");
    void first.scan(wedge("PA-529S/TR-26090S/12"));
    const again = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    first.close();
    await again.open(null);
    await first.settled;
    expect(engine.operations(9)).toHaveLength(1);
    expect(again.state).toMatchObject({ last: { quantity: 12 } });
  });

  test("comes back where it was left", async () => {
    const first = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await first.open("PO-127");
    await first.scan(wedge("PA-529S/TR-26090S/12"));
    first.close();
    const again = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await again.open(null);
    expect(again.state).toMatchObject({ document: "PO-127", last: { quantity: 12 } });
  });

  test("that was left at a question asks it again, without another tone", async () => {
    const first = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await first.open("PO-127");
    await first.scan(wedge("PA-529S/TR-26090S/40"));
    expect(heard).toEqual(["look"]);
    const again = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await again.open("PO-127");
    expect([again.band?.say, again.full, heard.length]).toEqual(["receive.over.ask", true, 1]);
    again.key("confirm");
    await again.settled;
    expect(engine.operations(1)[0]).toMatchObject({ verb: "receive", quantity: 40 });
  });

  test("of another order is a change of mind: nothing that was counted is lost", async () => {
    const first = new FlowRunner<CountState>(shop(), "count", count);
    await first.open(null);
    await first.scan(wedge("06-B-10"));
    await first.scan(wedge("BE-2908/K0902"));
    const again = new FlowRunner<CountState>(shop(), "count", count);
    await again.open("06-B-11");
    expect(engine.operations(1)[0]).toMatchObject({ verb: "count" });
    expect(again.state?.place).toBe("06-B-11");
  });

  test("that is finished leaves nothing open", async () => {
    const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
    await runner.open("PO-127");
    runner.key("done");
    await runner.settled;
    runner.key("done");
    await runner.settled;
    expect(gone).toEqual(["#/"]);
    expect(engine.continueWith()).toBeNull();
  });
});

test("ten scans in one moment are ten strokes, in order", async () => {
  const runner = new FlowRunner<CountState>(shop(), "count", count);
  await runner.open(null);
  await runner.scan(wedge("06-B-10"));
  const scans = Array.from({ length: 10 }, () => runner.scan(wedge("BE-2908/K0902")));
  await Promise.all(scans);
  expect(runner.state?.lines[0]).toMatchObject({ strokes: 10, quantity: 10 });
  expect(heard).toEqual(Array.from({ length: 11 }, () => "tick"));
});

test("a key that a glove hits twice is pressed once", async () => {
  const runner = new FlowRunner<CountState>(shop(), "count", count);
  await runner.open(null);
  await runner.scan(wedge("06-B-10"));
  await runner.scan(wedge("BE-2908/K0902"));
  runner.key("done");
  runner.key("done");
  await runner.settled;
  expect([engine.operations(9).length, heard.at(-1), gone]).toEqual([1, "done", []]);
  runner.key("done");
  await runner.settled;
  expect(gone).toEqual(["#/"]);
});

test("a count that left in parts is undone with all of them", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const runner = new FlowRunner<CountState>(shop(), "count", count);
  await runner.open(null);
  await runner.scan(wedge("06-B-10"));
  await Promise.all(Array.from({ length: CAPTURES_PER_PART_MAX + 1 }, () => runner.scan(wedge("BE-2908/K0902"))));
  runner.key("done");
  await runner.settled;
  runner.key("undo");
  runner.key("confirm");
  await runner.settled;
  const counts = engine.operations(9).filter((one) => one.verb === "count");
  expect(counts.map((one) => one.reversed)).toEqual([true, true]);
});

test("a scan that sounded just before the page died is in the count when it comes back", async () => {
  const runner = new FlowRunner<CountState>(shop(), "count", count);
  await runner.open(null);
  await runner.scan(wedge("06-B-10"));
  const kept = engine.flow("count");
  await runner.scan(wedge("PA-529S/TR-26090S/12"));
  const strokes = runner.state?.lines.length;
  await engine.keepFlow("count", kept);
  const journal = [...engine.captures];
  engine.unconsumed = () => journal;
  const again = new FlowRunner<CountState>(shop(), "count", count);
  await again.open(null);
  expect([strokes, again.state?.lines.length]).toEqual([1, 1]);
});

test("a fault of ours stops one scan and not those behind it", async () => {
  const runner = new FlowRunner<CountState>(shop(), "count", count);
  await runner.open(null);
  const meaning = engine.meaning;
  engine.meaning = () => {
    engine.meaning = meaning;
    throw new Error("broken");
  };
  await runner.scan(wedge("06-B-11"));
  await runner.scan(wedge("06-B-10"));
  expect(heard).toEqual(["wrong", "tick"]);
  expect(runner.state?.place).toBe("06-B-10");
});

test("a scan on the heels of the card that ends a task is for the next screen", async () => {
  const runner = new FlowRunner<ReceiveState>(shop(), "receive", receive);
  await runner.open("PO-127");
  runner.key("done");
  void runner.scan(wedge("BINCARD:DONE"));
  void runner.scan(wedge("06-B-10"));
  await runner.settled;
  expect([gone, elsewhere]).toEqual([["#/"], []]);
  scans.give(wedge("06-B-11"));
  scans.release();
  expect(elsewhere).toEqual(["06-B-10", "06-B-11"]);
  expect(engine.unconsumed()).toEqual([]);
});

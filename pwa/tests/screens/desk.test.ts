// The desk: what is decided, what the figures point at, and what the bin card shows.
import { describe, expect, test } from "vitest";

import type { Meaning } from "../../src/core/meaning.ts";
import type { Discrepancy, Variance } from "../../src/core/types.gen.ts";
import type { Written } from "../../src/engine.types.ts";
import { cardLines, type CardAnswer, type CardLine, happened, recorded, refreshed } from "../../src/screens/bin-card.ts";
import { dayTyped, isDay } from "../../src/screens/days.ts";
import { causesOf } from "../../src/screens/desk/causes.ts";
import { levels, moments, scaleOf } from "../../src/screens/desk/chart.ts";
import { byWaiting, type DeviceSeen, holdsBack } from "../../src/screens/desk/floor.ts";
import { bySize, codeMeant, decided, isAbsence, missing, putAside, summed, type Story, unknownKind } from "../../src/screens/desk/review.ts";

const HOUR = 3_600_000;

function variance(counted: number, expected: number, more: Partial<Variance> = {}): Variance {
  return {
    operation: "C1", line: 0, count_id: "count-1", place: "06-B-01", key: '["BA-8327",["G0830",null,null],null,"ok",null]',
    item: "BA-8327", counted, expected, at: 11 * HOUR, u: 20_000, first: 11 * HOUR, last: 11 * HOUR, replica: "r", seq: 1,
    actor: "1004", device: "PDA-05", blind: true, state: "open", decided: null, ambiguous: false, fifo_date: null, parts: [], assumed: [], by_hand: null, ...more,
  };
}

describe("a decision", () => {
  test("names the key as the supervisor saw it", () => {
    const draft = decided("approve", variance(28, 40));
    expect(draft.did).toMatchObject({
      verb: "approve", count_id: "count-1", parts: ["C1"],
      lines: [{ key: { item: "BA-8327", lot: { code: "G0830" } }, counted: 28, expected: 40, of: { operation: "C1", line: 0 } }],
    });
  });

  test("about a key that was not listed names no line", () => {
    const draft = decided("recount", variance(0, 40, { line: -1 }));
    expect(draft.did).toMatchObject({ lines: [{ of: { operation: "C1", line: null } }] });
  });

  test("adds up the parts of a count, and names them", () => {
    const later = { operation: "C2", at: 12 * HOUR };
    const rows = summed([variance(5, 40), variance(3, 40, later)], [variance(2, 40, { operation: "C0", state: "approved" })]);
    expect(rows.map((row) => [row.operation, row.counted])).toEqual([["C2", 10]]);
    expect(decided("approve", rows[0] ?? variance(0, 0)).did).toMatchObject({ parts: ["C0", "C1", "C2"], lines: [{ counted: 10 }] });
  });

  test("of thousands of lines looks at each a few times only, of one key or of many", () => {
    for (const keyOf of [(n: number) => `k${n}`, () => "k"]) {
      let looks = 0;
      const rows = Array.from({ length: 3_000 }, (_, n) =>
        Object.defineProperty(variance(1, 0, { key: keyOf(n), operation: `C${n}`, at: n }), "count_id", {
          enumerable: true, get: () => { looks++; return "count-1"; },
        }));
      const found = summed(rows, rows.slice(0, 100));
      expect(found).toHaveLength(keyOf(1) === keyOf(2) ? 1 : 3_000);
      expect(looks).toBeLessThan(20 * rows.length);
    }
  });

  test("about a device that opened too much puts all aside, and brings it back", () => {
    const many = { device: "d1", name: "PDA-01", version: 7, open: 130, urgent: 0, first: 0, through: 99, by: null };
    const did = { verb: "edit", kind: "device", id: "d1", base_version: 7 };
    expect(putAside(many, many.through).did).toEqual({ ...did, fields: { parked: 99 } });
    expect(putAside(many, null).did).toEqual({ ...did, fields: { parked: null } });
  });

  test("that was refused alone names what stands beside", () => {
    const beside = { key: { item: "BA-8327", lot: { code: "G0712" } }, counted: 4, expected: 4, of: { operation: "C1", line: null } };
    const own = { key: { item: "BA-8327", lot: { code: "G0830" } }, counted: 28, expected: 40, of: { operation: "C1", line: 0 } };
    const refused = { state: "refused", reason: "not_alone", fresh: [own, beside] } as unknown as Written;
    const also = missing(variance(28, 40), refused);
    expect(also).toEqual([beside]);
    expect(decided("approve", variance(28, 40), also).did).toMatchObject({ lines: [own, beside] });
  });

  test("begins with the largest difference", () => {
    expect(bySize([variance(41, 40), variance(28, 40), variance(40, 37)]).map((row) => row.counted)).toEqual([28, 40, 41]);
  });
});

describe("goods that a count does not list", () => {
  const absent = variance(21, 201, { line: -1 });

  test("are no figure that somebody wrote down wrongly", () => {
    expect(causesOf(variance(120, 210), [], [], []).map((cause) => cause.name)).toEqual(["digits"]);
    expect(causesOf({ ...variance(120, 210), line: -1 }, [], [], [])).toEqual([]);
  });

  test("are missing by the least that was there", () => {
    expect(isAbsence(absent)).toBe(true);
    expect(bySize([variance(28, 40), absent])).toEqual([absent, variance(28, 40)]);
  });
});

describe("the floor", () => {
  const seen = (name: string, complete_to: number | null, out: DeviceSeen["out"] = null): DeviceSeen => ({
    device: name, name, seen_at: 12 * HOUR, unsent: 0, complete_to, out, out_since: null,
  });
  const devices = [seen("in", 12 * HOUR), seen("away", null, "handed_in"), seen("late", 10 * HOUR)];

  test("shows first who is waited for, and marks who holds the figures back", () => {
    expect(byWaiting(devices).map(({ name }) => name)).toEqual(["late", "in", "away"]);
    const floor = { watermark: 10 * HOUR, devices };
    expect(devices.filter((row) => holdsBack(row, floor)).map(({ name }) => name)).toEqual(["late"]);
  });

  test("marks nobody while all are here", () => {
    const floor = { watermark: 12 * HOUR, devices: [seen("one", 12 * HOUR), seen("two", 12 * HOUR - 60_000)] };
    expect(floor.devices.some((row) => holdsBack(row, floor))).toBe(false);
  });
});

describe("likely causes", () => {
  const quiet = { device: "d7", name: "PDA-07", seen_at: 10 * HOUR, complete_to: 10 * HOUR, unsent: 6 };

  test("an unsent device comes before a full case", () => {
    const units = [{ code: "CS", factor: 12, version: 1, aliases: [] }];
    expect(causesOf(variance(28, 40), [quiet], units, []).map((cause) => cause.name)).toEqual(["unsent", "pack"]);
  });

  test("the opposite difference of another lot in the bin is a swap", () => {
    const other = variance(52, 40, { key: '["BA-8327",["G0712",null,null],null,"ok",null]' });
    expect(causesOf(variance(28, 40), [], [], [other])[0]).toMatchObject({ name: "swap", values: { lot: "G0712" } });
  });

  test("turned digits are seen", () => {
    expect(causesOf(variance(54, 45), [], [], [])[0]?.name).toBe("digits");
  });

  test("nothing is made up", () => {
    expect(causesOf(variance(41, 40), [], [], [])).toEqual([]);
  });
});

describe("the chart", () => {
  const story: Story = { variance: variance(28, 40), opening: 50, before: [], after: [], quiet: [] };

  test("holds every level and the count within its frame", () => {
    const scale = scaleOf(story, 10 * HOUR);
    expect(scale.low).toBeLessThanOrEqual(28);
    expect(scale.high).toBeGreaterThanOrEqual(50);
    expect(scale.from).toBeLessThan(story.variance.at);
    expect(scale.to).toBeGreaterThan(story.variance.at);
  });

  test("marks a few round quantities and moments", () => {
    const scale = scaleOf(story, null);
    expect(levels(scale).every((level) => level % 5 === 0)).toBe(true);
    expect(moments(scale).length).toBeLessThanOrEqual(7);
  });
});

describe("an unknown code", () => {
  const odd = (code: string, kind: string): Discrepancy => ({ code, detail: { raw: "ZZ-9", kind } }) as unknown as Discrepancy;

  test("stands for an item or for a place, as the ledger took it", () => {
    expect(unknownKind(odd("UNKNOWN_CODE", "item"))).toBe("item");
    expect(unknownKind(odd("UNKNOWN_CODE", "location"))).toBe("location");
    expect(unknownKind(odd("NEGATIVE", "item"))).toBeNull();
  });

  test("is named by a code of the same kind only", () => {
    const item: Meaning = { kind: "item", item: "BE-2908", said: {}, pack: 1 };
    expect(codeMeant(item, "item")).toBe("BE-2908");
    expect(codeMeant(item, "location")).toBeNull();
    expect(codeMeant({ kind: "location", location: "06-B-10" }, "location")).toBe("06-B-10");
  });
});

describe("the bin card", () => {
  const own: Written = {
    id: "mine", seq: 9, verb: "issue", actor: "1001", wall: 12 * HOUR, state: "device", flags: [], reason: null, fresh: [], item: "BE-2908",
    quantity: 24, from: "06-B-10", to: "production/WO-1", document: "WO-1", reversed: false,
  };
  const answer: CardAnswer = {
    balance: 446, earlier: null,
    steps: [{
      seq: 1, operation: "o1", verb: "putaway", actor: "1002", device: "PDA-03", carrier: "", at: HOUR, lot: "K0902", quantity: 446,
      balance: 446, balance_key: 446, counted: null, u: 900, trust: "high", recorded_at: HOUR,
    }],
  };

  test("ends at what is left, with this device's line marked as not yet sent", () => {
    const lines = cardLines("06-B-10", "BE-2908", answer, [own], 422);
    expect(lines.map((line) => [line.change, line.balance, line.state])).toEqual([[446, 446, "settled"], [-24, 422, "device"]]);
  });

  test("does not show a line twice once the server has it", () => {
    const known = { ...answer, steps: [...answer.steps, { ...answer.steps[0]!, operation: "mine", quantity: -24, balance: 422 }] };
    expect(cardLines("06-B-10", "BE-2908", known, [own], 422)).toHaveLength(2);
  });

  test("tells apart the lines that one operation wrote", () => {
    const twice = { ...answer, steps: [...answer.steps, ...answer.steps] };
    expect(new Set(cardLines("06-B-10", "BE-2908", twice, [], 446).map((line) => line.id)).size).toBe(2);
  });

  test("keeps earlier lines that were asked for, until the newest no longer go on from them", () => {
    const [first] = answer.steps;
    const step = (seq: number, balance: number): CardAnswer["steps"][0] => ({ ...first!, seq, balance });
    const read = { ...answer, steps: [step(1, 10), step(2, 20), step(3, 30)], earlier: null };
    const page = (balance: number): CardAnswer => ({ ...answer, steps: [step(3, balance), step(4, 40)], earlier: "3" });
    expect(refreshed(read, page(30))).toMatchObject({ steps: [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4 }], earlier: null });
    expect(refreshed(read, page(29))).toMatchObject({ steps: [{ seq: 3 }, { seq: 4 }], earlier: "3" });
    expect(refreshed(null, page(30)).steps).toHaveLength(2);
  });

  test("without a network shows what this device did", () => {
    expect(cardLines("06-B-10", "BE-2908", null, [own], 422)).toMatchObject([{ change: -24, balance: 422 }]);
  });
});

describe("both times of a line", () => {
  const at = new Date(2026, 10, 22, 8, 31).getTime();
  const line = (more: Partial<CardLine>): CardLine => ({
    id: "1", verb: "pick", actor: "1003", carrier: "", at, change: -1, balance: 1, counted: false, state: "settled", u: 900, isSure: true, recorded: at, ...more,
  });

  test("are when it happened, with its error bar, and when it was booked", () => {
    expect(happened(line({}), at)).toBe("08:31 ±1 s");
    expect(recorded(line({ recorded: at + 43 * 60_000 }), at)).toBe("09:14");
  });

  test("say so where the clock cannot be relied on", () => {
    expect(happened(line({ isSure: false, u: 25 * 60_000 }), at)).toBe("≈08:31 ±25 min");
  });

  test("name the day when it was booked on another one", () => {
    expect(recorded(line({ recorded: at + 24 * HOUR }), at + 72 * HOUR)).toBe("23 Nov 08:31");
  });
});

describe("a typed date", () => {
  test("grows from its digits", () => {
    expect(dayTyped("202709")).toBe("2027-09");
    expect(dayTyped("20270930")).toBe("2027-09-30");
  });

  test("must be in the calendar", () => {
    expect(isDay("2027-09-30")).toBe(true);
    expect(isDay("2027-02-30")).toBe(false);
    expect(isDay("2027-09")).toBe(false);
  });
});

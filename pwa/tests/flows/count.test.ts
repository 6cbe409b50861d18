import { describe, expect, it } from "vitest";
import { count, type CountState } from "../../src/core/flows/count";
import { CAPTURES_PER_PART_MAX } from "../../src/core/flows/tally";
import { Hands } from "./hands";
import { MORNING, Warehouse } from "./warehouse";

function warehouse(): Warehouse {
  return new Warehouse()
    .place("06-B-10").place("06-B-11").place("06-B-12")
    .has("BE-2908", { lots: true }).has("HN-1224").has("SN-1", { serials: true }).has("MIX", { lots: true })
    .label("CASE-BE", "BE-2908", {}, 12)
    .label("GS1-K0817", "BE-2908", { lot: "K0817", quantity: 12 })
    .label("SN-1/A", "SN-1", { serial: "A" })
    .holds("06-B-10", "BE-2908", 198, "K0902").holds("06-B-12", "BE-2908", 5, "K0817")
    .holds("06-B-10", "MIX", 5, "M1").holds("06-B-10", "MIX", 6, "M2")
    .countTask("CT-1", ["06-B-11", "06-B-10"])
    .countTask("CT-2", ["06-B-12"]);
}

const hands = (document?: string): Hands<CountState> => new Hands(count, warehouse(), document === undefined ? {} : { document });

describe("counting by scans only", () => {
  it("counts each scan as one or as its pack and sends one operation for the bin", () => {
    const hand = hands().scan("06-B-10", "BE-2908", "BE-2908", "CASE-BE", "GS1-K0817", "BINCARD:DONE");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "count", place: { location: "06-B-10" }, scope: "place", count_id: "id-1", opened_wall: MORNING + 2000, blind: true,
        lines: [
          { key: { item: "BE-2908", lot: { code: "K0902" } }, quantity: 14, first_wall: MORNING + 4000, last_wall: MORNING + 8000, segment: "segment-1" },
          { key: { item: "BE-2908", lot: { code: "K0817" } }, quantity: 12, first_wall: MORNING + 10000, last_wall: MORNING + 10000, segment: "segment-1" },
        ],
      },
      task: null, assumed: ["lot"], captures: [1, 2, 3, 4, 5], consent: null,
    }]);
    expect(hand.signals).toBe("tick tick tick tick tick tick done");
    expect(hand.state.place).toBeNull();
  });

  it("counts every scan of a burst", () => {
    const hand = hands().scan("06-B-10").burst(...Array<string>(18).fill("BE-2908"));
    expect(hand.state.lines[0]).toMatchObject({ quantity: 18, strokes: 18 });
    expect(hand.band).toMatchObject({ signal: "tick", say: "count.tick", values: { quantity: 1, sum: 18 } });
  });

  it("never tells what the ledger expects", () => {
    const hand = hands().scan("06-B-10", "BE-2908");
    expect(JSON.stringify([hand.state, hand.bands])).not.toContain("198");
  });

  it("closes a bin by the scan of the next one", () => {
    const hand = hands().scan("06-B-10", "BE-2908", "06-B-11", "HN-1224").press("done");
    expect(hand.dids).toMatchObject([
      { place: { location: "06-B-10" }, count_id: "id-1" }, { place: { location: "06-B-11" }, count_id: "id-2" },
    ]);
    expect(hand.drafts[1]?.captures).toEqual([3, 4]);
  });

  it("works through a count task in walk order", () => {
    const hand = hands("CT-1");
    expect(hand.state).toMatchObject({ n: 1, of: 2, next: "06-B-10" });
    hand.scan("06-B-10", "BE-2908", "06-B-11");
    expect(hand.state).toMatchObject({ n: 2, of: 2, place: "06-B-11" });
    hand.press("empty");
    expect(hand.drafts.map((draft) => draft.task)).toEqual([{ document: "CT-1", line: 2 }, { document: "CT-1", line: 1 }]);
    expect(hand.band).toMatchObject({ signal: "complete", note: "count.complete" });
  });

  it("knows a lot by its number alone", () => {
    expect(hands().scan("06-B-10", "K0817").state.lines[0]).toMatchObject({ key: { lot: { code: "K0817" } }, assumed: [] });
  });
});

describe("counting with the keypad", () => {
  it("sets the line of the last scan, whatever was ticked before", () => {
    const hand = hands().scan("06-B-10", "BE-2908", "BE-2908").type(224).press("done");
    expect(hand.dids).toMatchObject([{ lines: [{ quantity: 224, entered: { quantity: "224" } }] }]);
  });

  it("counts on from what was typed", () => {
    expect(hands().scan("06-B-10", "BE-2908").type(10).scan("BE-2908").state.lines[0]?.quantity).toBe(11);
  });

  it("takes back the last stroke, and the typed quantity, before done", () => {
    const hand = hands().scan("06-B-10", "BE-2908", "BE-2908").type(50).press("undo");
    expect(hand.state.lines[0]?.quantity).toBe(2);
    hand.scan("BINCARD:UNDO");
    expect(hand.state.lines[0]?.quantity).toBe(1);
    hand.press("undo");
    expect(hand.state.lines).toEqual([]);
    expect(hand.released).toContain(2);
    expect(hand.drafts).toEqual([]);
  });
});

describe("counting a bin with nothing in it", () => {
  it("takes one key", () => {
    const hand = hands().scan("06-B-10").press("empty");
    expect(hand.dids).toMatchObject([{ scope: "place", lines: [] }]);
  });

  it("is never assumed: done and the next bin ask", () => {
    expect(hands().scan("06-B-10").press("done").band).toMatchObject({ signal: "look", say: "count.no_lines", ways: ["empty", "cancel"] });
    const hand = hands().scan("06-B-10", "06-B-11");
    expect(hand.band).toMatchObject({ signal: "look", say: "count.was_it_empty", ways: ["empty", "next", "cancel"] });
    hand.press("empty");
    expect(hand.dids).toMatchObject([{ place: { location: "06-B-10" }, lines: [] }]);
    expect(hand.state.place).toBe("06-B-11");
  });

  it("leaves the bin uncounted when the worker was at the wrong one", () => {
    const hand = hands().scan("06-B-10", "06-B-11").press("next");
    expect(hand.drafts).toEqual([]);
    expect(hand.state.place).toBe("06-B-11");
  });

  it("stays at the bin when the question is taken back", () => {
    expect(hands().scan("06-B-10", "06-B-11").press("cancel").state.place).toBe("06-B-10");
  });

  it("is not empty once something was counted", () => {
    const hand = hands().scan("06-B-10", "HN-1224").press("empty");
    expect(hand.band.say).toBe("count.not_empty");
    expect(hand.drafts).toEqual([]);
  });
});

describe("counting asks and looks", () => {
  it("wants the bin first", () => {
    expect(hands().scan("BE-2908").band).toMatchObject({ signal: "look", say: "count.bin_first" });
  });

  it("asks which of the sibling lots it is that share a number, and ticks on with that one", () => {
    const siblings = warehouse().has("PA-529S", { lots: true })
      .holds("06-B-10", "PA-529S", 2, { code: "TR-1", expires: "2027-09-30" }).holds("06-B-10", "PA-529S", 3, { code: "TR-1", expires: "2028-01-31" });
    const hand = new Hands(count, siblings).scan("06-B-10", "TR-1");
    hand.choose("lot", hand.state.choices[1]?.value ?? "").scan("TR-1");
    expect(hand.state.lines).toMatchObject([{ key: { lot: { code: "TR-1", expires: "2028-01-31" } }, quantity: 2 }]);
  });

  it("asks once which of two lots it is, and ticks on with that one", () => {
    const hand = hands().scan("06-B-10", "MIX");
    expect(hand.state.choices.map((choice) => [choice.lot, choice.quantity])).toEqual([["M1", null], ["M2", null]]);
    const second = hand.state.choices[1]?.value ?? "";
    // Twice, as a glove does it: the list is gone by then.
    hand.choose("lot", second).choose("lot", second).scan("MIX", "MIX");
    expect(hand.state.lines).toMatchObject([{ key: { lot: { code: "M2" } }, quantity: 3 }]);
  });

  it("records an unknown code after one nod, then ticks it", () => {
    const hand = hands().scan("06-B-10", "???");
    expect(hand.band.say).toBe("flow.unknown_item");
    hand.press("confirm").scan("???", "???");
    expect(hand.state.lines).toMatchObject([{ key: { item: "???" }, quantity: 3 }]);
  });

  it("counts a bin that nobody knows under its raw code", () => {
    const hand = hands().scan("BIN-???").press("confirm").scan("HN-1224").press("done");
    expect(hand.dids).toMatchObject([{ place: { code: "BIN-???" } }]);
  });

  it("counts a serial once", () => {
    const hand = hands().scan("06-B-10", "SN-1/A", "SN-1/A");
    expect(hand.band.say).toBe("count.serial_twice");
    expect(hand.state.lines).toMatchObject([{ key: { serial: "A" }, quantity: 1 }]);
  });

  it("opens the bin that a pick found not to be empty", () => {
    expect(hands("06-B-12").state).toMatchObject({ place: "06-B-12", document: null });
  });

  it("goes over to another count task", () => {
    expect(hands("CT-1").scan("CT-2").state).toMatchObject({ document: "CT-2", next: "06-B-12" });
  });

  it("sends a long count in parts: only the last one zeroes what was not seen", () => {
    const hand = hands().scan("06-B-10").burst(...Array<string>(CAPTURES_PER_PART_MAX + 50).fill("HN-1224")).press("done");
    expect(hand.dids.map((did) => did.verb === "count" && [did.scope, did.lines.map((line) => line.quantity)])).toEqual([
      ["line", [250]], ["place", [0]],
    ]);
    expect(new Set(hand.drafts.flatMap((draft) => draft.captures)).size).toBe(CAPTURES_PER_PART_MAX + 51);
    expect(Math.max(...hand.drafts.map((draft) => draft.captures.length))).toBeLessThanOrEqual(CAPTURES_PER_PART_MAX + 1);
  });
});

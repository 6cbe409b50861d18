import { describe, expect, it } from "vitest";
import { putaway, type PutAwayState } from "../../src/core/flows/putaway";
import { Hands } from "./hands";
import { MORNING, Warehouse } from "./warehouse";

function warehouse(): Warehouse {
  return new Warehouse()
    .place("DOCK-1", "dock").place("DOCK-2", "dock")
    .place("A-1").place("A-2").place("A-3").place("A-4").place("A-5").place("SHUT", "bin", { blocked: true })
    .place("STAGE-1", "stage")
    .has("BE-2908", { lots: true }).has("PA-529S").has("FR-1").has("MIX", { lots: true })
    .label("CASE-PA", "PA-529S", {}, 12)
    .holds("DOCK-1", "BE-2908", 40, "K0902").holds("DOCK-1", "PA-529S", 24).holds("DOCK-1", "FR-1", 3)
    .holds("DOCK-1", "MIX", 5, "M1").holds("DOCK-1", "MIX", 6, "M2")
    .holds("A-2", "BE-2908", 10, "K0902").holds("A-1", "BE-2908", 10, "K0817").holds("A-3", "PA-529S", 7);
}

const hands = (): Hands<PutAwayState> => new Hands(putaway, warehouse());

describe("putting away by scans only", () => {
  it("suggests the bin with the same lot and moves all that stands at the dock", () => {
    const hand = hands().scan("BE-2908");
    expect(hand.state.truck[0]).toMatchObject({
      quantity: 40, lot: "K0902", suggestion: { place: "A-2", reason: "same_lot" },
      runners_up: [{ place: "A-1", reason: "same_item" }, { place: "A-4", reason: "empty" }],
    });
    hand.scan("A-2");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "putaway", key: { item: "BE-2908", lot: { code: "K0902" } }, quantity: 40,
        from: { location: "DOCK-1" }, to: { location: "A-2" }, taken_wall: MORNING + 2000,
      },
      task: null, assumed: ["lot", "quantity"], captures: [1, 2], consent: null,
    }]);
    expect(hand.band).toMatchObject({ signal: "complete", wrote: { quantity: 40, code: "A-2" } });
    expect(hand.state.written[0]?.sum).toBe(50);
  });

  it("suggests the same item, else an empty bin, and never one that is taken already", () => {
    const hand = hands().scan("PA-529S", "FR-1", "M1");
    expect(hand.state.truck.map((load) => load.suggestion)).toEqual([
      { place: "A-3", reason: "same_item" }, { place: "A-4", reason: "empty" }, { place: "A-5", reason: "empty" },
    ]);
  });

  it("unloads a truck along the route, one bin after the other", () => {
    const hand = hands().scan("FR-1", "PA-529S", "BE-2908", "A-2", "A-3", "A-4");
    expect(hand.dids).toMatchObject([
      { key: { item: "BE-2908" }, to: { location: "A-2" } },
      { key: { item: "PA-529S" }, to: { location: "A-3" } },
      { key: { item: "FR-1" }, to: { location: "A-4" } },
    ]);
    expect(hand.drafts.map((draft) => draft.captures)).toEqual([[3, 4], [2, 5], [1, 6]]);
    expect(hand.signals).toBe("tick tick tick tick done done complete");
  });

  it("takes a case as its pack and adds the next case of the same", () => {
    const hand = hands().scan("CASE-PA", "CASE-PA", "A-3");
    expect(hand.dids).toMatchObject([{ quantity: 24 }]);
  });
});

describe("putting away, and a change of mind", () => {
  it("takes another bin than the one suggested", () => {
    expect(hands().scan("BE-2908", "A-5").dids).toMatchObject([{ to: { location: "A-5" } }]);
  });

  it("gives the bin to what was suggested for it, whatever is next on the route", () => {
    expect(hands().scan("PA-529S", "BE-2908", "A-3").dids).toMatchObject([{ key: { item: "PA-529S" } }]);
  });

  it("brings goods that are scanned again to the front", () => {
    expect(hands().scan("PA-529S", "BE-2908", "PA-529S", "A-5").dids).toMatchObject([{ key: { item: "PA-529S" } }]);
  });

  it("shows the next suggestion when the bin is full", () => {
    const hand = hands().scan("BE-2908").press("full");
    expect(hand.state.truck[0]?.suggestion).toEqual({ place: "A-1", reason: "same_item" });
  });

  it("loads each serial as a thing of its own, and one that is scanned again only once", () => {
    const site = warehouse().has("SN-1", { serials: true })
      .label("SN-1/S1", "SN-1", { serial: "S1" }).label("SN-1/S2", "SN-1", { serial: "S2" })
      .holds("DOCK-1", "SN-1", 1, null, { serial: "S1" }).holds("DOCK-1", "SN-1", 1, null, { serial: "S2" });
    const hand = new Hands(putaway, site).scan("SN-1/S1", "SN-1/S2", "SN-1/S1", "A-4", "A-5");
    expect(hand.dids).toMatchObject([
      { key: { serial: "S1" }, quantity: 1, to: { location: "A-4" } }, { key: { serial: "S2" }, quantity: 1, to: { location: "A-5" } },
    ]);
  });

  it("works from another dock that is scanned first", () => {
    const hand = hands().scan("DOCK-2");
    expect(hand.state).toMatchObject({ from: "DOCK-2", waiting: [] });
  });

  it("finds goods that stand at another dock", () => {
    const hand = new Hands(putaway, warehouse().has("AXLE").holds("DOCK-2", "AXLE", 9)).scan("AXLE", "A-4");
    expect(hand.dids).toMatchObject([{ from: { location: "DOCK-2" }, quantity: 9 }]);
  });

  it("leaves the goods at the dock when the dock is scanned again", () => {
    const hand = hands().scan("BE-2908", "DOCK-1");
    expect(hand.state.truck).toEqual([]);
    expect(hand.released).toContain(1);
  });

  it("says what is still on the truck at done", () => {
    expect(hands().scan("BE-2908").press("done").band).toMatchObject({ signal: "look", say: "putaway.on_truck" });
    expect(hands().press("done").last.open).toEqual({ screen: "home" });
  });
});

describe("putting away asks and looks", () => {
  it("asks which lot when two of them stand at the dock", () => {
    const hand = hands().scan("MIX");
    expect(hand.band.say).toBe("flow.which_lot");
    expect(hand.state.choices.map((choice) => choice.lot)).toEqual(["M1", "M2"]);
    const second = hand.state.choices[1]?.value ?? "";
    hand.choose("lot", second).choose("lot", second).scan("A-4");
    expect(hand.dids).toMatchObject([{ key: { lot: { code: "M2" } }, quantity: 6 }]);
    expect(hand.drafts[0]?.assumed).toEqual(["quantity"]);
  });

  it("asks once when more is typed than stands there", () => {
    const hand = hands().scan("BE-2908").type(50);
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.more_than_there", values: { quantity: 50, there: 40 } });
    expect(hand.press("confirm").scan("A-2").dids).toMatchObject([{ quantity: 50, entered: { quantity: "50" } }]);
  });

  it("puts away a part when less is typed", () => {
    expect(hands().scan("BE-2908").type(15).scan("A-2").dids).toMatchObject([{ quantity: 15 }]);
  });

  it("records goods that are not booked at the dock after a nod", () => {
    const site = warehouse().has("NEW");
    const hand = new Hands(putaway, site).scan("NEW");
    expect(hand.band.say).toBe("putaway.not_here");
    hand.press("confirm");
    expect(hand.state.missing).toBe("quantity");
    expect(hand.type(4).scan("A-4").dids).toMatchObject([{ key: { item: "NEW" }, quantity: 4 }]);
  });

  it("records an unknown item and an unknown bin under their raw codes", () => {
    const hand = hands().scan("???").press("confirm").type(2).scan("BIN-???");
    expect(hand.band.say).toBe("flow.unknown_place");
    expect(hand.press("confirm").dids).toMatchObject([{ key: { item: "???" }, to: { code: "BIN-???" } }]);
  });

  it("asks before a bin that is out of use, and before a place that is no bin", () => {
    expect(hands().scan("BE-2908", "SHUT").band.say).toBe("flow.blocked_place");
    const hand = hands().scan("BE-2908", "STAGE-1");
    expect(hand.band.say).toBe("putaway.not_a_bin");
    expect(hand.press("cancel").state.truck).toHaveLength(1);
    expect(hand.scan("A-2").drafts[0]?.captures).toEqual([1, 3]);
  });

  it("wants a nod for the same case scanned twice in a moment", () => {
    const hand = hands().burst("CASE-PA", "CASE-PA");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.again" });
    expect(hand.press("confirm").state.truck[0]?.quantity).toBe(24);
  });
});

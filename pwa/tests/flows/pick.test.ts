import { describe, expect, it } from "vitest";
import { pick, type PickState } from "../../src/core/flows/pick";
import { Hands } from "./hands";
import { MORNING, Warehouse } from "./warehouse";

function warehouse(): Warehouse {
  return new Warehouse()
    .place("B-1").place("B-2").place("B-3").place("DOCK-1", "dock").place("STAGE-1", "stage").place("STAGE-2", "stage")
    .has("BIKE").has("HELMET", { lots: true }).has("GLOVE").has("OTHER").has("PAINT", { lots: true, dated: true })
    .label("CASE-GLOVE", "GLOVE", {}, 6)
    .holds("B-3", "BIKE", 9)
    .holds("B-1", "HELMET", 4, "H1", { days: 90 }).holds("B-2", "HELMET", 20, "H2", { days: 10 })
    .holds("B-2", "GLOVE", 12).holds("B-3", "GLOVE", 30)
    .holds("B-1", "PAINT", 5, { code: "P0", expires: "2026-01-31" }).holds("B-1", "PAINT", 5, { code: "P1", expires: "2027-01-31" })
    .paper("SO-1", "sales", [["BIKE", 2], ["HELMET", 6], ["GLOVE", 6]], { partner: "C1" })
    .paper("SO-2", "sales", [["HELMET", 1]])
    .paper("SO-3", "sales", [["PAINT", 2]])
    .paper("WO-1", "work", [["BIKE", 1]]);
}

const hands = (document = "SO-1", site = warehouse()): Hands<PickState> => new Hands(pick, site, { document });

describe("picking by scans only", () => {
  it("walks the bins in path order, the oldest lot first", () => {
    const hand = hands();
    expect(hand.state.stops.map((stop) => [stop.place, stop.item, stop.quantity, stop.lot])).toEqual([
      ["B-1", "HELMET", 4, "H1"], ["B-2", "HELMET", 2, "H2"], ["B-2", "GLOVE", 6, null], ["B-3", "BIKE", 2, null],
    ]);
    expect(hand.state).toMatchObject({ n: 1, of: 4, to: "STAGE-1" });
  });

  it("writes bin and lot at once with what is left and there", () => {
    const hand = hands().scan("B-1", "H1");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "pick", key: { item: "HELMET", lot: { code: "H1" } }, from: { location: "B-1" }, to: { location: "STAGE-1" },
        quantity: 4, taken_wall: MORNING + 4000, shown: { rank: 1, older: null },
      },
      task: { document: "SO-1", line: 2 }, assumed: [], captures: [1, 2], consent: null,
    }]);
    expect(hand.band).toMatchObject({ signal: "done", wrote: { quantity: -4, code: "HELMET · H1" } });
    expect(hand.state).toMatchObject({ n: 2, of: 4, place: null });
    expect(hand.state.stops[0]).toMatchObject({ place: "B-2", item: "HELMET", quantity: 2 });
  });

  it("picks a whole order without a tap, and sounds complete at the end", () => {
    const hand = hands().scan("B-1", "H1", "B-2", "H2", "GLOVE", "B-3", "BIKE");
    expect(hand.dids.map((did) => ("key" in did ? [did.key?.item, "quantity" in did && did.quantity] : []))).toEqual([
      ["HELMET", 4], ["HELMET", 2], ["GLOVE", 6], ["BIKE", 2],
    ]);
    expect(hand.band).toMatchObject({ signal: "complete", note: "pick.complete" });
    expect(hand.state).toMatchObject({ complete: 3, stops: [] });
  });

  it("resolves the only lot of the bin and says that it was assumed", () => {
    expect(hands().scan("B-1", "HELMET").drafts).toMatchObject([{ did: { key: { lot: { code: "H1" } } }, assumed: ["lot"] }]);
  });

  it("needs no bin scan for goods that lie in one bin only", () => {
    expect(hands().scan("BIKE").dids).toMatchObject([{ from: { location: "B-3" }, quantity: 2 }]);
  });

  it("asks for the bin of goods that lie in several, and goes on with them", () => {
    const hand = hands().scan("GLOVE");
    expect(hand.band).toMatchObject({ signal: "look", say: "take.scan_bin" });
    expect(hand.scan("B-3").dids).toMatchObject([{ key: { item: "GLOVE" }, from: { location: "B-3" }, quantity: 6 }]);
  });

  it("puts the list of bins away once one is scanned", () => {
    const site = warehouse().holds("B-1", "OTHER", 3).holds("B-2", "OTHER", 3);
    const hand = hands("SO-1", site).scan("OTHER").supervisor("SUP");
    expect(hand.state.choices.length).toBe(2);
    expect(hand.scan("B-2").state).toMatchObject({ choices: [], missing: "quantity" });
  });

  it("takes a quantity that was typed before the scan", () => {
    const hand = hands().scan("B-2").type(3).scan("GLOVE");
    expect(hand.dids).toMatchObject([{ quantity: 3, entered: { quantity: "3" } }]);
    expect(hand.state.stops[0]).toMatchObject({ place: "B-2", item: "HELMET" });
  });

  it("takes a case as its pack", () => {
    expect(hands().scan("B-2", "CASE-GLOVE").dids).toMatchObject([{ quantity: 6 }]);
  });
});

describe("picking, and a change of mind", () => {
  it("goes on in another bin that has a stop", () => {
    const hand = hands().scan("B-3");
    expect(hand.state.stops[0]).toMatchObject({ place: "B-3", item: "BIKE" });
    expect(hand.scan("BIKE").drafts).toHaveLength(1);
  });

  it("says so when a bin has nothing for the order", () => {
    expect(hands().scan("DOCK-1").band).toMatchObject({ signal: "look", say: "take.nothing_here", held: "DOCK-1", asked: "B-1" });
  });

  it("skips a line to the end of the walk", () => {
    const hand = hands().scan("BINCARD:SKIP");
    expect(hand.state.stops.map((stop) => stop.item)).toEqual(["GLOVE", "BIKE", "HELMET", "HELMET"]);
  });

  it("goes over to another order, and to the screen of a work order", () => {
    const hand = hands().scan("SO-2", "B-1", "H1");
    expect(hand.drafts).toMatchObject([{ did: { quantity: 1 }, task: { document: "SO-2", line: 1 } }]);
    expect(hand.scan("WO-1").last.open).toEqual({ screen: "issue", code: "WO-1" });
  });

  it("puts the goods on another stage or in a tote that is scanned", () => {
    expect(hands().scan("STAGE-2", "BIKE").dids).toMatchObject([{ to: { location: "STAGE-2" } }]);
    expect(hands().scan("TOTE-7", "BIKE").dids).toMatchObject([{ to: { container: "TOTE-7" } }]);
  });

  it("leads to the other lot that was chosen, and records what was shown", () => {
    const hand = hands().press("other");
    expect(hand.state.choices.map((choice) => [choice.lot, choice.place])).toEqual([["H1", "B-1"], ["H2", "B-2"]]);
    hand.choose("lot", hand.state.choices[1]?.value ?? "");
    expect(hand.state.stops[0]).toMatchObject({ place: "B-2", lot: "H2", quantity: 6 });
    hand.scan("B-2", "H2");
    expect(hand.dids).toMatchObject([{ quantity: 6, shown: { rank: 2, older: { lot: "H1", place: "B-1" } } }]);
    expect(hand.band.note).toBe("take.older_noted");
  });

  it("[R52] writes what was taken and why no more; what is damaged stands on hold", () => {
    const hand = hands().scan("B-2").type(1).press("short").tell("reason", "damaged");
    expect(hand.dids).toMatchObject([
      { verb: "pick", key: { item: "HELMET" }, quantity: 1, short: "damaged" },
      { verb: "short", place: { location: "B-2" }, key: { item: "HELMET" }, asked: 2, taken: 1, reason: "damaged" },
      { verb: "status", place: { location: "B-2" }, to_status: "hold", quantity: 1 },
    ]);
    expect(hand.state.dry).toHaveLength(1);
    expect(hand.band).toMatchObject({ signal: "done", note: "take.short.count" });
  });

  it("[R52] is no count when nothing was found, and plans the rest anew", () => {
    const hand = hands().scan("B-1", "BINCARD:SHORT").tell("reason", "not_there");
    expect(hand.drafts).toMatchObject([{
      did: { verb: "short", place: { location: "B-1" }, key: { item: "HELMET", lot: { code: "H1" } }, taken: 0, reason: "not_there" },
      task: { document: "SO-1", line: null }, captures: [1],
    }]);
    expect(hand.state.stops[0]).toMatchObject({ place: "B-2", item: "HELMET", quantity: 6 });
    expect(hand.press("undo").band).toMatchObject({ say: "flow.undo.short" });
  });

  it("[R52] asks how many were taken where the reason does not say it", () => {
    const hand = hands().scan("B-2").press("short").tell("reason", "fewer");
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({ signal: "tick", say: "take.short.taken" });
    hand.type(1);
    expect(hand.dids).toMatchObject([{ verb: "pick", quantity: 1 }, { verb: "short", taken: 1, reason: "fewer" }]);
    const none = hands().scan("B-2").press("short").tell("reason", "a dog lies on it").type(0);
    expect(none.dids).toMatchObject([{ verb: "short", taken: 0, reason: "other", note: "a dog lies on it" }]);
  });

  it("[R52] writes nothing off where the ledger does not call the bin empty", () => {
    const hand = hands().scan("B-1").press("empty");
    expect(hand.band).toMatchObject({ say: "take.empty.sure" });
    hand.press("confirm");
    expect(new Set(hand.dids.map(({ verb }) => verb))).toEqual(new Set(["short"]));
  });

  it("asks whether the bin is empty when the ledger thinks so", () => {
    const site = warehouse().paper("SO-9", "sales", [["HELMET", 24]]);
    const hand = hands("SO-9", site).scan("B-2", "H2");
    expect(hand.dids).toMatchObject([{ quantity: 20 }]);
    expect(hand.band.ways).toEqual([]);
    const all = hands("SO-1", new Warehouse().place("B-1").place("B-2").has("BIKE").holds("B-1", "BIKE", 1).holds("B-2", "BIKE", 1).paper("SO-1", "sales", [["BIKE", 2]]));
    all.scan("B-1", "BIKE");
    expect(all.band).toMatchObject({ note: "take.empty", ways: ["empty", "full"] });
    all.press("empty");
    expect(all.dids[1]).toMatchObject({ verb: "count", place: { location: "B-1" }, scope: "place", lines: [] });
  });

  it("opens the count of a bin that is not as empty as the ledger thinks", () => {
    const site = new Warehouse().place("B-1").place("B-2").has("BIKE").holds("B-1", "BIKE", 1).holds("B-2", "BIKE", 1).paper("SO-1", "sales", [["BIKE", 2]]);
    expect(hands("SO-1", site).scan("B-1", "BIKE").press("full").last.open).toEqual({ screen: "count", code: "B-1" });
  });

  it("says at the end what is not complete", () => {
    const hand = hands().scan("BIKE").press("done");
    expect(hand.state.finish?.map((line) => line.item)).toEqual(["HELMET", "GLOVE"]);
    expect(hand.press("done").last.open).toEqual({ screen: "home" });
  });
});

describe("picking stops before an operation exists", () => {
  it("stops an item that is not on the order", () => {
    const hand = hands().scan("B-1", "OTHER");
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({
      signal: "wrong", say: "take.not_on_task", held: "OTHER", asked: "HELMET", ways: ["consent", "cancel"], wrote: null,
    });
    hand.press("cancel");
    expect(hand.state.goods).toBeNull();
    expect(hand.released).toEqual([2]);
  });

  it("stops an unknown code without a way round", () => {
    const hand = hands().scan("B-1", "???");
    expect(hand.band).toMatchObject({ signal: "wrong", say: "take.unknown", ways: ["cancel"] });
    expect(hand.supervisor().drafts).toEqual([]);
  });

  it("stops an item of which the order has all", () => {
    expect(hands().scan("BIKE", "BIKE").band).toMatchObject({ signal: "wrong", say: "take.line_full" });
  });

  it.each([
    ["on hold", { status: "hold" as const }, "take.status.hold"],
    ["waiting for inspection", { status: "quality" as const }, "take.status.quality"],
    ["blocked by a cause", { blocked: true }, "take.lot_blocked"],
  ])("stops a lot that is %s, and a supervisor may allow it", (_name, more, say) => {
    const hand = hands("SO-1", warehouse().holds("B-1", "HELMET", 3, "HX", more)).scan("B-1", "HX");
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({ signal: "wrong", say, held: "HX" });
    hand.supervisor("SUP");
    expect(hand.drafts).toMatchObject([{ consent: { actor: "SUP" }, did: { key: { lot: { code: "HX" } }, quantity: 3 } }]);
  });

  it("leads past an expired lot and stops it when it is scanned", () => {
    const hand = hands("SO-3");
    expect(hand.state.stops[0]).toMatchObject({ lot: "P1" });
    expect(hand.scan("B-1", "P0").band).toMatchObject({ signal: "wrong", say: "take.expired", values: { expires: "2026-01-31" } });
    expect(hand.scan("P1").dids).toMatchObject([{ key: { lot: { code: "P1", expires: "2027-01-31" } }, quantity: 2 }]);
  });

  it("asks once when more is typed than the bin or the line has", () => {
    expect(hands().scan("B-1").type(5).scan("H1").band).toMatchObject({ signal: "look", say: "flow.more_than_there" });
    const hand = hands().scan("B-3").type(5).scan("BIKE");
    expect(hand.band).toMatchObject({ signal: "look", say: "take.over_line", values: { left: 2, over: 3 } });
    expect(hand.press("confirm").dids).toMatchObject([{ quantity: 5 }]);
  });

  it("asks once when the ledger has nothing of it in that bin", () => {
    const hand = hands().scan("B-1", "BIKE");
    expect(hand.band).toMatchObject({ signal: "look", say: "take.not_there" });
    expect(hand.press("confirm").dids).toMatchObject([{ from: { location: "B-1" }, quantity: 2 }]);
  });

  it("wants a nod for the same case scanned twice in a moment", () => {
    const hand = hands("SO-9", warehouse().paper("SO-9", "sales", [["GLOVE", 12]])).scan("B-3").burst("CASE-GLOVE", "CASE-GLOVE");
    expect(hand.drafts).toHaveLength(1);
    expect(hand.band.say).toBe("flow.again");
  });
});

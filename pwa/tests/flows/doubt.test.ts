// [G3] [G4] A scan that can mean several things waits for the worker, in every flow alike.
import { describe, expect, it } from "vitest";
import { count } from "../../src/core/flows/count";
import { move } from "../../src/core/flows/move";
import { receive } from "../../src/core/flows/receive";
import type { Meaning, Said } from "../../src/core/meaning";
import { Hands } from "./hands";
import { Warehouse } from "./warehouse";

const GLUED = "010200000000941410B07773024";
const paint = (said: Said): Meaning => ({ kind: "item", item: "PA-529S", said, pack: 1 });

function warehouse(): Warehouse {
  return new Warehouse()
    .place("DOCK-1", "dock").place("06-B-10").place("TW-1")
    .has("PA-529S", { lots: true }).has("DT-1", { lots: true, dated: true }).has("TW-1").has("BE-2908")
    .label("CASE-BE", "BE-2908", {}, 12)
    .supplier("1580")
    .paper("PO-127", "purchase", [["PA-529S", 600], ["BE-2908", 100], ["DT-1", 5]], { partner: "1580" })
    .holds("06-B-10", "PA-529S", 9, "B0700")
    .means(GLUED, { kind: "either", meanings: [paint({ lot: "B07773024" }), paint({ lot: "B0777", quantity: 24 })] })
    .means("TW-1", { kind: "either", meanings: [{ kind: "item", item: "TW-1", said: {}, pack: 1 }, { kind: "location", location: "TW-1" }] })
    .means("10Z777", { kind: "unknown", raw: "10Z777", said: {}, perhaps: { lot: "Z777" } });
}

const receiving = () => new Hands(receive, warehouse(), { document: "PO-127" });

describe("a label whose separators are missing", () => {
  it("writes nothing before the worker has said what it says", () => {
    const hand = receiving().scan(GLUED);
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.doubt.label" });
    expect(hand.drafts).toEqual([]);
    expect(hand.released).toEqual([]);
  });

  it("is what the worker taps", () => {
    const hand = receiving().scan(GLUED).read(1);
    expect(hand.drafts).toMatchObject([{ did: { key: { lot: { code: "B0777" } }, quantity: 24 }, captures: [1] }]);
    expect(hand.state.doubt).toBeNull();
  });

  it("is its first reading by the card DONE, and SKIP brings the next one to the top", () => {
    expect(receiving().scan(GLUED, "BINCARD:SKIP", "BINCARD:DONE").dids).toMatchObject([{ quantity: 24 }]);
    expect(receiving().scan(GLUED, "BINCARD:DONE").state).toMatchObject({ goods: { lot: "B07773024", quantity: 1 } });
  });

  it("is the reading whose lot another label says", () => {
    expect(receiving().scan(GLUED, "B0777").drafts).toMatchObject([{ did: { quantity: 24 }, captures: [1, 2] }]);
  });

  it("is put aside by a no, and by another scan, which is taken", () => {
    const hand = receiving().scan(GLUED).press("cancel");
    expect([hand.band.say, hand.drafts.length, ...hand.released]).toEqual(["flow.nothing_written", 0, 1]);
    expect(receiving().scan(GLUED, "CASE-BE").dids).toMatchObject([{ key: { item: "BE-2908" } }]);
    expect(receiving().scan(GLUED).press("undo").state.doubt).toBeNull();
  });

  it("keeps its question over a restart, and whatever else is pressed", () => {
    const hand = receiving().scan(GLUED).press("hold").refresh().type(5);
    expect([hand.state.doubt?.meanings.length, hand.drafts.length]).toEqual([2, 0]);
  });

  it("is asked about once in a task", () => {
    const hand = new Hands(count, warehouse()).scan("06-B-10", GLUED).read(1).scan(GLUED, GLUED);
    expect(hand.press("done").dids).toMatchObject([{ lines: [{ quantity: 72, key: { lot: { code: "B0777" } } }] }]);
  });

  it("is asked in a count and in a move, too", () => {
    const counting = new Hands(count, warehouse()).scan("06-B-10", GLUED).read(1);
    expect(counting.press("done").dids).toMatchObject([{ lines: [{ key: { lot: { code: "B0777" } }, quantity: 24 }] }]);
    const moving = new Hands(move, warehouse()).scan("06-B-10", GLUED);
    expect(moving.band.say).toBe("flow.doubt.label");
  });
});

describe("a label that says a weight", () => {
  const counted = (unit: string) => {
    const label = "0102000000009414310300125010B0700";
    const goods = new Warehouse().place("06-B-10").place("DOCK-1", "dock").has("PA-529S", { lots: true, unit })
      .means(label, paint({ lot: "B0700" }));
    return new Hands(count, goods).scan("06-B-10", label);
  };

  it("counts that weight of goods that are kept by it, and one of all others", () => {
    expect(counted("G").press("done").dids).toMatchObject([{ lines: [{ quantity: 1_250 }] }]);
    expect(counted("EA").press("done").dids).toMatchObject([{ lines: [{ quantity: 1 }] }]);
  });

  it("counts nothing where it is no whole number of the unit, and says so", () => {
    const hand = counted("KG");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.part_unit", values: { weight: "1.25" } });
    expect(hand.state.lines).toEqual([]);
  });
});

describe("a code of two things", () => {
  it("is asked, and is then the one that was chosen", () => {
    const hand = receiving().scan("TW-1");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.doubt.code", values: { code: "TW-1" } });
    expect(hand.read(1).state.place).toBe("TW-1");
  });
});

describe("a code that only parses as a label", () => {
  it("is asked where a lot was asked for: whole, or what follows the identifier", () => {
    expect(receiving().scan("DT-1", "10Z777").read(0).state.goods).toMatchObject({ lot: "10Z777" });
    expect(receiving().scan("DT-1", "10Z777").read(1).state.goods).toMatchObject({ lot: "Z777" });
  });
});

import { describe, expect, it } from "vitest";
import { move, type MoveState } from "../../src/core/flows/move";
import { Hands } from "./hands";
import { MORNING, Warehouse } from "./warehouse";

function warehouse(): Warehouse {
  return new Warehouse()
    .place("A-1").place("A-2").place("A-3").place("SHUT", "bin", { blocked: true })
    .has("HN-1224").has("BE-2908", { lots: true })
    .holds("A-1", "HN-1224", 12)
    .holds("A-1", "BE-2908", 5, "K1").holds("A-2", "BE-2908", 6, "K2")
    .holds("container/TOTE-7", "HN-1224", 3);
}

const hands = (): Hands<MoveState> => new Hands(move, warehouse());

describe("moving by scans only", () => {
  it("moves all of what lies in one bin only: scan what, scan where", () => {
    const site = new Warehouse().place("A-1").place("A-2").has("HN-1224").holds("A-1", "HN-1224", 12);
    const hand = new Hands(move, site).scan("HN-1224", "A-2");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "move", key: { item: "HN-1224" }, quantity: 12, from: { location: "A-1" }, to: { location: "A-2" },
        taken_wall: MORNING + 2000,
      },
      task: null, assumed: ["quantity"], captures: [1, 2], consent: null,
    }]);
  });

  it("takes a bin that is scanned first for where from", () => {
    const hand = hands().scan("A-2", "BE-2908", "A-3");
    expect(hand.dids).toMatchObject([{ key: { lot: { code: "K2" } }, quantity: 6, from: { location: "A-2" } }]);
    expect(hand.drafts[0]?.assumed).toEqual(["lot", "quantity"]);
  });

  it("asks where from when the goods lie in several bins", () => {
    const hand = hands().scan("BE-2908");
    expect(hand.band).toMatchObject({ signal: "look", say: "move.where_from" });
    expect(hand.scan("A-1", "A-3").dids).toMatchObject([{ from: { location: "A-1" }, to: { location: "A-3" }, quantity: 5 }]);
  });

  it("knows the bin of a lot by the lot alone", () => {
    expect(hands().scan("K2", "A-3").dids).toMatchObject([{ from: { location: "A-2" }, quantity: 6 }]);
  });

  it("moves a container whole", () => {
    expect(hands().scan("TOTE-7", "A-3").dids).toEqual([{ verb: "move", container: "TOTE-7", to: { location: "A-3" } }]);
  });

  it("puts goods into a container", () => {
    expect(hands().scan("K1", "TOTE-7").dids).toMatchObject([{ to: { container: "TOTE-7" } }]);
  });
});

describe("moving asks and looks", () => {
  it("moves a part that is typed, and asks once for more than is there", () => {
    expect(hands().scan("K1").type(2).scan("A-3").dids).toMatchObject([{ quantity: 2 }]);
    const hand = hands().scan("K1").type(9);
    expect(hand.band.say).toBe("flow.more_than_there");
    expect(hand.press("confirm").scan("A-3").dids).toMatchObject([{ quantity: 9 }]);
  });

  it("says so when the goods lie there already", () => {
    expect(hands().scan("K1", "A-1").band).toMatchObject({ signal: "look", say: "move.same_place" });
  });

  it("asks before a bin that is out of use", () => {
    const hand = hands().scan("K1", "SHUT");
    expect(hand.band.say).toBe("flow.blocked_place");
    expect(hand.press("confirm").dids).toMatchObject([{ to: { location: "SHUT" } }]);
  });

  it("keeps the goods in the hand when the bin was not meant", () => {
    const hand = hands().scan("K1", "SHUT").press("cancel");
    expect(hand.state).toMatchObject({ goods: { lot: "K1" }, to: null, ask: null });
    expect(hand.scan("SHUT", "A-3").drafts).toMatchObject([{ did: { to: { location: "A-3" } }, captures: [1, 4] }]);
    expect(hand.released).toEqual([2, 3]);
  });

  it("lets other goods be a change of mind", () => {
    const hand = hands().scan("K1", "K2", "A-3");
    expect(hand.dids).toMatchObject([{ key: { lot: { code: "K2" } } }]);
    expect(hand.released).toEqual([1]);
  });

  it("records unknown goods from a bin after a nod", () => {
    const hand = hands().scan("A-1", "???").press("confirm").type(2).scan("A-3");
    expect(hand.dids).toMatchObject([{ key: { item: "???" }, quantity: 2, from: { location: "A-1" } }]);
  });
});

describe("a bare lot number that several items have", () => {
  const site = (): Warehouse =>
    new Warehouse()
      .place("A-1").place("A-2").place("A-3")
      .has("AR-5381", { lots: true }).has("BE-2908", { lots: true })
      .holds("A-1", "AR-5381", 5, "K1102").holds("A-2", "BE-2908", 6, "K1102").holds("A-3", "BE-2908", 7, "K1009");

  it("means the item in the hand", () => {
    const hand = new Hands(move, site()).scan("BE-2908", "K1102", "A-1");
    expect(hand.dids).toMatchObject([{ key: { item: "BE-2908", lot: { code: "K1102" } }, from: { location: "A-2" }, quantity: 6 }]);
  });

  it("means what lies in the bin that was scanned first", () => {
    const hand = new Hands(move, site()).scan("A-1", "K1102", "A-3");
    expect(hand.dids).toMatchObject([{ key: { item: "AR-5381" }, from: { location: "A-1" } }]);
  });

  it("is asked about, and its bin is an answer", () => {
    const hand = new Hands(move, site()).scan("K1102");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.which_item" });
    expect(hand.scan("A-2", "A-1").dids).toMatchObject([{ key: { item: "BE-2908" }, from: { location: "A-2" } }]);
  });

  it("is no question between sibling lots of one item: each of them is named by its bin", () => {
    const siblings = site().place("A-4").has("PA-529S", { lots: true })
      .holds("A-1", "PA-529S", 2, { code: "TR-1", expires: "2027-09-30" }).holds("A-2", "PA-529S", 3, { code: "TR-1", expires: "2028-01-31" });
    const hand = new Hands(move, siblings).scan("TR-1");
    expect(hand.state.choices.map(({ place, quantity }) => [place, quantity])).toEqual([["A-1", 2], ["A-2", 3]]);
    expect(hand.scan("A-2", "A-4").dids).toMatchObject([{ key: { lot: { expires: "2028-01-31" } }, from: { location: "A-2" } }]);
  });

  it("is asked about once where sibling lots lie in one bin, which their days tell apart", () => {
    const siblings = site().place("A-4").has("PA-529S", { lots: true })
      .holds("A-1", "PA-529S", 2, { code: "TR-1", expires: "2027-09-30" }).holds("A-1", "PA-529S", 3, { code: "TR-1", expires: "2028-01-31" });
    const hand = new Hands(move, siblings).scan("TR-1");
    const second = hand.state.choices[1]?.value ?? "";
    hand.choose("lot", second).choose("lot", second).scan("A-4");
    expect(hand.dids).toMatchObject([{ key: { lot: { code: "TR-1", expires: "2028-01-31" } }, quantity: 3 }]);
  });

  it("is asked again when the bin has none of them", () => {
    expect(new Hands(move, site()).scan("K1102", "A-3").band).toMatchObject({ signal: "look", say: "flow.which_lot" });
  });
});

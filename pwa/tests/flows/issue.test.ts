import { describe, expect, it } from "vitest";
import { issue, type IssueState } from "../../src/core/flows/issue";
import type { Item } from "../../src/core/types.gen";
import { Hands } from "./hands";
import { MORNING, Warehouse } from "./warehouse";

function warehouse(fifo: Item["fifo"] = "reason"): Warehouse {
  return new Warehouse()
    .place("06-B-10").place("50-A-05").place("LINE-1", "line").place("DOCK-1", "dock")
    .has("BE-2908", { lots: true, fifo }).has("HN-1224").has("BE-2349")
    .holds("06-B-10", "BE-2908", 198, "K0817", { days: 96 })
    .holds("06-B-10", "BE-2908", 224, "K0902", { days: 80 })
    .holds("50-A-05", "BE-2908", 353, "K1014", { days: 38 })
    .holds("50-A-05", "HN-1224", 12)
    .label("GS1-K1014", "BE-2908", { lot: "K1014", quantity: 20 })
    .paper("WO-71774", "work", [["BE-2908", 24], ["HN-1224", 12]], { item: "FR-1", quantity: 12 })
    .paper("WO-2", "work", [["BE-2908", 300]]);
}

const hands = (document: string | null = "WO-71774", site = warehouse()): Hands<IssueState> =>
  new Hands(issue, site, document === null ? {} : { document });

describe("issuing by scans only", () => {
  it("leads to the bin of the oldest lot and shows the ranked lots", () => {
    const { state } = hands();
    expect(state.stops[0]).toMatchObject({ place: "06-B-10", item: "BE-2908", lot: "K0817", quantity: 24 });
    expect(state.ranked.map((lot) => [lot.rank, lot.place, lot.quantity])).toEqual([
      [1, "06-B-10", 198], [2, "06-B-10", 224], [3, "50-A-05", 353],
    ]);
    expect(state).toMatchObject({ n: 1, of: 2, complete: 0, to: "production/WO-71774" });
  });

  it("writes bin and lot with what the line has left", () => {
    const hand = hands().scan("06-B-10", "K0817");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "issue", key: { item: "BE-2908", lot: { code: "K0817" } }, from: { location: "06-B-10" },
        to: { location: "production/WO-71774" }, quantity: 24, taken_wall: MORNING + 4000, shown: { rank: 1, older: null },
      },
      task: { document: "WO-71774", line: 1 }, assumed: [], captures: [1, 2], consent: null,
    }]);
    expect(hand.band).toMatchObject({ signal: "complete", say: "issue.done", wrote: { quantity: -24, code: "BE-2908 · K0817" } });
    expect(hand.state).toMatchObject({ complete: 1, n: 2, of: 2 });
  });

  it("completes the kit without a tap", () => {
    const hand = hands().scan("06-B-10", "BE-2908", "50-A-05", "HN-1224");
    expect(hand.drafts).toHaveLength(2);
    expect(hand.drafts[0]).toMatchObject({ did: { key: { lot: { code: "K0817" } } }, assumed: ["lot"] });
    expect(hand.band).toMatchObject({ signal: "complete", note: "issue.complete" });
  });

  it("takes the rest from the next older lot when the oldest is not enough", () => {
    const hand = hands("WO-2").scan("06-B-10", "K0817");
    expect(hand.dids).toMatchObject([{ quantity: 198 }]);
    expect(hand.state).toMatchObject({ place: "06-B-10", n: 2, of: 2 });
    expect(hand.state.stops[0]).toMatchObject({ lot: "K0902", quantity: 102, rank: 1 });
    expect(hand.scan("K0902").dids[1]).toMatchObject({ quantity: 102, shown: { rank: 1, older: null } });
  });

  it("starts with an item instead of an order, and the keypad says how many", () => {
    const hand = hands(null).scan("BE-2908");
    expect(hand.state).toMatchObject({ item: "BE-2908", document: null });
    expect(hand.state.ranked).toHaveLength(3);
    hand.scan("06-B-10", "K0817");
    expect(hand.state.missing).toBe("quantity");
    hand.type(5);
    expect(hand.drafts).toMatchObject([{ task: null, did: { quantity: 5, to: { location: "cost/general" } } }]);
  });

  it("issues without an order to a line side that is scanned", () => {
    expect(hands(null).scan("LINE-1", "BE-2908", "06-B-10").type(5).scan("K0817").dids).toMatchObject([
      { quantity: 5, to: { location: "LINE-1" } },
    ]);
  });
});

describe("issuing a lot that is not the oldest", () => {
  const younger = (fifo: Item["fifo"]): Hands<IssueState> => hands("WO-71774", warehouse(fifo)).scan("50-A-05", "K1014");

  it("writes and hints where the policy is a hint", () => {
    const hand = younger("hint");
    expect(hand.dids).toMatchObject([{ quantity: 24, shown: { rank: 3, older: { lot: "K0817", place: "06-B-10" } } }]);
    expect(hand.dids[0]).not.toHaveProperty("override");
    expect(hand.band).toMatchObject({
      signal: "look", say: "issue.older.hint", older: { lot: "K0817", place: "06-B-10", quantity: 198 }, values: { days: 58 },
    });
  });

  it("wants a reason where the policy is a reason, and writes it as the override", () => {
    const hand = younger("reason");
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({ signal: "look", say: "issue.older", ways: ["next", "reason"], wrote: null });
    expect(hand.state.ranked.find((lot) => lot.mine)?.lot).toBe("K1014");
    hand.tell("reason", "blocked by a pallet");
    expect(hand.dids).toMatchObject([{ override: "blocked by a pallet", shown: { rank: 3 } }]);
  });

  it("takes no plain yes for a reason", () => {
    expect(younger("reason").press("confirm").drafts).toEqual([]);
  });

  it("goes to the older lot instead", () => {
    const hand = younger("reason").press("next");
    expect(hand.state.stops[0]).toMatchObject({ place: "06-B-10", lot: "K0817" });
    expect(hand.scan("06-B-10", "K0817").dids).toMatchObject([{ shown: { rank: 1 } }]);
  });

  it("takes the scan of the older bin for a change of mind", () => {
    expect(younger("reason").scan("06-B-10", "K0817").dids).toMatchObject([{ key: { lot: { code: "K0817" } } }]);
  });

  it("wants a supervisor where the policy is consent", () => {
    const hand = younger("consent").press("confirm");
    expect(hand.drafts).toEqual([]);
    hand.supervisor("SUP");
    expect(hand.drafts).toMatchObject([{ consent: { actor: "SUP" }, did: { override: "consent" } }]);
  });

  it("stops it where the policy is block, even for a supervisor", () => {
    const hand = younger("block");
    expect(hand.band).toMatchObject({ signal: "wrong", say: "issue.older.blocked", ways: ["next", "cancel"] });
    expect(hand.supervisor().drafts).toEqual([]);
  });

  it("holds nothing against another bin with a lot of the same age", () => {
    const site = warehouse("block").holds("50-A-05", "BE-2908", 10, "K0816", { days: 96 });
    expect(hands("WO-71774", site).scan("50-A-05", "K0816").dids).toMatchObject([{ shown: { rank: 1, older: null } }]);
  });

  it("takes no more than the label says and asks the policy all the same", () => {
    const hand = hands().scan("50-A-05", "GS1-K1014");
    expect(hand.band.say).toBe("issue.older");
    expect(hand.tell("reason", "part pack first").dids).toMatchObject([{ quantity: 20 }]);
  });
});

describe("issuing stops before an operation exists", () => {
  it("stops an item that the work order does not need, and writes it with a consent", () => {
    const hand = hands().scan("06-B-10", "BE-2349");
    expect(hand.band).toMatchObject({ signal: "wrong", say: "take.not_on_task", held: "BE-2349", asked: "BE-2908" });
    hand.supervisor().type(2).press("confirm");
    expect(hand.drafts).toMatchObject([{ task: { document: "WO-71774", line: null }, consent: { actor: "SUP" }, did: { quantity: 2 } }]);
  });

  it("asks once when more than the line is typed", () => {
    const hand = hands().scan("06-B-10").type(30).scan("K0817");
    expect(hand.band).toMatchObject({ signal: "look", say: "take.over_line", values: { over: 6 } });
    expect(hand.press("confirm").dids).toMatchObject([{ quantity: 30 }]);
  });

  it("undoes an issue only after the goods are said to be back", () => {
    const hand = hands().scan("06-B-10", "K0817").press("undo");
    expect(hand.last.undo).toBeUndefined();
    expect(hand.press("confirm").last.undo).toBe(true);
  });

  it("shows what a sync changed without a new step of the worker", () => {
    const site = warehouse();
    const hand = hands("WO-71774", site);
    site.holds("06-B-10", "BE-2908", 5, "K0001", { days: 200 });
    hand.refresh();
    expect(hand.state.stops[0]).toMatchObject({ lot: "K0001", quantity: 5 });
  });
});

import { describe, expect, it } from "vitest";
import { receive } from "../../src/core/flows/receive";
import { Hands } from "./hands";
import { Warehouse } from "./warehouse";

function warehouse(): Warehouse {
  return new Warehouse()
    .place("DOCK-1", "dock").place("06-B-10").place("OLD-BIN", "bin", { blocked: true })
    .has("PA-529S", { lots: true, dated: true }).has("BE-2908").has("RM-T800", { lots: true }).has("SN-1", { serials: true })
    .has("BE-2349")
    .supplier("1580").supplier("1602")
    .label("CASE-BE", "BE-2908", {}, 12)
    .label("GS1-PA", "PA-529S", { lot: "TR-260905", expires: "2027-09-30", quantity: 12 })
    .label("SN-1/A", "SN-1", { serial: "A" })
    .label("SN-1/B", "SN-1", { serial: "B" })
    .paper("PO-127", "purchase", [["PA-529S", 60, 24], ["BE-2908", 100], ["RM-T800", 5], ["SN-1", 2]], { partner: "1580", due: "2026-11-30" })
    .paper("PO-128", "purchase", [["BE-2908", 50]], { partner: "1580", due: "2026-11-25" })
    .paper("SO-1", "sales", [["BE-2908", 1]]);
}

const hands = (document?: string): Hands<ReturnType<typeof receive.start>["state"]> =>
  new Hands(receive, warehouse(), document === undefined ? {} : { document });

describe("receiving by scans only", () => {
  it("asks for the day of a bare lot number that sibling lots of one item share", () => {
    const siblings = warehouse()
      .holds("06-B-10", "PA-529S", 2, { code: "TR-1", expires: "2027-09-30" }).holds("06-B-10", "PA-529S", 3, { code: "TR-1", expires: "2028-01-31" });
    const hand = new Hands(receive, siblings, { document: "PO-127" }).scan("TR-1");
    expect(hand.state).toMatchObject({ choices: [], missing: "expires", goods: { item: "PA-529S", lot: "TR-1" } });
    hand.tell("expires", "2028-01-31").type(12);
    expect(hand.dids).toMatchObject([{ key: { lot: { code: "TR-1", expires: "2028-01-31" } }, quantity: 12 }]);
  });

  it("fills lot, expiry and quantity from a GS1 label and writes at once", () => {
    const hand = hands().scan("PO-127", "GS1-PA");
    expect(hand.drafts).toEqual([{
      did: {
        verb: "receive", key: { item: "PA-529S", lot: { code: "TR-260905", expires: "2027-09-30" } }, quantity: 12,
        from: { location: "supplier/1580" }, to: { location: "DOCK-1" },
      },
      task: { document: "PO-127", line: 1 }, assumed: [], captures: [1, 2], consent: null,
    }]);
    expect(hand.state.written.at(-1)).toMatchObject({ quantity: 12, sum: 36 });
    expect(hand.state.lines.find((line) => line.line === hand.state.at)).toMatchObject({ n: 1, of: 4, done: 36 });
    expect(hand.band).toMatchObject({ signal: "done", say: "receive.done", wrote: { quantity: 12, code: "PA-529S · TR-260905" } });
  });

  it("counts a case code as its pack", () => {
    expect(hands("PO-127").scan("CASE-BE").dids).toMatchObject([{ quantity: 12, key: { item: "BE-2908" } }]);
  });

  it("[G14] takes one for each scan of goods whose label says no number, and the dock writes what was scanned", () => {
    const hand = hands("PO-127").burst("BE-2908", "BE-2908", "BE-2908");
    expect(hand.drafts).toEqual([]);
    expect(hand.state).toMatchObject({ missing: "more", goods: { quantity: 3 }, rest: 100 });
    expect(hand.band).toMatchObject({ signal: "tick", say: "receive.ask.more", values: { quantity: 3 } });
    hand.scan("DOCK-1");
    expect(hand.drafts).toMatchObject([{ did: { quantity: 3, to: { location: "DOCK-1" } }, assumed: [], captures: [1, 2, 3, 4] }]);
    expect(hand.band.signal).toBe("done");
  });

  it("[G14] never takes the next scan for more than was scanned, and says what it wrote before anything else", () => {
    const hand = hands("PO-127").scan("BE-2908", "PO-128");
    expect(hand.dids).toMatchObject([{ quantity: 1 }]);
    expect(hand.last.earlier).toMatchObject({ band: { signal: "done", wrote: { quantity: 1, code: "BE-2908" } }, drafts: 1 });
    expect(hand.band).toMatchObject({ signal: "tick", say: "receive.order", values: { document: "PO-128" } });
    const goods = hands("PO-127").scan("BE-2908", "GS1-PA");
    expect(goods.dids).toMatchObject([{ quantity: 1 }, { quantity: 12 }]);
    expect(goods.last.earlier).toMatchObject({ band: { say: "receive.done", wrote: { code: "BE-2908" } }, drafts: 1 });
    expect(goods.band).toMatchObject({ signal: "done", wrote: { quantity: 12 } });
  });

  it("adds a pack to the pieces that are in the hand", () => {
    const hand = hands("PO-127").scan("BE-2908", "CASE-BE");
    expect(hand.state).toMatchObject({ goods: { quantity: 13, entered: null } });
    expect(hand.press("done").dids).toMatchObject([{ quantity: 13 }]);
  });

  it("takes the rest of the line by its key alone, before or after the first of it", () => {
    expect(hands("PO-127").scan("BE-2908").press("rest").dids).toMatchObject([{ quantity: 100 }]);
    const hand = hands("PO-127").scan("BE-2908").press("done");
    expect(hand.state.rest).toBe(99);
    expect(hand.press("rest").dids).toMatchObject([{ quantity: 1 }, { quantity: 99 }]);
    expect(hand.band.signal).toBe("complete");
    expect(hand.state.rest).toBeNull();
  });

  it("asks how much of what is weighed, and other goods do not answer for it", () => {
    const cable = warehouse().has("WIRE", { unit: "M" }).paper("PO-9", "purchase", [["WIRE", 500], ["BE-2908", 5]], { partner: "1580" });
    const hand = new Hands(receive, cable, { document: "PO-9" }).scan("WIRE", "BE-2908");
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({ signal: "look", say: "receive.how_many_first" });
    expect(hand.type(40).dids).toMatchObject([{ key: { item: "WIRE" }, quantity: 40 }]);
  });

  it("does not take goods that follow each other quickly for one code read twice", () => {
    const hand = hands("PO-127").burst("BE-2908", "RM-T800", "RM-T800");
    expect(hand.state).toMatchObject({ ask: null, goods: { item: "RM-T800", quantity: 2 } });
  });

  it("writes what was counted once it was asked about and Done", () => {
    const hand = hands("PO-128").scan("CASE-BE").type(38).scan("BE-2908");
    expect(hand.band.say).toBe("receive.over.ask");
    hand.press("confirm", "done");
    expect(hand.dids.at(-1)).toMatchObject({ quantity: 1 });
  });

  it("writes a hand that is full of scans before it takes more", () => {
    const many = warehouse().paper("PO-9", "purchase", [["BE-2908", 500]], { partner: "1580" });
    const hand = new Hands(receive, many, { document: "PO-9" }).burst(...Array<string>(210).fill("BE-2908"));
    expect(hand.dids).toMatchObject([{ quantity: 200 }]);
    expect(hand.state.goods?.quantity).toBe(10);
  });

  it("takes the command code DONE for the key", () => {
    expect(hands("PO-127").scan("BE-2908", "BINCARD:DONE").dids).toMatchObject([{ quantity: 1 }]);
  });

  it("receives straight into a bin that is scanned with the goods in hand, and stays there", () => {
    const hand = hands("PO-127").scan("BE-2908", "06-B-10", "CASE-BE");
    expect(hand.dids[0]).toMatchObject({ to: { location: "06-B-10" } });
    expect(hand.state.place).toBe("06-B-10");
  });

  it("gives a lot of our own to an item that needs one and came without", () => {
    const hand = hands("PO-127").scan("RM-T800", "DOCK-1");
    expect(hand.dids).toMatchObject([{ key: { item: "RM-T800", lot: { code: "OWN-1" } }, quantity: 1 }]);
  });

  it("reads one serial a scan", () => {
    const hand = hands("PO-127").scan("SN-1/A", "SN-1/B");
    expect(hand.dids).toMatchObject([{ quantity: 1, key: { serial: "A" } }, { quantity: 1, key: { serial: "B" } }]);
    expect(hand.state.written.map((line) => line.sum)).toEqual([1, 2]);
  });

  it("starts blind with a supplier and fills that supplier's lines by due date", () => {
    const hand = hands().scan("1580", "BE-2908").type(60);
    expect(hand.drafts.map(({ did, task }) => [task, "quantity" in did && did.quantity])).toEqual([
      [{ document: "PO-128", line: 1 }, 50], [{ document: "PO-127", line: 2 }, 10],
    ]);
  });

  it("receives from a supplier without any order", () => {
    const hand = hands().scan("1602", "BE-2349").type(7);
    expect(hand.drafts).toMatchObject([{ task: null, did: { from: { location: "supplier/1602" }, quantity: 7 } }]);
  });
});

describe("receiving asks only what no code said", () => {
  it("looks once at a day that is over, and at a year that is hard to believe", () => {
    const over = hands("PO-127").scan("PA-529S").tell("lot", "L9").tell("expires", "2026-11-20");
    expect(over.band).toMatchObject({ signal: "look", say: "receive.day_over", values: { day: "2026-11-20" } });
    over.press("confirm").type(10);
    expect(over.dids).toMatchObject([{ key: { lot: { code: "L9", expires: "2026-11-20" } }, quantity: 10 }]);
    const odd = hands("PO-127").scan("PA-529S").tell("lot", "L9").tell("expires", "2206-01-31");
    expect(odd.band).toMatchObject({ signal: "look", say: "receive.odd_year" });
    odd.tell("expires", "2028-01-31");
    expect(odd.state).toMatchObject({ missing: "more", goods: { expires: "2028-01-31" } });
  });

  it("asks the lot and then the expiry of a dated item", () => {
    const hand = hands("PO-127").scan("PA-529S");
    expect(hand.state.missing).toBe("lot");
    hand.tell("lot", "L9");
    expect(hand.state.missing).toBe("expires");
    hand.tell("expires", "2028-01-31");
    expect(hand.state).toMatchObject({ missing: "more", rest: 36 });
    hand.type(10);
    expect(hand.dids).toMatchObject([{
      key: { lot: { code: "L9", expires: "2028-01-31" } }, quantity: 10, entered: { quantity: "10", unit: "EA", factor: 1 },
    }]);
  });

  it("takes the label that is scanned next for the lot or the serial that it asked for", () => {
    const hand = hands("PO-127").scan("PA-529S", "LOT-77");
    expect(hand.state).toMatchObject({ goods: { item: "PA-529S", lot: "LOT-77" }, missing: "expires" });
    expect(hands("PO-127").scan("SN-1", "SN-000123").dids).toMatchObject([{ quantity: 1, key: { item: "SN-1", serial: "SN-000123" } }]);
  });

  it("shows the order again once the receipt was undone", () => {
    const hand = hands("PO-127").scan("BE-2908", "BINCARD:DONE").press("undo", "confirm");
    expect(hand.state).toMatchObject({ last: null, at: null });
  });

  it("ends a receipt without an order at once: nothing can be short", () => {
    const hand = hands().scan("1602", "BE-2349").type(7).press("done");
    expect(hand.last.open).toEqual({ screen: "home" });
  });

  it("asks for order or supplier when the goods were scanned first, and goes on with them", () => {
    const hand = hands().scan("CASE-BE");
    expect(hand.band).toMatchObject({ signal: "look", say: "receive.ask.order" });
    expect(hand.scan("PO-127").drafts).toMatchObject([{ did: { quantity: 12 }, task: { document: "PO-127", line: 2 } }]);
  });

  it("keeps the keypad for more of the same after a line was written", () => {
    const hand = hands("PO-127").scan("GS1-PA").type(5);
    expect(hand.dids[1]).toMatchObject({ quantity: 5, key: { lot: { code: "TR-260905" } } });
  });

  it("fills the line that was tapped", () => {
    const hand = hands("PO-127").choose("line", "2").press("rest");
    expect(hand.drafts).toMatchObject([{ did: { quantity: 100 }, task: { line: 2 } }]);
  });
});

describe("receiving stops and looks", () => {
  it("asks once when more came than was ordered, and lets it in", () => {
    const hand = hands("PO-127").scan("BE-2908").type(106);
    expect(hand.drafts).toEqual([]);
    expect(hand.band).toMatchObject({ signal: "look", say: "receive.over.ask", values: { over: 6 }, ways: ["confirm", "cancel"] });
    hand.press("confirm");
    expect(hand.dids).toMatchObject([{ quantity: 106 }]);
    expect(hand.band).toMatchObject({ note: "receive.over.settled", values: { over: 6 } });
  });

  it("stays silent within the tolerance of the site", () => {
    const site = warehouse();
    site.site = { ...site.site, over_receipt_percent: 10 };
    expect(new Hands(receive, site, { document: "PO-127" }).scan("BE-2908").type(106).dids).toMatchObject([{ quantity: 106 }]);
  });

  it("writes nothing when the worker says no, and lets go of the scan", () => {
    const hand = hands("PO-127").scan("BE-2908").type(106).press("cancel");
    expect(hand.drafts).toEqual([]);
    expect(hand.state.goods).toBeNull();
    expect(hand.released).toEqual([1]);
  });

  it("corrects a quantity that was asked about by typing another", () => {
    expect(hands("PO-127").scan("BE-2908").type(1000).type(100).dids).toMatchObject([{ quantity: 100 }]);
  });

  it("stops an item that is not on the order, and takes it in as not on this order", () => {
    const hand = hands("PO-127").scan("BE-2349");
    expect(hand.band).toMatchObject({ signal: "wrong", held: "BE-2349", asked: "PA-529S", ways: ["other", "cancel"], wrote: null });
    hand.press("other").type(3);
    expect(hand.drafts).toMatchObject([{ task: null, did: { from: { location: "supplier/1580" }, quantity: 3 } }]);
  });

  it("records an unknown code under its raw text after a nod", () => {
    const hand = hands("PO-127").scan("???");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.unknown_item" });
    hand.press("confirm").type(4);
    expect(hand.dids).toMatchObject([{ key: { item: "???" }, quantity: 4 }]);
  });

  it("catches a serial that is here already", () => {
    const hand = hands("PO-127").scan("SN-1/A", "SN-1/B", "SN-1/A");
    expect(hand.band).toMatchObject({ signal: "look", say: "receive.serial_twice" });
    expect(hand.drafts).toHaveLength(2);
  });

  it("asks before goods go into a bin that is out of use", () => {
    const hand = hands("PO-127").scan("OLD-BIN", "CASE-BE");
    expect(hand.band.say).toBe("flow.blocked_place");
    expect(hand.press("confirm").dids).toMatchObject([{ to: { location: "OLD-BIN" } }]);
  });

  it("wants a nod for the same case scanned twice in a moment", () => {
    const hand = hands("PO-127").burst("CASE-BE", "CASE-BE");
    expect(hand.drafts).toHaveLength(1);
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.again" });
    expect(hand.press("confirm").drafts).toHaveLength(2);
    expect(hand.drafts[1]?.captures).toEqual([2]);
  });
});

describe("receiving, and a change of mind", () => {
  it("goes over to another order", () => {
    const hand = hands("PO-127").scan("PO-128", "CASE-BE");
    expect(hand.drafts).toMatchObject([{ task: { document: "PO-128", line: 1 } }]);
  });

  it("opens picking for a sales order, and the sign-in for a badge", () => {
    const hand = hands("PO-127").scan("SO-1");
    expect(hand.last.open).toEqual({ screen: "pick", code: "SO-1" });
    expect(hand.scan("BADGE:7").last.open).toEqual({ screen: "sign-in", code: "7" });
  });

  it("puts goods on hold with a reason", () => {
    const hand = hands("PO-127").scan("CASE-BE").press("hold").tell("reason", "wet");
    expect(hand.dids[1]).toEqual({
      verb: "status", place: { location: "DOCK-1" }, key: { item: "BE-2908" }, quantity: 12, to_status: "hold", reason: "wet",
    });
  });

  it("says at the end what is short, and leaves at the second done", () => {
    const hand = hands("PO-128").scan("CASE-BE").press("done");
    expect(hand.band).toMatchObject({ signal: "look", say: "receive.short", values: { short: 1 } });
    expect(hand.state.finish?.short).toMatchObject([{ item: "BE-2908", quantity: 50, done: 12 }]);
    expect(hand.press("done").last.open).toEqual({ screen: "home" });
  });

  it("undoes the last operation after asking whether the goods are back", () => {
    const hand = hands("PO-127").scan("CASE-BE", "BINCARD:UNDO");
    expect(hand.band).toMatchObject({ signal: "look", say: "flow.undo.ask" });
    expect(hand.last.undo).toBeUndefined();
    hand.press("confirm");
    expect(hand.last.undo).toBe(true);
    expect(hand.state.written).toEqual([]);
  });

  it("undoes goods that are only in the hand without an operation", () => {
    const hand = hands("PO-127").scan("BE-2908").press("undo");
    expect(hand.last.undo).toBeUndefined();
    expect(hand.state.goods).toBeNull();
  });
});

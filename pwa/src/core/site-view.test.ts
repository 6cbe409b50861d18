/** The view that the flows ask: replica and fold together, at once. */
import { expect, test } from "vitest";
import { meaning } from "./codes";
import { feedKey } from "./hashing";
import { isFinished } from "./papers";
import { SiteView } from "./site-view";
import { keyText } from "./stock";
import type { Row } from "./types.gen";

const OLD = { item: "BE-2908", lot: { code: "K0902" } };
const NEW = { item: "BE-2908", lot: { code: "K0911" } };

function location(code: string, kind: string, walk: number): Row {
  return ["location", feedKey(code), 1, { location: code, warehouse: "06", kind, walk, blocked: false }];
}

function lot(key: typeof OLD, fifo_at: number): Row {
  const { item, lot: { code } } = key;
  return ["lot", feedKey(item, code, "", ""), 1, { item, lot: code, expires: "", supplier: "", fifo_at, blocked: null }];
}

function holding(place: string, key: typeof OLD, quantity: number): Row {
  return ["holding", feedKey(place, keyText(key)), 1, { place, key: keyText(key), item: key.item, quantity }];
}

function paper(document: string, kind: string): Row {
  return ["document", feedKey(document), 1, {
    document, kind, partner: null, item: null, quantity: null, due: null, state: "open", note: "", stopped: null,
  }];
}

function line(document: string, number: number, more: object): Row {
  return ["line", feedKey(document, number), 1, {
    document, line: number, role: "asked", item: "BE-2908", quantity: 5, done: 0, rejected: 0, returned: 0, out: 0,
    place: null, state: "open", ...more,
  }];
}

function site(): SiteView {
  const view = new SiteView();
  view.replica.apply([
    ["item", feedKey("BE-2908"), 1, {
      item: "BE-2908", name: "Ball bearing", name_zh: "球轴承", spec: "", unit: "EA", kind: "raw", lots: true, dated: false,
      serials: false, fifo: "reason", units: [], aliases: ["4006381333931"], receive_status: "ok", count_tolerance: null, count_tolerance_percent: null, active: true,
    }],
    location("06-B-10", "bin", 2), location("06-A-01", "bin", 1), location("DOCK", "dock", 0),
    lot(OLD, 100), lot(NEW, 200),
    holding("06-B-10", OLD, 40), holding("06-A-01", NEW, 20), holding("DOCK", OLD, 5),
    paper("PO-127", "purchase"), paper("SO-1", "sales"), paper("WO-1", "work"),
    ["line", feedKey("PO-127", 1), 1, { document: "PO-127", line: 1, item: "BE-2908", quantity: 50, done: 10, place: null, state: "open" }],
    ["alias", feedKey("OLD-CODE"), 1, { raw: "OLD-CODE", kind: "item", code: "BE-2908" }],
  ]);
  return view;
}

const move = (quantity: number, to: string) => ({
  id: "1", wall: 5, task: null,
  did: { verb: "move", key: OLD, from: { location: "06-B-10" }, to: { location: to }, quantity } as const,
});

test("a pack's code means its item and its pieces, as a GTIN-14 too, and its word finds the item", () => {
  const view = site();
  const row = view.item("BE-2908");
  view.replica.apply([["item", feedKey("BE-2908"), 2, { ...row, units: [{ code: "CS", factor: 12, version: 1, aliases: ["614141007349"] }] }]]);
  const pack = { kind: "item", item: "BE-2908", said: {}, pack: 12, unit: "CS" };
  expect(meaning("614141007349", null, view, 2026)).toEqual(pack);
  expect(meaning("00614141007349", null, view, 2026)).toEqual(pack);
  expect(view.search("614141", 5).map(({ item }) => item)).toEqual(["BE-2908"]);
});

test("the oldest lot comes first, and the dock is not pickable", () => {
  expect(site().ranked("BE-2908").map(({ place, rank }) => [place, rank])).toEqual([["06-B-10", 1], ["06-A-01", 2]]);
});

test("what was done here is seen at once, at its new place too", () => {
  const view = site();
  view.refold([move(40, "06-C-01")], () => undefined);
  expect(view.at("06-B-10")).toEqual([]);
  expect(view.at("06-C-01").map(({ quantity, fifo_at }) => [quantity, fifo_at])).toEqual([[40, 100]]);
  expect(view.of("BE-2908").map(({ place }) => place).sort()).toEqual(["06-A-01", "06-C-01", "DOCK"]);
  expect(view.ranked("BE-2908").map(({ place }) => place)).toEqual(["06-A-01"]);
});

test("a lot received here is known before the server knows it", () => {
  const view = site();
  const key = { item: "BE-2908", lot: { code: "FRESH" } };
  const did = { verb: "receive", key, quantity: 9, from: { location: "supplier/1580" }, to: { location: "06-B-10" } } as const;
  view.refold([{ id: "1", wall: 5_000, task: { document: "PO-127", line: 1 }, did }], () => undefined);
  expect(view.lots("BE-2908", "FRESH")).toEqual([{ code: "FRESH", expires: null, supplier: null }]);
  expect(view.ranked("BE-2908").map(({ lot }) => lot?.code)).toEqual(["K0902", "K0911", "FRESH"]);
  expect(view.lines("PO-127").map(({ done }) => done)).toEqual([19]);
});

test("a line of a server of before has no counters but its progress", () => {
  expect(site().lines("PO-127")).toMatchObject([{ role: "asked", done: 10, rejected: 0, returned: 0, out: 0, have: 10 }]);
});

test("what came back from the customer is not asked for again, what goes back to the supplier is", () => {
  const view = site();
  view.replica.apply([line("SO-1", 1, { done: 4, out: 4 }), line("PO-127", 2, { done: 5 })]);
  const back = (id: string, from: string, to: string, document: string, number: number) => ({
    id, wall: 5, task: { document, line: number },
    did: {
      verb: "return", key: { item: "BE-2908" }, quantity: 1, from: { location: from }, to: { location: to }, reason: "x",
    } as const,
  });
  view.refold([back("1", "customer/C1", "DOCK", "SO-1", 1), back("2", "DOCK", "supplier/1580", "PO-127", 2)], () => undefined);
  expect(view.lines("SO-1")).toMatchObject([{ done: 4, out: 4, returned: 1, have: 4 }]);
  expect(view.lines("PO-127")[1]).toMatchObject({ done: 5, returned: 1, have: 4 });
});

test("a work order is finished once what it makes is made", () => {
  const view = site();
  view.replica.apply([line("WO-1", 0, { role: "made" }), line("WO-1", 1, { role: "used", done: 2 })]);
  expect(isFinished("work", view.lines("WO-1"))).toBe(false);
  const did = { verb: "produce", key: { item: "BE-2908" }, quantity: 5, to: { location: "06-A-01" } } as const;
  view.refold([{ id: "1", wall: 5, task: { document: "WO-1", line: 0 }, did }], () => undefined);
  expect(isFinished("work", view.lines("WO-1"))).toBe(true);
});

test("a code that was unknown once means what the desk said", () => {
  expect(meaning("OLD-CODE", null, site(), 2026)).toEqual({ kind: "item", item: "BE-2908", said: {}, pack: 1 });
});

test("an EAN is looked up as its GTIN-14", () => {
  expect(meaning("04006381333931", null, site(), 2026)).toMatchObject({ kind: "item", item: "BE-2908" });
});

test("a search finds by code, alias and both names, beginnings first", () => {
  const found = (text: string): string[] => site().search(text, 5).map(({ item }) => item);
  expect([found("be-2"), found("400638"), found("bearing"), found("轴承"), found("zzz")]).toEqual([
    ["BE-2908"], ["BE-2908"], ["BE-2908"], ["BE-2908"], [],
  ]);
});

test("200,000 holdings load from their columns", () => {
  const view = new SiteView();
  const places = [...Array(2_000).keys()].map((n) => `B-${n}`);
  const keys = [...Array(5_000).keys()].map((n) => keyText({ item: `I-${n % 500}`, lot: { code: `L${n}` } }));
  const rows = 200_000;
  const columns = {
    places, keys,
    place: Int32Array.from({ length: rows }, (_, n) => n % 2_000),
    key: Int32Array.from({ length: rows }, (_, n) => Math.floor(n / 2_000) + 100 * (n % 50)),
    quantity: new Float64Array(rows).fill(3),
    version: new Float64Array(rows).fill(7),
  };
  view.replica.load({ kind: "holding", columns });
  expect(view.at("B-7").length).toBe(100);
  expect(view.replica.holdings.columns().place.length).toBe(rows);
});

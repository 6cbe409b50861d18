/** A small warehouse for the gallery: enough of everything that a screen can show. */
import type { Document, Item, Line, Location, Site, Variance } from "../core/types.gen.ts";
import type { Ranked, Shown, View } from "../core/view.ts";
import { keyText } from "../core/stock.ts";
import { seen } from "../core/papers.ts";

const DAY = 86_400_000;
const NOW = Date.now();

const site: Site = {
  site: "FACTORY", name: "Bothell plant", name_zh: "博塞尔厂区", time_zone: "UTC",
  over_receipt_percent: 5, over_issue_percent: 0, count_tolerance: 0, count_tolerance_percent: null,
  unsent_warning: 200, unsent_warning_hours: 4, closed_through: null, adjust_limit: null,
};

function item(code: string, name: string, name_zh: string, more: Partial<Item> = {}): Item {
  return {
    item: code, name, name_zh, spec: "", unit: "EA", kind: "raw", lots: true, dated: false, serials: false,
    fifo: "reason", units: [{ code: "CS", factor: 12, version: 1, aliases: [] }], aliases: [], receive_status: "ok", count_tolerance: null, count_tolerance_percent: null,
    active: true, ...more,
  };
}

const items = [
  item("BE-2908", "Headset Ball Bearings", "头碗钢珠"),
  item("BE-2349", "BB Ball Bearing", "中轴钢珠"),
  item("PA-529S", "Paint - Silver", "油漆 银色", { unit: "CAN", dated: true }),
  item("HN-1224", "Hex Nut 5", "六角螺母 5"),
  item("AR-5381", "Adjustable Race", "可调轴碗"),
];

function place(code: string, kind: Location["kind"], walk: number): Location {
  return { location: code, warehouse: "06", kind, walk, blocked: false, capacity: null, mixing: "any" };
}

const places = [
  place("DOCK-1", "dock", 0), place("06-B-10", "bin", 10), place("06-B-11", "bin", 11),
  place("50-A-05", "bin", 50), place("STAGE-1", "stage", 90), place("50-A-02", "bin", 51),
];

function document(code: string, kind: Document["kind"], more: Partial<Document> = {}): Document {
  return { document: code, kind, partner: null, item: null, quantity: null, due: "2026-11-25", state: "open", note: "", stopped: null, ...more };
}

const documents = [
  document("PO-127", "purchase", { partner: "1580" }), document("PO-131", "purchase", { partner: "1580" }),
  document("SO-43659", "sales", { partner: "29825" }), document("WO-71774", "work", { item: "AR-5381", quantity: 12 }),
  document("CT-01", "count", { note: "06-B" }),
];

function line(code: string, number: number, of: string | null, quantity: number, done = 0, at: string | null = null): Line {
  return {
    document: code, line: number, role: "asked", item: of, quantity, done, rejected: 0, returned: 0, out: 0, place: at,
    state: "open",
  };
}

const lines = [
  line("PO-127", 1, "BE-2908", 200), line("PO-127", 2, "HN-1224", 1000, 250), line("PO-127", 3, "PA-529S", 60, 36),
  line("PO-131", 1, "HN-1224", 500), line("SO-43659", 1, "AR-5381", 2), line("SO-43659", 2, "HN-1224", 12),
  { ...line("WO-71774", 0, "AR-5381", 12), role: "made" as const },
  { ...line("WO-71774", 1, "BE-2908", 24), role: "used" as const },
  { ...line("WO-71774", 2, "HN-1224", 36), role: "used" as const },
  line("CT-01", 1, null, 0, 0, "06-B-10"), line("CT-01", 2, null, 0, 0, "06-B-11"),
];

function held(at: string, of: string, lot: string, quantity: number, age: number): Shown {
  const expires = of === "PA-529S" ? "2027-09-30" : null;
  return {
    place: at, key: keyText({ item: of, lot: { code: lot, expires } }), item: of,
    lot: { code: lot, expires, supplier: null }, status: "ok", owner: null, serial: null, quantity,
    fifo_at: NOW - age * DAY, expires, blocked: false,
  };
}

const stock = [
  held("06-B-10", "BE-2908", "K0817", 198, 96), held("06-B-10", "BE-2908", "K0902", 224, 80),
  held("50-A-05", "BE-2908", "K1014", 353, 38), held("06-B-11", "HN-1224", "H0101", 1200, 200),
  held("DOCK-1", "HN-1224", "H0202", 250, 2), held("DOCK-1", "PA-529S", "TR-26090S", 36, 1),
  held("50-A-02", "AR-5381", "A1", 40, 20),
];

function ranked(code: string): Ranked[] {
  const places = stock.filter((row) => row.item === code && !row.place.startsWith("DOCK"));
  return places.sort((a, b) => a.fifo_at - b.fifo_at).map((row, index) => ({ ...row, rank: index + 1 }));
}

function variance(at: string, of: string, lot: string, counted: number, expected: number, n: number): Variance {
  return {
    operation: `C${n}`, line: 0, count_id: `count${n}`, place: at, key: keyText({ item: of, lot: { code: lot } }), item: of,
    counted, expected, at: NOW - 20 * 60_000, u: 20_000, first: NOW - 22 * 60_000, last: NOW - 20 * 60_000, replica: "r", seq: 1,
    actor: "1002", device: "PDA-05", blind: true, state: "open", decided: null, ambiguous: false, fifo_date: null, parts: [], assumed: [], by_hand: null,
  };
}

export const fakeVariances = [
  variance("06-B-10", "BE-2908", "K0817", 28, 40, 1), variance("50-A-05", "BE-2908", "K1014", 389, 353, 2),
  variance("50-A-02", "AR-5381", "A1", 41, 40, 3), { ...variance("06-B-10", "BE-2908", "K0902", 24, 224, 4), line: -1, first: NOW - 40 * 60_000 },
];

export const fakeView: View = {
  site,
  item: (code) => items.find((row) => row.item === code),
  location: (code) => places.find((row) => row.location === code),
  partner: (code) => ({ partner: code, kind: "supplier", name: "Trey Research" }),
  device: (code) => ({
    device: code, name: "PDA-05", revoked: false, off_since: null, parked: null, enrolled_at: 0, former: null,
  }),
  person: (code) => ({
    person: code, name: "Liu Mei", role: "supervisor", badge: code, language: "en", pin_stamp: "", active: true,
    adjust_limit: null,
  }),
  document: (code) => documents.find((row) => row.document === code),
  documents: (kind) => documents.filter((row) => row.kind === kind),
  lines: (code) => lines.filter((row) => row.document === code).map((row) => seen(undefined, row)),
  at: (code) => stock.filter((row) => row.place === code),
  of: (code) => stock.filter((row) => row.item === code),
  holding: (at, key) => stock.find((row) => row.place === at && row.key === key)?.quantity ?? 0,
  ranked,
  lots: (of, lot) => stock.filter((row) => row.item === of && row.lot?.code === lot).map((row) => row.lot!),
  search: (text, limit) =>
    items.filter((row) => `${row.item} ${row.name} ${row.name_zh}`.toLowerCase().includes(text.toLowerCase())).slice(0, limit),
  variances: (state) => (state === "open" ? fakeVariances : []),
  locations: (kind) => places.filter((row) => kind === undefined || row.kind === kind),
};

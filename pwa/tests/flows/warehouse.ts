/** A small warehouse in memory: a real View whose stock changes with what is written. */
import type { Draft } from "../../src/core/flow";
import type { Meaning } from "../../src/core/meaning";
import { keyOf, keyText, placeText } from "../../src/core/stock";
import { seen, type LineSeen } from "../../src/core/papers";
import type { Document, Item, Key, Line, Location, Lot, Partner } from "../../src/core/types.gen";
import type { Ranked, Shown, View } from "../../src/core/view";

export const DAY = 86_400_000;
export const MORNING = Date.parse("2026-11-21T08:00:00Z");

interface Held {
  place: string;
  key: Key;
  quantity: number;
  days: number;
  blocked: boolean;
}

const EMPTY: Omit<Line, "document" | "line"> = {
  role: "asked", item: null, quantity: 0, done: 0, rejected: 0, returned: 0, out: 0, place: null, state: "open",
};

type Label = Extract<Meaning, { kind: "item" }>;

export class Warehouse implements View {
  site: View["site"] = {
    site: "FACTORY", name: "Factory", name_zh: "工厂", time_zone: "UTC", over_receipt_percent: 0, over_issue_percent: 0,
    count_tolerance: 0, count_tolerance_percent: null, unsent_warning: 200, unsent_warning_hours: 4, closed_through: null, adjust_limit: null,
  };
  private items = new Map<string, Item>();
  private places = new Map<string, Location>();
  private papers = new Map<string, Document>();
  private rows: Line[] = [];
  private partners = new Map<string, Partner>();
  private stock: Held[] = [];
  private labels = new Map<string, Label>();
  private others = new Map<string, Meaning>();

  has(item: string, more: Partial<Item> = {}): this {
    this.items.set(item, {
      item, name: item, name_zh: item, spec: "", unit: "EA", kind: "raw", lots: false, dated: false, serials: false,
      fifo: "reason", units: [], aliases: [], receive_status: "ok", count_tolerance: null, count_tolerance_percent: null, active: true, ...more,
    });
    return this;
  }

  place(location: string, kind: Location["kind"] = "bin", more: Partial<Location> = {}): this {
    this.places.set(location, { location, warehouse: "RAW", kind, walk: this.places.size + 1, blocked: false, capacity: null, mixing: "any", ...more });
    return this;
  }

  supplier(partner: string): this {
    this.partners.set(partner, { partner, kind: "supplier", name: partner });
    return this;
  }

  /** A label as it hangs on goods: the code, and what it says. */
  label(raw: string, item: string, said: Label["said"] = {}, pack = 1, unit?: string): this {
    this.labels.set(raw, { kind: "item", item, said, pack, ...(unit === undefined ? {} : { unit }) });
    return this;
  }

  /** A code that means something else than the things of this warehouse do. */
  means(raw: string, meaning: Meaning): this {
    this.others.set(raw, meaning);
    return this;
  }

  paper(document: string, kind: Document["kind"], lines: [item: string, quantity: number, done?: number][], more: Partial<Document> = {}): this {
    this.papers.set(document, {
      document, kind, partner: null, item: null, quantity: null, due: null, state: "open", note: "", stopped: null, ...more,
    });
    const role = kind === "work" ? "used" : "asked";
    if (more.item) this.rows.push({ ...EMPTY, document, line: 0, role: "made", item: more.item, quantity: more.quantity ?? 0 });
    lines.forEach(([item, quantity, done = 0], index) => {
      this.rows.push({ ...EMPTY, document, line: index + 1, role, item, quantity, done });
    });
    return this;
  }

  countTask(document: string, places: string[]): this {
    this.paper(document, "count", []);
    places.forEach((place, index) => {
      this.rows.push({ ...EMPTY, document, line: index + 1, place });
    });
    return this;
  }

  /** `days` is the age of the lot: the oldest has the most. */
  holds(place: string, item: string, quantity: number, lot: string | Lot | null = null, more: Partial<Held & Pick<Key, "serial" | "status">> = {}): this {
    const of = typeof lot === "string" ? { code: lot } : lot;
    const { serial, status } = more;
    const key: Key = { item, ...(of ? { lot: of } : {}), ...(serial ? { serial } : {}), ...(status ? { status } : {}) };
    this.stock.push({ place, key, quantity, days: more.days ?? 0, blocked: more.blocked ?? false });
    return this;
  }

  item = (code: string): Item | undefined => this.items.get(code);
  location = (code: string): Location | undefined => this.places.get(code);
  partner = (code: string): Partner | undefined => this.partners.get(code);
  person = (): undefined => undefined;
  device = (): undefined => undefined;
  document = (code: string): Document | undefined => this.papers.get(code);
  documents = (kind: Document["kind"]): Document[] => [...this.papers.values()].filter((paper) => paper.kind === kind);
  lines = (document: string): LineSeen[] =>
    this.rows.filter((line) => line.document === document).map((line) => seen(this.papers.get(document)?.kind, line));
  at = (place: string): Shown[] => this.stock.filter((held) => held.place === place && held.quantity !== 0).map(shown);
  of = (item: string): Shown[] => this.stock.filter((held) => held.key.item === item && held.quantity !== 0).map(shown);
  holding = (place: string, key: string): number => this.find(place, keyOf(key))?.quantity ?? 0;
  search = (): Item[] => [];
  variances = (): [] => [];
  locations = (kind?: Location["kind"]): Location[] => [...this.places.values()].filter((row) => kind === undefined || row.kind === kind);

  lots(item: string, code: string): Lot[] {
    const found = new Map<string, Lot>();
    for (const { key } of this.stock) {
      if (key.item === item && key.lot?.code === code) found.set(JSON.stringify(key.lot), key.lot);
    }
    return [...found.values()];
  }

  ranked(item: string): Ranked[] {
    const isDated = this.items.get(item)?.dated === true;
    const age = (held: Shown): string => `${isDated ? (held.expires ?? "9999") : ""}|${String(held.fifo_at).padStart(15, "0")}`;
    const rows = this.of(item)
      .filter((held) => held.status === "ok" && !held.blocked && held.quantity > 0 && this.places.get(held.place)?.kind === "bin")
      .sort((a, b) => age(a).localeCompare(age(b)));
    return rows.map((held) => ({ ...held, rank: 1 + rows.filter((other) => age(other) < age(held)).length }));
  }

  /** What the outbox does with a draft, told once more in the simplest way. */
  write({ did, task }: Draft): void {
    if (!("key" in did) || !did.key || !("to" in did) || !did.quantity) return;
    if ("from" in did && did.from) this.add(placeText(did.from), did.key, -did.quantity);
    this.add(placeText(did.to), did.key, did.quantity);
    const line = this.rows.find((row) => row.document === task?.document && row.line === task.line);
    if (line) line.done += did.quantity;
  }

  meaning(raw: string): Meaning {
    const label = this.labels.get(raw);
    const lots = [...this.items.keys()].flatMap((item) => this.lots(item, raw).map((lot) => ({ item, lot })));
    if (raw.startsWith("BINCARD:")) return { kind: "command", command: raw.slice(8) as "DONE" };
    if (raw.startsWith("BADGE:")) return { kind: "badge", badge: raw.slice(6) };
    if (raw.startsWith("TOTE-")) return { kind: "container", container: raw };
    const other = this.others.get(raw);
    if (other) return other;
    if (label) return label;
    if (this.items.has(raw)) return { kind: "item", item: raw, said: {}, pack: 1 };
    if (this.places.has(raw)) return { kind: "location", location: raw };
    if (this.papers.has(raw)) return { kind: "document", document: raw };
    if (this.partners.has(raw)) return { kind: "partner", partner: raw };
    if (lots.length > 0) return { kind: "lot", candidates: lots };
    return { kind: "unknown", raw, said: {} };
  }

  private find(place: string, key: Key): Held | undefined {
    return this.stock.find((held) => held.place === place && keyText(held.key) === keyText(key));
  }

  private add(place: string, key: Key, quantity: number): void {
    if (/^(supplier|production|cost)\b/.test(place)) return;
    const held = this.find(place, key);
    if (held) held.quantity += quantity;
    else this.stock.push({ place, key, quantity, days: 0, blocked: false });
  }
}

function shown(held: Held): Shown {
  const { key } = held;
  return {
    place: held.place, key: keyText(key), item: key.item, lot: key.lot ?? null, status: key.status ?? "ok",
    owner: key.owner ?? null, serial: key.serial ?? null, quantity: held.quantity, fifo_at: MORNING - held.days * DAY,
    expires: key.lot?.expires ?? null, blocked: held.blocked,
  };
}

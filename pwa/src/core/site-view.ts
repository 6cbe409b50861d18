/** The View over replica and fold, and what the site knows of codes: all in memory, at once. */
import type { Known, LotOf, Named } from "./codes";
import { rank, type Candidate } from "./fifo";
import { fold, type Done, type Folded } from "./fold";
import { feedKey } from "./hashing";
import { asTold, seen, type LineSeen, type Paper } from "./papers";
import { names, Replica } from "./replica";
import { isVirtual, keyOf } from "./stock";
import type { Device, Document, Feed, Item, Location, Lot, LotRow, Partner, Person, Site, Variance } from "./types.gen";
import type { Ranked, Shown, View } from "./view";

const NO_SITE: Site = {
  site: "", name: "", name_zh: "", time_zone: "UTC", over_receipt_percent: 0, over_issue_percent: 0,
  count_tolerance: 0, count_tolerance_percent: null, unsent_warning: 200, unsent_warning_hours: 4, closed_through: null, adjust_limit: null,
};

export class SiteView implements View, Known {
  private pending: Folded = { deltas: new Map(), counters: new Map(), lots: new Map() };
  private foldedOfItem = new Map<string, Set<string>>();

  replica = new Replica();

  /** Takes the operations that the replica does not hold yet, in seq order. */
  refold(pending: readonly Done[], known: (id: string) => Done | undefined): void {
    const stock = (place: string, key: string): number => this.replica.holdings.get(place, key);
    this.pending = fold(pending, stock, known, (task) => this.paper(task.document, task.line ?? 0));
    this.foldedOfItem = new Map();
    for (const [place, keys] of this.pending.deltas) {
      for (const key of keys.keys()) {
        const { item } = keyOf(key);
        const found = this.foldedOfItem.get(item) ?? new Set();
        this.foldedOfItem.set(item, found.add(feedKey(place, key)));
      }
    }
  }

  get site(): Site {
    return [...this.replica.tables.site.all()][0] ?? NO_SITE;
  }

  item(code: string): Item | undefined {
    return this.row("item", code);
  }

  location(code: string): Location | undefined {
    return this.row("location", code);
  }

  partner(code: string): Partner | undefined {
    return this.row("partner", code);
  }

  person(code: string): Person | undefined {
    return this.row("person", code);
  }

  device(code: string): Device | undefined {
    return this.row("device", code);
  }

  document(code: string): Document | undefined {
    return this.row("document", code);
  }

  personOfBadge(badge: string): Person | undefined {
    return this.replica.tables.person.find("badge", badge)[0];
  }

  documents(kind: Document["kind"]): Document[] {
    return [...this.replica.tables.document.all()].filter((document) => document.kind === kind);
  }

  lines(document: string): LineSeen[] {
    const kind = this.document(document)?.kind;
    return this.replica.tables.line
      .find("document", document)
      .map((line) => seen(kind, asTold(line), this.pending.counters.get(feedKey(document, line.line))))
      .sort((a, b) => a.line - b.line);
  }

  private paper(document: string, number: number): Paper | undefined {
    const kind = this.document(document)?.kind;
    const line = this.replica.tables.line.get(feedKey(document, number));
    return kind && line ? { kind, line: asTold(line) } : undefined;
  }

  at(place: string): Shown[] {
    const texts = new Set(this.pending.deltas.get(place)?.keys());
    for (const row of this.replica.holdings.at(place)) texts.add(row.key);
    return [...texts].map((key) => this.shown(place, key)).filter((shown) => shown.quantity !== 0);
  }

  of(item: string): Shown[] {
    const found = new Map<string, [place: string, key: string]>();
    for (const { place, key } of this.replica.holdings.of(item)) found.set(feedKey(place, key), [place, key]);
    for (const text of this.foldedOfItem.get(item) ?? []) found.set(text, JSON.parse(text) as [string, string]);
    return [...found.values()]
      .filter(([place]) => !isVirtual(place))
      .map(([place, key]) => this.shown(place, key))
      .filter((shown) => shown.quantity !== 0);
  }

  holding(place: string, key: string): number {
    return this.replica.holdings.get(place, key) + (this.pending.deltas.get(place)?.get(key) ?? 0);
  }

  ranked(item: string): Ranked[] {
    const dated = this.item(item)?.dated ?? false;
    const candidates = this.of(item).map((shown) => this.candidate(shown));
    return rank(candidates, dated).map(({ lot, rank: place }) => ({ ...lot.shown, rank: place }));
  }

  lots(item: string, code: string): Lot[] {
    return this.lotsNamed(code).flatMap((of) => (of.item === item ? of.lot : []));
  }

  search(text: string, limit: number): Item[] {
    const wanted = text.trim().toLowerCase();
    const begins: Item[] = [];
    const contains: Item[] = [];
    for (const item of this.replica.tables.item.all()) {
      const at = bestMatch([item.item, ...item.aliases, ...item.units.flatMap((unit) => unit.aliases ?? []), item.name, item.name_zh], wanted);
      if (at === 0) begins.push(item);
      else if (at > 0) contains.push(item);
    }
    return [...begins, ...contains].slice(0, limit);
  }

  variances(state: Variance["state"]): Variance[] {
    return [...this.replica.tables.variance.all()].filter((variance) => variance.state === state);
  }

  locations(kind?: Location["kind"]): Location[] {
    return [...this.replica.tables.location.all()]
      .filter((location) => kind === undefined || location.kind === kind)
      .sort((a, b) => a.walk - b.walk);
  }

  exact(text: string): Named[] {
    const items = this.replica.tables.item.find("exact", text);
    const alias = this.row("alias", text);
    return [
      ...(alias ? [{ kind: alias.kind, code: alias.code }] : []),
      ...items.flatMap((item) => namedBy(item, (texts) => names(texts).includes(text))),
      ...OTHERS.flatMap((kind): Named[] => (this.row(kind, text) ? [{ kind, code: text }] : [])),
    ];
  }

  folded(text: string): Named[] {
    const wanted = text.toLowerCase();
    const { item, location, document, partner } = this.replica.tables;
    return [
      ...item
        .find("folded", wanted)
        .flatMap((row) => namedBy(row, (texts) => names(texts.map((one) => one.toLowerCase())).includes(wanted))),
      ...location.find("folded", wanted).map((row): Named => ({ kind: "location", code: row.location })),
      ...document.find("folded", wanted).map((row): Named => ({ kind: "document", code: row.document })),
      ...partner.find("folded", wanted).map((row): Named => ({ kind: "partner", code: row.partner })),
    ];
  }

  lotsNamed(code: string): LotOf[] {
    const known = this.replica.tables.lot.find("code", code).map(lotOf);
    const fresh = [...this.pending.lots.keys()]
      .map((key) => JSON.parse(key) as [string, string, string | null, string | null])
      .map(([item, lot, expires, supplier]): LotOf => ({ item, lot: { code: lot, expires, supplier } }))
      .filter(({ item, lot }) => lot.code === code && !this.replica.tables.lot.get(rowKeyOf(item, lot)));
    return [...known, ...fresh];
  }

  private row<K extends Exclude<keyof Feed, "holding">>(kind: K, code: string): Feed[K] | undefined {
    return this.replica.tables[kind].get(feedKey(code)) as Feed[K] | undefined;
  }

  private shown(place: string, key: string): Shown {
    const { item, lot, serial, status, owner } = keyOf(key);
    const known = lot ? this.replica.tables.lot.get(rowKeyOf(item, lot)) : undefined;
    const fresh = lot
      ? this.pending.lots.get(feedKey(item, lot.code, lot.expires ?? null, lot.supplier ?? null))
      : undefined;
    return {
      place, key, item, lot, serial, owner,
      status: status ?? "ok",
      quantity: this.holding(place, key),
      fifo_at: known?.fifo_at || (fresh ?? 0),
      expires: lot?.expires ?? null,
      blocked: (known?.blocked ?? null) !== null || (this.location(place)?.blocked ?? false),
    };
  }

  private candidate(shown: Shown): Candidate & { shown: Shown } {
    const place = this.location(shown.place);
    return {
      ...shown,
      shown,
      // Stock that the server has not seen yet is the newest.
      version: this.replica.holdings.versionOf(shown.place, shown.key) || Number.MAX_SAFE_INTEGER,
      kind: place?.kind ?? "",
      walk: place?.walk ?? 0,
      place_blocked: place?.blocked ?? false,
    };
  }
}

/** The item, its packs, or both: whatever a text is a code of. */
function namedBy(item: Item, answers: (texts: string[]) => boolean): Named[] {
  const packs = item.units.filter((unit) => answers(unit.aliases ?? []));
  return [
    ...(answers([item.item, ...item.aliases]) ? [{ kind: "item", code: item.item } as const] : []),
    ...packs.map(({ code, factor }): Named => ({ kind: "item", code: item.item, unit: code, factor })),
  ];
}

const OTHERS = ["location", "document", "partner"] as const;

/** A key says null where the row of the lot, whose attributes are its identity, says "". */
function rowKeyOf(item: string, lot: Lot): string {
  return feedKey(item, lot.code, lot.expires ?? "", lot.supplier ?? "");
}

function lotOf(row: LotRow): LotOf {
  return { item: row.item, lot: { code: row.lot, expires: row.expires || null, supplier: row.supplier || null } };
}

function bestMatch(texts: string[], wanted: string): number {
  const found = texts.map((text) => text.toLowerCase().indexOf(wanted)).filter((at) => at >= 0);
  return found.length ? Math.min(...found) : -1;
}

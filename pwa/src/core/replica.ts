/**
 * The site as this device last heard of it: absolute images by (kind, key, version).
 * Applying a page twice is harmless, an older version is ignored, and the scope is kept by one
 * addition and one subtraction per change: the twin of sync/feed.py.
 */
import { gtin14, upcE } from "./gs1";
import { feedKey } from "./hashing";
import { Holdings, type HoldingColumns } from "./holdings";
import { nameOf, NamesOfTwo, Scope } from "./scope";
import { Table } from "./table";
import { FEED_KEYS, type Chunk, type Feed, type Holding, type Item, type Row } from "./types.gen";

/** Rows as they are kept on the device: stock in columns, everything else as told. */
export type Block = { kind: "holding"; columns: HoldingColumns } | { kind: string; rows: Row[] };

type Tables = { [K in Exclude<keyof Feed, "holding">]: Table<Feed[K]> };

const BLOCK_ROWS = 2_000;

export class Replica {
  readonly holdings = new Holdings();
  readonly tables: Tables = emptyTables();
  scope = new Scope();

  apply(rows: readonly Row[]): void {
    for (const [kind, key, version, payload] of rows) {
      const before = this.put(kind, key, version, payload);
      if (before === undefined) continue;
      const name = nameOf(kind, key);
      if (before !== null) this.scope.subtract(name, before);
      if (payload !== null) this.scope.add(name, version);
    }
  }

  /** Adds kept blocks; their scope is kept too, so nothing is added up here. */
  load(block: Block): void {
    if ("columns" in block) this.holdings.load(block.columns);
    else for (const [kind, key, version, payload] of block.rows) this.put(kind, key, version, payload);
  }

  /** Everything that is live, in blocks to be kept. */
  *blocks(): Iterable<Block> {
    yield { kind: "holding", columns: this.holdings.columns() };
    for (const [kind, table] of Object.entries(this.tables)) {
      const rows = [...table.live()].map((row): Row => [kind, ...row]);
      for (let i = 0; i < rows.length; i += BLOCK_ROWS) yield { kind, rows: rows.slice(i, i + BLOCK_ROWS) };
    }
  }

  /** Returns the live version before, null when there was none, undefined when nothing changed. */
  private put(kind: string, key: string, version: number, payload: unknown): number | null | undefined {
    if (kind === "holding") {
      const [place, text] = JSON.parse(key) as [string, string];
      if (this.holdings.versionOf(place, text) > version) return undefined;
      return this.holdings.put(place, text, (payload as Holding | null)?.quantity ?? null, version);
    }
    const table = (this.tables as Record<string, Table<unknown> | undefined>)[kind];
    // A kind of a newer server: kept in the scope, so that both sides still agree.
    const known = table ?? this.addTable(kind);
    return known.versionOf(key) > version ? undefined : known.put(key, version, payload);
  }

  private addTable(kind: string): Table<unknown> {
    const table = new Table<unknown>();
    (this.tables as Record<string, Table<unknown>>)[kind] = table;
    return table;
  }
}

/** What a row answers to beside its key. */
const LOOKUPS: { [K in keyof Tables]?: Record<string, (row: Feed[K]) => string[]> } = {
  location: { folded: (row) => [row.location.toLowerCase()] },
  item: {
    exact: (row) => names([row.item, ...row.aliases, ...codesOfPacks(row)]),
    folded: (row) => names([row.item, ...row.aliases, ...codesOfPacks(row)].map((name) => name.toLowerCase())),
  },
  partner: { folded: (row) => [row.partner.toLowerCase()] },
  document: { folded: (row) => [row.document.toLowerCase()] },
  line: { document: (row) => [row.document] },
  lot: { code: (row) => [row.lot] },
  person: { badge: (row) => [row.badge] },
};

function emptyTables(): Tables {
  const lookups = LOOKUPS as Record<string, Record<string, (row: unknown) => string[]> | undefined>;
  const kinds = Object.keys(FEED_KEYS).filter((kind) => kind !== "holding");
  return Object.fromEntries(kinds.map((kind) => [kind, new Table(lookups[kind])])) as Tables;
}

function codesOfPacks(item: Item): string[] {
  // A server of before, or a row kept from it, says nothing of them.
  return item.units.flatMap((unit) => unit.aliases ?? []);
}

/** What an item answers to: its code, its aliases, its packs' codes, and those that are GTINs, or UPC-E, as GTIN-14. */
export function names(texts: string[]): string[] {
  return [...new Set(texts.flatMap((text) => [text, gtin14(text) ?? text, upcE(text) ?? text]))];
}

/** What the rows of a fresh block add to the scope: the check of a snapshot, part by part. */
export function scopeOfBlock(block: Block): Scope {
  const scope = new Scope();
  if ("rows" in block) for (const [kind, key, version] of block.rows) scope.add(nameOf(kind, key), version);
  else {
    const { places, keys, place, key, version } = block.columns;
    const names = new NamesOfTwo("holding", places, keys);
    for (let row = 0; row < version.length; row++) {
      scope.add(names.nameOf(place[row] ?? 0, key[row] ?? 0), version[row] ?? 0);
    }
  }
  return scope;
}

/** A chunk of a snapshot as a block to be kept. */
export function blockOf(chunk: Chunk): Block {
  if (chunk.kind === "holding") return { kind: "holding", columns: holdingColumns(chunk) };
  const columns = Object.entries(chunk.columns).map(([field, column]) => [field, reader(column)] as const);
  const rows = chunk.versions.map((version, i): Row => {
    const payload = Object.fromEntries(columns.map(([field, read]) => [field, read(i)]));
    const key = feedKey(...chunk.key.map((field) => payload[field] as string | number | null));
    return [chunk.kind, key, version, payload];
  });
  return { kind: chunk.kind, rows };
}

type Column = { values: unknown[] } | { texts: string[]; codes: number[] };

function reader(column: unknown): (row: number) => unknown {
  const told = column as Column;
  return "values" in told
    ? (row) => told.values[row]
    : (row) => told.texts[told.codes[row] ?? -1] ?? null;
}

function holdingColumns(chunk: Chunk): HoldingColumns {
  const [places, place] = dictionary(chunk.columns["place"] as Column);
  const [keys, key] = dictionary(chunk.columns["key"] as Column);
  const { values: quantities } = chunk.columns["quantity"] as { values: number[] };
  return {
    places,
    keys,
    place,
    key,
    quantity: new Float64Array(quantities),
    version: new Float64Array(chunk.versions),
  };
}

function dictionary(column: Column): [texts: string[], codes: Int32Array] {
  if ("texts" in column) return [column.texts, new Int32Array(column.codes)];
  const numbers = new Map<string, number>();
  const codes = (column.values as string[]).map((text) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text) ?? 0;
  });
  return [[...numbers.keys()], new Int32Array(codes)];
}

/**
 * Stands in for the package `idb`: the same promises over rows in memory, and every commit is a
 * question to the world, which keeps the disk, breaks it and cuts its power. Transactions that
 * overlap wait for each other; one commits when no request is left, as IndexedDB's do.
 */
import type { Change, Ground } from "./port.ts";

declare const ground: Ground;

type Key = number | string | Key[];
type Row = [key: Key, value: unknown];
type Rows = Map<string, Row>;

const databases = new Map<string, Map<string, Rows>>();
let live: Transaction[] = [];

interface Upgrading {
  createObjectStore(name: string, options?: { keyPath?: string | string[] }): { createIndex(): void };
}

export function openDB(name: string, _version: number, { upgrade }: { upgrade(database: Upgrading, from: number): void }): Promise<Database> {
  const paths = new Map<string, string[] | null>();
  upgrade({
    createObjectStore: (store, options) => {
      paths.set(store, options?.keyPath ? [options.keyPath].flat() : null);
      return { createIndex: () => undefined };
    },
  }, 0);
  const rows = databases.get(name) ?? new Map<string, Rows>();
  databases.set(name, rows);
  for (const store of paths.keys()) {
    const kept = (ground.disk[name]?.[store] ?? []) as Row[];
    if (!rows.has(store)) rows.set(store, new Map(kept.map(([key, value]) => [JSON.stringify(key), [key, value]])));
  }
  return Promise.resolve(new Database(name, paths, rows));
}

class Database {
  readonly name: string;
  readonly paths: Map<string, string[] | null>;
  readonly rows: Map<string, Rows>;

  constructor(name: string, paths: Map<string, string[] | null>, rows: Map<string, Rows>) {
    this.name = name;
    this.paths = paths;
    this.rows = rows;
  }

  transaction(stores: string[], mode: string, options?: { durability?: string }): Transaction {
    return new Transaction(this, stores, mode === "readwrite", options?.durability === "strict");
  }

  close(): void {
    // The rows stay: what is open in another transaction still ends.
  }
}

export class Transaction {
  readonly done: Promise<void>;
  readonly database: Database;
  readonly changes: Change[] = [];
  readonly undo: (() => void)[] = [];
  private readonly stores: string[];
  private readonly writes: boolean;
  private readonly strict: boolean;
  private requests: (() => void)[] = [];
  private failed: Error | null = null;
  private over = false;
  private end: (error?: Error) => void = () => undefined;

  constructor(database: Database, stores: string[], writes: boolean, strict: boolean) {
    this.database = database;
    this.stores = stores.map((store) => `${database.name}/${store}`);
    this.writes = writes;
    this.strict = strict;
    this.done = new Promise((resolve, reject) => {
      this.end = (error) => {
        live = live.filter((other) => other !== this);
        if (error) reject(error);
        else resolve();
        for (const other of live) other.hurry();
      };
    });
    live.push(this);
    this.hurry();
  }

  objectStore(name: string): ObjectStore {
    return new ObjectStore(this, name);
  }

  abort(): void {
    this.failed ??= named("AbortError");
  }

  request<T>(work: () => T): Promise<T> {
    if (this.over) throw named("TransactionInactiveError");
    return new Promise((resolve, reject) => {
      this.requests.push(() => {
        try {
          resolve(work());
        } catch (error) {
          this.failed ??= error as Error;
          reject(error as Error);
        }
      });
    });
  }

  /** Goes on as soon as no transaction before this one stands in its way. */
  hurry(): void {
    ground.task(() => {
      if (this.over || live.some((other) => live.indexOf(other) < live.indexOf(this) && this.waitsFor(other))) return;
      const requests = this.requests.splice(0);
      for (const request of requests) request();
      if (requests.length) this.hurry();
      else this.finish();
    });
  }

  private waitsFor(other: Transaction): boolean {
    return (this.writes || other.writes) && this.stores.some((store) => other.stores.includes(store));
  }

  private finish(): void {
    this.over = true;
    if (this.failed) return this.takeBack(this.failed);
    if (!this.changes.length) return this.end();
    const { strict, changes: writes, database } = this;
    ground.ask({ kind: "write", database: database.name, strict, writes }, (answer) => {
      const { error, through } = answer as { error: string | null; through: boolean };
      if (error && !through) this.takeBack(named(error));
      else this.end(error ? named(error) : undefined);
    });
  }

  private takeBack(error: Error): void {
    for (const undo of this.undo.reverse()) undo();
    this.end(error);
  }
}

interface Cursor {
  value: unknown;
  continue(): Promise<Cursor | null>;
  delete(): Promise<void>;
}

class ObjectStore {
  private readonly tx: Transaction;
  private readonly name: string;
  private readonly rows: Rows;

  constructor(tx: Transaction, name: string) {
    this.tx = tx;
    this.name = name;
    this.rows = tx.database.rows.get(name) ?? new Map();
  }

  get(key: Key): Promise<unknown> {
    return this.tx.request(() => structuredClone(this.rows.get(JSON.stringify(key))?.[1]));
  }

  getAll(range?: Range): Promise<unknown[]> {
    return this.tx.request(() => this.sorted(range).map(([, value]) => structuredClone(value)));
  }

  getAllKeys(): Promise<Key[]> {
    return this.tx.request(() => this.sorted().map(([key]) => key));
  }

  put(value: unknown, key?: Key): Promise<void> {
    return this.write("put", value, key);
  }

  add(value: unknown, key?: Key): Promise<void> {
    return this.write("add", value, key);
  }

  delete(key: Key): Promise<void> {
    return this.tx.request(() => this.change("delete", key, null));
  }

  clear(): Promise<void> {
    return this.tx.request(() => {
      const before = [...this.rows];
      this.rows.clear();
      this.tx.undo.push(() => before.forEach(([text, row]) => this.rows.set(text, row)));
      this.tx.changes.push(["clear", this.name, null, null]);
    });
  }

  index(path: string): { openCursor(range: null, direction: "prev"): Promise<Cursor | null> } {
    const field = ([, value]: Row): number | null => (value as Record<string, number | null>)[path] ?? null;
    return {
      openCursor: () => this.walk(() => this.sorted()
        .filter((row) => field(row) !== null)
        .sort((a, b) => (field(b) ?? 0) - (field(a) ?? 0) || compare(b[0], a[0]))),
    };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Cursor> {
    for (let cursor = await this.walk(() => this.sorted()); cursor; cursor = await cursor.continue()) yield cursor;
  }

  private walk(found: () => Row[]): Promise<Cursor | null> {
    let left: Row[] | null = null;
    const next = (): Promise<Cursor | null> => this.tx.request(() => {
      left ??= found();
      const row = left.shift();
      return row ? { value: structuredClone(row[1]), continue: next, delete: () => this.delete(row[0]) } : null;
    });
    return next();
  }

  private sorted(range?: Range): Row[] {
    const rows = [...this.rows.values()].sort((a, b) => compare(a[0], b[0]));
    return range ? rows.filter(([key]) => compare(key, range.lower) >= 0 && compare(key, range.upper) <= 0) : rows;
  }

  private write(verb: "put" | "add", given: unknown, told?: Key): Promise<void> {
    const value = structuredClone(given);
    return this.tx.request(() => {
      const path = this.tx.database.paths.get(this.name);
      const parts = path?.map((field) => (value as Record<string, Key>)[field] as Key);
      const key = (parts ? (parts.length > 1 ? parts : parts[0]) : told) as Key;
      if (verb === "add" && this.rows.has(JSON.stringify(key))) throw named("ConstraintError");
      this.change(verb, key, value);
    });
  }

  private change(verb: Change[0], key: Key, value: unknown): void {
    const { rows } = this;
    const text = JSON.stringify(key);
    const before = rows.get(text);
    this.tx.undo.push(() => (before ? rows.set(text, before) : rows.delete(text)));
    if (verb === "delete") rows.delete(text);
    else rows.set(text, [key, value]);
    this.tx.changes.push([verb, this.name, key, value]);
  }
}

interface Range {
  lower: Key;
  upper: Key;
}

function compare(a: Key, b: Key): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return a < b ? -1 : Number(a > b);
  const at = a.findIndex((part, i) => compare(part, b[i] as Key) !== 0);
  return at < 0 ? 0 : compare(a[at] as Key, b[at] as Key);
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

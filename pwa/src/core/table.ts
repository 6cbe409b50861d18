/** Rows of one kind of the replica by key, with the look-ups that a scan needs kept beside them. */
export interface Image<T> {
  version: number;
  /** Null once the row is gone: the version stays, so that an older image cannot bring it back. */
  payload: T | null;
}

/** Keys of rows by any text that a row answers to. */
class Lookup<T> {
  private readonly keys = new Map<string, Set<string>>();

  private readonly names: (row: T) => string[];

  constructor(names: (row: T) => string[]) {
    this.names = names;
  }

  add(key: string, row: T): void {
    for (const name of this.names(row)) {
      const found = this.keys.get(name);
      if (found) found.add(key);
      else this.keys.set(name, new Set([key]));
    }
  }

  remove(key: string, row: T): void {
    for (const name of this.names(row)) {
      const found = this.keys.get(name);
      found?.delete(key);
      if (!found?.size) this.keys.delete(name);
    }
  }

  find(name: string): Iterable<string> {
    return this.keys.get(name) ?? [];
  }
}

export class Table<T> {
  private readonly images = new Map<string, Image<T>>();
  private readonly lookups = new Map<string, Lookup<T>>();

  constructor(lookups: Record<string, (row: T) => string[]> = {}) {
    for (const [name, names] of Object.entries(lookups)) this.lookups.set(name, new Lookup(names));
  }

  /** Sets a row, or marks it as gone. Returns the live version before, or null. */
  put(key: string, version: number, payload: T | null): number | null {
    const old = this.images.get(key);
    for (const lookup of this.lookups.values()) {
      if (old?.payload) lookup.remove(key, old.payload);
      if (payload) lookup.add(key, payload);
    }
    this.images.set(key, { version, payload });
    return old?.payload ? old.version : null;
  }

  get(key: string): T | undefined {
    return this.images.get(key)?.payload ?? undefined;
  }

  versionOf(key: string): number {
    return this.images.get(key)?.version ?? 0;
  }

  find(lookup: string, name: string): T[] {
    return [...(this.lookups.get(lookup)?.find(name) ?? [])].flatMap((key) => this.get(key) ?? []);
  }

  *all(): Iterable<T> {
    for (const { payload } of this.images.values()) if (payload) yield payload;
  }

  *live(): Iterable<[key: string, version: number, payload: T]> {
    for (const [key, { version, payload }] of this.images) if (payload) yield [key, version, payload];
  }
}

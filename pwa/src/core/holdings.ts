/**
 * The stock rows of the replica in columns: 200,000 of them are a few megabytes and load at once.
 * Texts are numbers; the rows of a place and of an item hang on two chains of row numbers, so that a
 * look-up touches only its own rows and an append costs nothing. Only places are looked up by their
 * text: a place has few rows, so keys are compared there, and the same key may have several numbers.
 * The chains of items wait for the first question about one.
 */
import { itemOf } from "./stock";

/** The columns as they are stored; `version` is negative where the row is gone. */
export interface HoldingColumns {
  places: string[];
  keys: string[];
  place: Int32Array;
  key: Int32Array;
  quantity: Float64Array;
  version: Float64Array;
}

export interface HoldingRow {
  place: string;
  key: string;
  quantity: number;
  version: number;
}

const NONE = -1;
const FIRST_ROOM = 1024;

/** Texts by number and back. */
class Dictionary {
  readonly texts: string[] = [];
  private readonly numbers = new Map<string, number>();

  find(text: string): number {
    return this.numbers.get(text) ?? NONE;
  }

  add(text: string): number {
    let number = this.numbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.numbers.set(text, number);
    }
    return number;
  }
}

/** Chains of row numbers, one for each thing that a row hangs on. */
class Chains {
  private readonly head: number[] = [];
  private next = new Int32Array(FIRST_ROOM);

  add(thing: number, row: number): void {
    if (row >= this.next.length) this.next = grown(this.next, row + 1);
    this.next[row] = this.head[thing] ?? NONE;
    this.head[thing] = row;
  }

  *of(thing: number): Iterable<number> {
    for (let row = this.head[thing] ?? NONE; row !== NONE; row = this.next[row] ?? NONE) yield row;
  }
}

function grown<T extends Int32Array | Float64Array>(column: T, rows: number): T {
  const wider = new (column.constructor as new (size: number) => T)(Math.max(rows, column.length * 2));
  wider.set(column);
  return wider;
}

export class Holdings {
  private readonly places = new Dictionary();
  private readonly keys: string[] = [];
  private readonly items = new Dictionary();
  private readonly atPlace = new Chains();
  private readonly ofItem = new Chains();
  private place = new Int32Array(FIRST_ROOM);
  private key = new Int32Array(FIRST_ROOM);
  private quantity = new Float64Array(FIRST_ROOM);
  private version = new Float64Array(FIRST_ROOM);
  private size = 0;
  /** Rows that hang on the chains of items already. */
  private ofItems = 0;

  /** Adds stored columns; their rows are not here yet. */
  load(columns: HoldingColumns): void {
    const places = columns.places.map((text) => this.places.add(text));
    const firstKey = this.keys.length;
    for (const text of columns.keys) this.keys.push(text);
    const first = this.size;
    this.grow(columns.version.length);
    this.quantity.set(columns.quantity, first);
    this.version.set(columns.version, first);
    for (let row = first; row < this.size; row++) {
      const place = places[columns.place[row - first] ?? 0] ?? 0;
      this.place[row] = place;
      this.key[row] = firstKey + (columns.key[row - first] ?? 0);
      this.atPlace.add(place, row);
    }
  }

  /** Sets a row; `quantity` null means that it is gone. Returns the live version before, or null. */
  put(place: string, key: string, quantity: number | null, version: number): number | null {
    const row = this.find(place, key);
    const signed = quantity === null ? -version : version;
    if (row === NONE) {
      this.append(this.places.add(place), key, quantity ?? 0, signed);
      return null;
    }
    const before = this.version[row] ?? 0;
    this.quantity[row] = quantity ?? 0;
    this.version[row] = signed;
    return before > 0 ? before : null;
  }

  /** The version last told, of a row that is gone too; 0 for one that never was. */
  versionOf(place: string, key: string): number {
    return Math.abs(this.version[this.find(place, key)] ?? 0);
  }

  get(place: string, key: string): number {
    return this.quantity[this.find(place, key)] ?? 0;
  }

  *at(place: string): Iterable<HoldingRow> {
    for (const row of this.atPlace.of(this.places.find(place))) if (this.isLive(row)) yield this.row(row);
  }

  *of(item: string): Iterable<HoldingRow> {
    this.hangOnItems();
    for (const row of this.ofItem.of(this.items.find(item))) if (this.isLive(row)) yield this.row(row);
  }

  *rows(): Iterable<HoldingRow> {
    for (let row = 0; row < this.size; row++) if (this.isLive(row)) yield this.row(row);
  }

  /** The live rows as one block to be stored. */
  columns(): HoldingColumns {
    const live = [...Array(this.size).keys()].filter((row) => this.isLive(row));
    const keys = new Dictionary();
    const key = Int32Array.from(live, (row) => keys.add(this.keys[this.key[row] ?? 0] ?? ""));
    const pick = <T>(column: ArrayLike<T>): T[] => live.map((row) => column[row] as T);
    return {
      places: this.places.texts.slice(),
      keys: keys.texts,
      place: Int32Array.from(pick(this.place)),
      key,
      quantity: Float64Array.from(pick(this.quantity)),
      version: Float64Array.from(pick(this.version)),
    };
  }

  private isLive(row: number): boolean {
    return (this.version[row] ?? 0) > 0;
  }

  private row(row: number): HoldingRow {
    return {
      place: this.places.texts[this.place[row] ?? 0] ?? "",
      key: this.keys[this.key[row] ?? 0] ?? "",
      quantity: this.quantity[row] ?? 0,
      version: this.version[row] ?? 0,
    };
  }

  private find(place: string, key: string): number {
    for (const row of this.atPlace.of(this.places.find(place))) {
      if (this.keys[this.key[row] ?? NONE] === key) return row;
    }
    return NONE;
  }

  private hangOnItems(): void {
    const itemOfKey: number[] = [];
    for (; this.ofItems < this.size; this.ofItems++) {
      const key = this.key[this.ofItems] ?? 0;
      const item = (itemOfKey[key] ??= this.items.add(itemOf(this.keys[key] ?? "")));
      this.ofItem.add(item, this.ofItems);
    }
  }

  private grow(rows: number): void {
    this.size += rows;
    if (this.size <= this.place.length) return;
    this.place = grown(this.place, this.size);
    this.key = grown(this.key, this.size);
    this.quantity = grown(this.quantity, this.size);
    this.version = grown(this.version, this.size);
  }

  private append(place: number, key: string, quantity: number, version: number): void {
    const row = this.size;
    this.grow(1);
    this.place[row] = place;
    this.key[row] = this.keys.push(key) - 1;
    this.quantity[row] = quantity;
    this.version[row] = version;
    this.atPlace.add(place, row);
  }
}

/**
 * What the quantity keys mean: parts that are added up, each in its own pack.
 * 18 cases of 12 and a tail of 8 are `18 × 12 + 8`.
 */
export interface Pack {
  code: string;
  factor: number;
}

export interface Part {
  digits: string;
  pack: Pack;
}

export interface Entry {
  base: Pack;
  parts: Part[];
}

const DIGITS_MAX = 9;

export function begin(base: Pack): Entry {
  return { base, parts: [{ digits: "", pack: base }] };
}

function withLast(entry: Entry, change: (last: Part) => Part): Entry {
  const last = entry.parts.at(-1) ?? { digits: "", pack: entry.base };
  return { ...entry, parts: [...entry.parts.slice(0, -1), change(last)] };
}

export function type(entry: Entry, digits: string): Entry {
  return withLast(entry, (last) => {
    const next = (last.digits + digits).replace(/^0+(?=\d)/, "");
    return next.length > DIGITS_MAX ? last : { ...last, digits: next };
  });
}

/** Takes away the last digit, and with the last digit of a tail the tail. */
export function erase(entry: Entry): Entry {
  const last = entry.parts.at(-1);
  if (last?.digits === "" && entry.parts.length > 1) {
    return { ...entry, parts: entry.parts.slice(0, -1) };
  }
  return withLast(entry, (part) => ({ ...part, digits: part.digits.slice(0, -1) }));
}

export function pack(entry: Entry, chosen: Pack): Entry {
  return withLast(entry, (last) => ({ ...last, pack: chosen }));
}

/** Another part in the same pack, or the tail in base units. An empty part is not doubled. */
export function plus(entry: Entry, next?: Pack): Entry {
  const last = entry.parts.at(-1);
  if (!last?.digits) return next ? pack(entry, next) : entry;
  return { ...entry, parts: [...entry.parts, { digits: "", pack: next ?? last.pack }] };
}

export function current(entry: Entry): Pack {
  return entry.parts.at(-1)?.pack ?? entry.base;
}

export function isEmpty(entry: Entry): boolean {
  return entry.parts.every((part) => part.digits === "");
}

export function sum(entry: Entry): number {
  return entry.parts.reduce((total, part) => total + Number(part.digits) * part.pack.factor, 0);
}

/** As the record keeps it: one pack as it was typed, several packs as their sum in base units. */
export function entered(entry: Entry): { quantity: number; typed: string; unit: string; factor: number } {
  const parts = entry.parts.filter((part) => part.digits !== "");
  const quantity = sum(entry);
  const only = parts.length === 1 ? parts[0] : undefined;
  return only
    ? { quantity, typed: only.digits, unit: only.pack.code, factor: only.pack.factor }
    : { quantity, typed: String(quantity), unit: entry.base.code, factor: 1 };
}

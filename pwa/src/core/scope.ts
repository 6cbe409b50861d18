/**
 * The scope (S4): a sum over all live rows that both sides keep and compare, the twin of
 * `scope_of` in sync/feed.py. A first picture adds up 200,000 rows at once, so the 64 bits are two
 * halves of 32 (a BigInt for each row costs more than all else), and no text is made to be read.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";

const HALF = 2 ** 32;
const MIXER_HIGH = 0xd6e8feb8;
const MIXER_LOW = 0x6659fd93;
const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ POLYNOMIAL : byte >>> 1;
  return byte;
});
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Of a CRC as it goes on; `nameOf` ends it. */
const BEGIN = -1;

const step = (crc: number, byte: number): number => (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);

function goOn(crc: number, text: string): number {
  const before = crc;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return utf8ToBytes(text).reduce(step, before);
    crc = step(crc, code);
  }
  return crc;
}

/** Goes on with a text as JSON writes it, quotes and all. */
function goOnQuoted(crc: number, text: string): number {
  const before = crc;
  crc = step(crc, QUOTE);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f || code < 0x20) return goOn(before, JSON.stringify(text));
    if (code === QUOTE || code === BACKSLASH) crc = step(crc, BACKSLASH);
    crc = step(crc, code);
  }
  return step(crc, QUOTE);
}

/** What a row is called, as a number: the CRC-32 of its kind and key. */
export function nameOf(kind: string, key: string): number {
  return ~goOn(goOn(goOn(BEGIN, kind), "\n"), key);
}

/** The same of keys that are two texts; what many have in front is gone through once. */
export class NamesOfTwo {
  private readonly kind: number;
  private readonly fronts: number[];

  constructor(kind: string, fronts: readonly string[]) {
    this.kind = goOn(BEGIN, `${kind}\n[`);
    this.fronts = fronts.map((front) => goOn(goOnQuoted(this.kind, front), ","));
  }

  nameOf(front: number, back: string): number {
    return ~goOn(goOnQuoted(this.fronts[front] ?? 0, back), "]");
  }
}

export class Scope {
  private high = 0;
  private low = 0;

  static of(text: string): Scope {
    const scope = new Scope();
    const value = BigInt(text);
    scope.sum(Number(value >> 32n), Number(value & 0xffffffffn));
    return scope;
  }

  add(name: number, version: number): void {
    this.mix(name, version, 1);
  }

  subtract(name: number, version: number): void {
    this.mix(name, version, -1);
  }

  addAll(other: Scope): void {
    this.sum(other.high, other.low);
  }

  /** Decimal, as pages tell it. */
  toString(): string {
    return String((BigInt(this.high) << 32n) | BigInt(this.low));
  }

  private mix(name: number, version: number, sign: 1 | -1): void {
    let high = name ^ (version / HALF);
    let low = version ^ high;
    for (let round = 0; round < 2; round++) {
      const carry = carried(low);
      high = (Math.imul(high, MIXER_LOW) + Math.imul(low, MIXER_HIGH) + carry) | 0;
      low = Math.imul(low, MIXER_LOW) ^ high;
    }
    this.sum(sign * (high >>> 0), sign * (low >>> 0));
  }

  private sum(high: number, low: number): void {
    const sum = this.low + low;
    this.high = (this.high + high + Math.floor(sum / HALF)) >>> 0;
    this.low = sum >>> 0;
  }
}

/** The upper half of a lower half times the mixer's: a double holds each of the two products. */
function carried(low: number): number {
  const below = ((low & 0xffff) * MIXER_LOW) / 0x10000;
  return (((low >>> 16) * MIXER_LOW + Math.floor(below)) / 0x10000) >>> 0;
}

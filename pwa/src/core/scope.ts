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
const BEGIN = -1;

const step = (crc: number, byte: number): number => (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);

/** A CRC as it goes on over texts, and over how many bytes; inverted, it is done. */
class Crc {
  crc = 0;
  bytes = 0;

  from(crc: number): this {
    this.crc = crc;
    this.bytes = 0;
    return this;
  }

  text(text: string): this {
    let crc = this.crc;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return this.utf8(text);
      crc = step(crc, code);
    }
    return this.to(crc, text.length);
  }

  /** A text as JSON writes it, quotes and all. */
  quoted(text: string): this {
    let crc = step(this.crc, QUOTE);
    let bytes = text.length + 2;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f || code < 0x20) return this.text(JSON.stringify(text));
      if (code === QUOTE || code === BACKSLASH) {
        crc = step(crc, BACKSLASH);
        bytes++;
      }
      crc = step(crc, code);
    }
    return this.to(step(crc, QUOTE), bytes);
  }

  private utf8(text: string): this {
    const bytes = utf8ToBytes(text);
    return this.to(bytes.reduce(step, this.crc), bytes.length);
  }

  private to(crc: number, bytes: number): this {
    this.crc = crc;
    this.bytes += bytes;
    return this;
  }
}

/** One for all: a first picture has 300,000 texts to go over. */
const running = new Crc();

/** What a row is called, as a number: the CRC-32 of its kind and key. */
export function nameOf(kind: string, key: string): number {
  return ~running.from(BEGIN).text(kind).text("\n").text(key).crc;
}

/**
 * The same of keys that are two texts, each of which many rows share: each is gone over once. The
 * CRC of two texts is that of the first, moved on by the length of the second, and that of the second.
 */
export class NamesOfTwo {
  private readonly fronts: Int32Array;
  private readonly backs: Int32Array;
  private readonly moves: Move[];

  constructor(kind: string, fronts: readonly string[], backs: readonly string[]) {
    const begin = running.from(BEGIN).text(`${kind}\n[`).crc;
    this.fronts = Int32Array.from(fronts, (front) => running.from(begin).quoted(front).text(",").crc);
    this.backs = new Int32Array(backs.length);
    this.moves = backs.map((back, number) => {
      this.backs[number] = running.from(0).quoted(back).text("]").crc;
      return moveBy(running.bytes);
    });
  }

  nameOf(front: number, back: number): number {
    const move = this.moves[back] ?? moveBy(0);
    return ~(moved(move, this.fronts[front] ?? 0) ^ (this.backs[back] ?? 0));
  }
}

/** What a CRC becomes after so many bytes of zero, by each of its four bytes. */
type Move = Int32Array;

const moves = new Map<number, Move>();

function moveBy(bytes: number): Move {
  const known = moves.get(bytes);
  if (known) return known;
  const move = new Int32Array(4 * 256);
  for (let bit = 0; bit < 32; bit++) {
    let crc = 1 << bit;
    for (let i = 0; i < bytes; i++) crc = step(crc, 0);
    const first = (bit >>> 3) << 8;
    for (let byte = 0; byte < 256; byte++) {
      if ((byte >>> (bit & 7)) & 1) move[first + byte] = (move[first + byte] ?? 0) ^ crc;
    }
  }
  moves.set(bytes, move);
  return move;
}

function moved(move: Move, crc: number): number {
  return (move[crc & 0xff] ?? 0) ^ (move[256 + ((crc >>> 8) & 0xff)] ?? 0)
    ^ (move[512 + ((crc >>> 16) & 0xff)] ?? 0) ^ (move[768 + (crc >>> 24)] ?? 0);
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

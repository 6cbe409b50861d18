/**
 * What a rescue carries from one device to another: the exact texts of operations that no server
 * has, and captures that became none. As a file it is one JSON text that ends in its own checksum;
 * as a series of codes it is packed, and each code is letters and digits that a scanner can type.
 */
import type { Capture } from "./flow";
import { sha256Hex } from "./hashing";
import type { Ack, Body, Envelope, Exchange, Mark } from "./types.gen";

/** What was saved of one replica. */
export interface Bundle {
  site: string;
  replica: string;
  device: string | null;
  /** How people call the device. */
  name: string;
  epoch: number;
  /** What the server had acknowledged last, as far as the device knew. */
  acked: Ack;
  /** The device's own clock, by which the server dates what it did. */
  exchanges: Exchange[];
  made: number;
  captures: Capture[];
  operations: string[];
  /** The device's own proof of each operation; none in a rescue of an app of before. */
  marks?: (Mark | null)[];
  /** Who signed in there without a network. */
  signed?: string[];
}

export type RescueFault = "not_a_rescue" | "damaged" | "newer" | "other_site";

/** A file or a series that cannot be brought in; nothing of it was. */
export class RescueRefused extends Error {
  readonly fault: RescueFault;

  constructor(fault: RescueFault) {
    super(fault);
    this.fault = fault;
  }
}

const KIND = "bincard-rescue";
const VERSION = 2;

export function rescueText(bundles: Bundle[]): string {
  const text = JSON.stringify({ kind: KIND, v: VERSION, bundles });
  return `${text.slice(0, -1)},"sum":"${sha256Hex(text)}"}`;
}

/** Reads a rescue and checks site, checksum and chains. Throws `RescueRefused`. */
export function readRescue(text: string, site: string): Bundle[] {
  if (!text.includes(`"kind":"${KIND}"`)) throw new RescueRefused("not_a_rescue");
  const [, front = "", sum] = /^([^]*),"sum":"([0-9a-f]{64})"\}\s*$/.exec(text) ?? [];
  if (sum === undefined || sha256Hex(`${front}}`) !== sum) throw new RescueRefused("damaged");
  const told = JSON.parse(`${front}}`) as { v: number; bundles: Bundle[] };
  if (told.v > VERSION) throw new RescueRefused("newer");
  for (const bundle of told.bundles) {
    if (bundle.site !== site) throw new RescueRefused("other_site");
    if (!isWhole(bundle)) throw new RescueRefused("damaged");
  }
  return told.bundles;
}

/** Each operation hangs on the one before it; behind a loss that was declared the chain is open. */
function isWhole({ replica, operations }: Bundle): boolean {
  let before: { seq: number; hash: string; lost: boolean } | null = null;
  for (const text of operations) {
    const { link, body } = JSON.parse(text) as Envelope & { body: Body };
    const { seq, prev } = link;
    if (link.replica !== replica || (before && seq <= before.seq)) return false;
    if (before && !before.lost && seq === before.seq + 1 && prev !== before.hash) return false;
    before = { seq, hash: sha256Hex(text), lost: body.did.verb === "lost" };
  }
  return true;
}

// --- the series of codes ---------------------------------------------------------------------

/** One code of a series, as it was scanned. */
export interface Part {
  sum: string;
  number: number;
  total: number;
  data: string;
}

/** What was scanned of one series so far. */
export interface Collected {
  sum: string;
  total: number;
  parts: ReadonlyMap<number, string>;
}

const MARK = "BCR1";
/** A code of 73 modules at medium correction: large enough to be read by any camera. */
const PART_CHARACTERS = 490;
const SUM_CHARACTERS = 8;
const CHECK_CHARACTERS = 4;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Cuts packed bytes into the texts of a series; letters and digits pass every keyboard layout. */
export function partsOf(packed: Uint8Array): string[] {
  const all = base32(packed);
  const sum = sumOf(all, SUM_CHARACTERS);
  const total = Math.max(1, Math.ceil(all.length / PART_CHARACTERS));
  return Array.from({ length: total }, (_, index) => {
    const data = all.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS);
    const frame = `${sum}-${index + 1}-${total}`;
    return `${MARK}-${frame}-${sumOf(frame + data, CHECK_CHARACTERS)}-${data}`;
  });
}

/** Whether a scan is meant for a rescue at all, wherever it was scanned. */
export function isPart(raw: string): boolean {
  return raw.normalize("NFKC").trim().toUpperCase().startsWith(`${MARK}-`);
}

/** The part of a series that a scan is; null when it is none, or was not read whole. */
export function partIn(raw: string): Part | null {
  const text = raw.normalize("NFKC").trim().toUpperCase();
  const found = /^BCR1-([A-Z2-7]{8})-(\d{1,4})-(\d{1,4})-([A-Z2-7]{4})-([A-Z2-7]*)$/.exec(text);
  if (!found) return null;
  const [, sum = "", number = "", total = "", check, data = ""] = found;
  if (sumOf(`${sum}-${number}-${total}${data}`, CHECK_CHARACTERS) !== check) return null;
  return { sum, number: Number(number), total: Number(total), data };
}

/** Adds a part in any order; one of another series begins that one. */
export function collect(before: Collected | null, part: Part): Collected {
  const parts = new Map(before?.sum === part.sum ? before.parts : []);
  parts.set(part.number, part.data);
  return { sum: part.sum, total: part.total, parts };
}

export function missingOf({ total, parts }: Collected): number[] {
  return Array.from({ length: total }, (_, index) => index + 1).filter((number) => !parts.has(number));
}

/** The packed bytes of a whole series. Throws `RescueRefused` when they are not what was shown. */
export function joined(collected: Collected): Uint8Array<ArrayBuffer> {
  const numbers = Array.from({ length: collected.total }, (_, index) => index + 1);
  const all = numbers.map((number) => collected.parts.get(number) ?? "").join("");
  if (sumOf(all, SUM_CHARACTERS) !== collected.sum) throw new RescueRefused("damaged");
  return unbase32(all);
}

function sumOf(text: string, characters: number): string {
  const hex = sha256Hex(text).slice(0, 16);
  return base32(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16))).slice(0, characters);
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

function unbase32(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let end = 0;
  for (const sign of text) {
    held = ((held << 5) | ALPHABET.indexOf(sign)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[end++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}

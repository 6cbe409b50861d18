/** The hashes and ids that device and server must compute alike: the twin of sync/hashing.py. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const ZERO = "0".repeat(64);

export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

export function link(prev: string, payload: string): string {
  return bytesToHex(sha256(concatBytes(hexToBytes(prev), hexToBytes(payload))));
}

// A first picture has 200,000 rows to hash: with hashes, texts and digests of their own each takes
// twice as long.
const empty = sha256.create();
const hash = sha256.create();
const room = new Uint8Array(1_024);
const digest = new Uint8Array(32);
const digestView = new DataView(digest.buffer);

/** What one live row adds to the scope: the first 8 bytes of a hash as a number. */
export function scopeOf(kind: string, key: string, version: number): bigint {
  const text = `${kind}\n${key}\n${version}`;
  empty._cloneInto(hash);
  hash.update(written(text) ? room.subarray(0, text.length) : utf8ToBytes(text));
  hash.digestInto(digest);
  return digestView.getBigUint64(0);
}

/** Writes a text into the room; false when it is too long or has more than ASCII. */
function written(text: string): boolean {
  if (text.length > room.length) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    room[i] = code;
  }
  return true;
}

export function feedKey(...parts: (string | number | null)[]): string {
  return JSON.stringify(parts);
}

/** The UUIDv7 of a moment and ten random bytes. */
export function operationId(ms: number, random: Uint8Array): string {
  const value = new Uint8Array(16);
  const view = new DataView(value.buffer);
  view.setUint32(0, Math.floor(ms / 2 ** 16));
  view.setUint16(4, ms % 2 ** 16);
  value.set(random.subarray(0, 10), 6);
  value[6] = 0x70 | ((value[6] ?? 0) & 0x0f);
  value[8] = 0x80 | ((value[8] ?? 0) & 0x3f);
  return bytesToHex(value).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function utf8Length(text: string): number {
  return utf8ToBytes(text).length;
}

/** The hashes and ids that device and server must compute alike: the twin of sync/hashing.py and sync/ids.py. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const ZERO = "0".repeat(64);
const MARK_CHARACTERS = 24;
export const ID_RANDOM_BYTES = 6;

export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

export function link(prev: string, payload: string): string {
  return bytesToHex(sha256(concatBytes(hexToBytes(prev), hexToBytes(payload))));
}

/** The key by which a device marks what it did under a replica: it follows from its token (S7). */
export function markKey(token: string, replica: string): Uint8Array {
  return hmac(sha256, utf8ToBytes(token), utf8ToBytes(`rescue\n${replica}`));
}

/** The mark of an operation: its place and the text of its body; the twin of server/people/rescues.py. */
export function markOf(key: Uint8Array, seq: number, body: string): string {
  return bytesToHex(hmac(sha256, key, utf8ToBytes(`${seq}\n${sha256Hex(body)}`))).slice(0, MARK_CHARACTERS);
}

export function feedKey(...parts: (string | number | null)[]): string {
  return JSON.stringify(parts);
}

/** The UUIDv8 of a moment, six random bytes and the device that makes it: nobody else can use it first (E4). */
export function operationId(ms: number, random: Uint8Array, device: string): string {
  const value = new Uint8Array(16);
  const view = new DataView(value.buffer);
  view.setUint32(0, Math.floor(ms / 2 ** 16));
  view.setUint16(4, ms % 2 ** 16);
  value.set(random.subarray(0, ID_RANDOM_BYTES), 6);
  value[6] = 0x80 | ((value[6] ?? 0) & 0x0f);
  value[8] = 0x80 | ((value[8] ?? 0) & 0x3f);
  value.set(sha256(utf8ToBytes(device)).subarray(0, 4), 12);
  return bytesToHex(value).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Half a character cannot travel, and a code never has one. */
export function wholeText(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}

export function utf8Length(text: string): number {
  return utf8ToBytes(text).length;
}

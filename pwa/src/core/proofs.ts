/** How a session proves that its person made an operation: the twin of sync/proofs.py (E8). */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** `bp1.<payload>.<mac>`: names the session without what opens doors. */
export function proofOf(key: string, payload: string, contentHash: string): string {
  return `bp1.${payload}.${base64url(hmac(sha256, utf8ToBytes(key), utf8ToBytes(contentHash)))}`;
}

/** The readable part of a session's text. */
export function payloadOf(session: string): string {
  return session.split(".")[1] ?? "";
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function base64url(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += ALPHABET[(held >> (bits - 6)) & 63];
  }
  return bits > 0 ? text + ALPHABET[(held << (6 - bits)) & 63] : text;
}

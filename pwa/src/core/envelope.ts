/**
 * Builds the exact bytes of an operation: `{"link":{…},"body":{…}}`. They are stored as they are;
 * `prev` and acknowledgements hash all of them, so nothing may ever be re-encoded.
 */
import { sha256Hex, utf8Length } from "./hashing";
import { ENVELOPE_BYTES_MAX, ENVELOPE_VERSION, INTENTS, type Body, type Link, type Scan } from "./types.gen";

/** Larger than the server takes: the flow must write it in parts, and nothing was written. */
export class EnvelopeTooLarge extends Error {}

export interface Sealed {
  text: string;
  hash: string;
}

const MARK = ',"body":';
const SCANS_MAX = 300;
/** The rest of an envelope is for what the scans became. */
const SCANS_BYTES_MAX = ENVELOPE_BYTES_MAX / 2;

/** The body's text; fields that say nothing are left out. */
export function bodyText(body: Omit<Body, "v" | "class">): string {
  const kind = INTENTS.includes(body.did.verb) ? "intent" : "fact";
  return JSON.stringify({ v: ENVELOPE_VERSION, class: kind, ...body });
}

export function seal(link: Required<Link>, body: string): Sealed {
  const { replica, seq, prev } = link;
  const text = `{"link":${JSON.stringify({ replica, seq, prev })}${MARK}${body}}`;
  if (utf8Length(text) > ENVELOPE_BYTES_MAX) throw new EnvelopeTooLarge("an operation is at most 64 KB");
  return { text, hash: sha256Hex(text) };
}

/** The body's exact text: what an id guards, and what is appended again under a new replica. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf(MARK) + MARK.length, -1);
}

/** Of very many or very long readings only the last of each code, and the newest of those, so that they fit. */
export function scansThatFit(scans: Scan[]): Scan[] {
  const bytesOf = (some: unknown): number => utf8Length(JSON.stringify(some));
  if (scans.length <= SCANS_MAX && bytesOf(scans) <= SCANS_BYTES_MAX) return scans;
  const newest = [...new Map(scans.map((scan) => [scan.raw, scan])).values()].slice(-SCANS_MAX).reverse();
  let bytes = 0;
  return newest.filter((scan) => (bytes += bytesOf(scan) + 1) <= SCANS_BYTES_MAX).reverse();
}

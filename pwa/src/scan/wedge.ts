/**
 * Tells a keyboard-wedge scan from typing: a pure step over what the keyboard says and when.
 * A scan begins with the configured prefix, or is faster than any hand; it ends with Enter, Tab
 * or a short silence. A separator may come as a character, as F8 or as Ctrl+]. What ends a scan
 * never reaches the page: there it would press the key that has the focus.
 */
import { GS } from "../core/gs1";

/** How this scanner is set up, and whether somebody may be typing. */
export interface Profile {
  prefix: string;
  suffixes: readonly string[];
  /** Slower than this per character, on average, is a hand. */
  averageMs: number;
  charactersMin: number;
  /** Fewer characters are a scan when a suffix ends them and they are faster than this, each. */
  shortMs: number;
  idleMs: number;
  /** Slower than this per character, on average, no scan ends by silence; 0 where none does. */
  silenceMs: number;
  /** Nobody types here: what comes as characters was scanned. */
  isAlone: boolean;
  /** What comes goes into a text field, where a space is text and an Enter has to keep the rhythm. */
  isField: boolean;
}

export const ORDINARY: Profile = {
  prefix: "", suffixes: ["Enter", "Tab"], averageMs: 50, charactersMin: 4, shortMs: 20, idleMs: 100, silenceMs: 50, isAlone: false,
  isField: false,
};

/**
 * Where no field has the focus nobody types, so a page that was busy or a slow radio may stretch
 * a scan without cutting it in two. A scanner that is known to send no suffix is not waited for.
 */
export function patient(profile: Profile, hasSuffix: boolean | null = null): Profile {
  const idleMs = hasSuffix === false ? profile.idleMs : 400;
  return { ...profile, averageMs: 400, shortMs: 400, idleMs, isAlone: true };
}

/**
 * In a text field a hand pauses after every few letters, so silence says nothing there, unless the
 * scanner is known to end its scans with nothing else; then it must be faster than any hand.
 */
export function inField(profile: Profile, hasSuffix: boolean | null = null): Profile {
  return { ...profile, silenceMs: hasSuffix === false ? profile.shortMs : 0, isField: true };
}

export type Heard =
  | { kind: "key"; key: string; ctrl: boolean; at: number }
  /** Text without a key of its own: an input method, or a separator. */
  | { kind: "text"; text: string; at: number }
  | { kind: "idle"; at: number };

export interface Ear {
  text: string;
  began: number;
  last: number;
  /** When characters came last that were let go of: what follows closely may be a part of them. */
  cut: number;
  /** When the last scan ended. */
  ended: number;
}

export interface Recognised {
  ear: Ear;
  /** What was scanned, or null while it may still be typing. */
  scan: string | null;
  /** The page must not see this key. */
  swallow: boolean;
}

export const QUIET: Ear = { text: "", began: 0, last: 0, cut: -Infinity, ended: -Infinity };

const SILENT_KEYS = new Set(["Shift", "Control", "Alt", "AltGraph", "CapsLock", "Meta", "NumLock"]);
/** No hand presses Enter this soon after a scan: it is the second half of a CR LF, or a late suffix. */
const AFTER_SCAN_MS = 500;
const PART_MS = 2_000;

export function hear(ear: Ear, heard: Heard, profile: Profile = ORDINARY): Recognised {
  if (heard.kind === "idle") return heard.at - ear.last >= profile.idleMs ? silent(ear, heard.at, profile) : still(ear);
  if (heard.kind === "text") return added(ear, heard.text, heard.at, profile);
  if (SILENT_KEYS.has(heard.key)) return still(ear);
  if (heard.key === "F8" || heard.key === GS || (heard.ctrl && heard.key === "]")) {
    const { ear: longer } = added(ear, GS, heard.at, profile);
    return { ear: longer, scan: null, swallow: ear.text !== "" };
  }
  if (profile.suffixes.includes(heard.key) || isLineEnd(ear, heard)) return ended(ear, heard.at, profile);
  if (heard.ctrl) return controlled(ear, heard, profile);
  // A name of a key (Backspace, ArrowUp) is a hand.
  if ([...heard.key].length !== 1) return { ear: { ...ear, text: "" }, scan: null, swallow: false };
  return added(ear, heard.key, heard.at, profile);
}

/** Some scanners send CR and LF as Ctrl+M and Ctrl+J. */
function isLineEnd(ear: Ear, { key, ctrl, at }: Extract<Heard, { kind: "key" }>): boolean {
  return ctrl && /^[jm]$/i.test(key) && (ear.text !== "" || at - ear.ended < AFTER_SCAN_MS);
}

/** A silence in the middle means that what came before was something else. */
function added(ear: Ear, text: string, at: number, profile: Profile): Recognised {
  const isFresh = ear.text === "" || at - ear.last >= profile.idleMs;
  const cut = isFresh && ear.text !== "" ? ear.last : ear.cut;
  const next = isFresh
    ? { ...ear, text, began: at, last: at, cut }
    : { ...ear, text: ear.text + text, last: at };
  // A space inside a scan would press the button that has the focus.
  return { ear: next, scan: null, swallow: !profile.isField && !isFresh && text === " " && isFast(next, profile.averageMs) };
}

/** A control character in the middle of a scan belongs to it; by itself it is a shortcut. */
function controlled(ear: Ear, { key, at }: Extract<Heard, { kind: "key" }>, profile: Profile): Recognised {
  const isInside = ear.text !== "" && at - ear.last <= ORDINARY.averageMs && /^[@-_a-z]$/.test(key);
  if (!isInside) return { ear: { ...ear, text: "" }, scan: null, swallow: false };
  const { ear: longer } = added(ear, String.fromCharCode(key.charCodeAt(0) & 31), at, profile);
  return { ear: longer, scan: null, swallow: true };
}

function ended(ear: Ear, at: number, profile: Profile): Recognised {
  const scan = ear.text === "" ? null : scanOf(ear, at, profile);
  if (scan !== null) return { ear: { ...QUIET, ended: at }, scan, swallow: true };
  const isEcho = ear.text === "" && at - ear.ended < AFTER_SCAN_MS;
  return { ear: { ...ear, text: "" }, scan: null, swallow: isEcho || (profile.isAlone && ear.text !== "") };
}

function silent(ear: Ear, at: number, profile: Profile): Recognised {
  const scan = ear.text === "" ? null : scanOf(ear, null, profile);
  if (scan !== null) return { ear: { ...QUIET, ended: at }, scan, swallow: false };
  return { ear: { ...ear, text: "", cut: ear.text ? ear.last : ear.cut }, scan: null, swallow: false };
}

/** The scan that ended with a suffix at this time, or without one. */
function scanOf(ear: Ear, suffixAt: number | null, profile: Profile): string | null {
  const { prefix } = profile;
  const size = ear.text.length;
  if (prefix) return (ear.text.startsWith(prefix) && ear.text.slice(prefix.length)) || null;
  if (suffixAt === null) {
    const isLong = size >= (profile.isAlone ? 2 : profile.charactersMin);
    return isLong && profile.silenceMs > 0 && isFast(ear, profile.silenceMs) ? ear.text : null;
  }
  if (profile.isField && suffixAt - ear.began > profile.averageMs * size) return null;
  if (size >= profile.charactersMin) return isFast(ear, profile.averageMs) ? ear.text : null;
  // The end of a slow scan must not pass for a short code.
  const isPart = ear.began - ear.cut < PART_MS;
  return !isPart && suffixAt - ear.began <= profile.shortMs * size ? ear.text : null;
}

function isFast(ear: Ear, averageMs: number): boolean {
  return ear.last - ear.began <= averageMs * Math.max(1, ear.text.length - 1);
}

const still = (ear: Ear): Recognised => ({ ear, scan: null, swallow: false });

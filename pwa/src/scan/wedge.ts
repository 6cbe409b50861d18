/**
 * Tells a keyboard-wedge scan from typing: a pure step over what the keyboard says and when.
 * A scan begins with the configured prefix, or is faster than any hand; it ends with Enter, Tab
 * or a short silence. A separator may come as a character, as F8 or as Ctrl+].
 */
import { GS } from "../core/gs1";

/** How this scanner is set up; the self-test will find it out. */
export interface Profile {
  prefix: string;
  suffixes: readonly string[];
  /** Slower than this per character, on average, is a hand. */
  averageMs: number;
  charactersMin: number;
  idleMs: number;
}

export const ORDINARY: Profile = {
  prefix: "", suffixes: ["Enter", "Tab"], averageMs: 50, charactersMin: 4, idleMs: 100,
};

/**
 * Once a suffix was seen and no field has the focus: nobody types there, so a page that was busy
 * or a slow radio may stretch a scan without cutting it in two.
 */
export function patient(profile: Profile): Profile {
  return { ...profile, averageMs: 400, idleMs: 400 };
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
}

export interface Recognised {
  ear: Ear;
  /** What was scanned, or null while it may still be typing. */
  scan: string | null;
  /** The page must not see this key. */
  swallow: boolean;
}

export const QUIET: Ear = { text: "", began: 0, last: 0 };

const SILENT_KEYS = new Set(["Shift", "Control", "Alt", "AltGraph", "CapsLock", "Meta", "NumLock"]);

export function hear(ear: Ear, heard: Heard, profile: Profile = ORDINARY): Recognised {
  if (heard.kind === "idle") {
    const over = heard.at - ear.last >= profile.idleMs;
    return over ? { ear: QUIET, scan: scanOf(ear, profile), swallow: false } : still(ear);
  }
  if (heard.kind === "text") return added(ear, heard.text, heard.at, profile);
  if (SILENT_KEYS.has(heard.key)) return still(ear);
  if (heard.key === "F8" || heard.key === GS || (heard.ctrl && heard.key === "]")) {
    const { ear: longer } = added(ear, GS, heard.at, profile);
    return { ear: longer, scan: null, swallow: ear.text !== "" };
  }
  if (profile.suffixes.includes(heard.key)) {
    const scan = scanOf(ear, profile);
    return { ear: QUIET, scan, swallow: scan !== null };
  }
  // A name of a key (Backspace, ArrowUp) or a shortcut is a hand.
  if ([...heard.key].length !== 1 || heard.ctrl) return { ear: QUIET, scan: null, swallow: false };
  return added(ear, heard.key, heard.at, profile);
}

/** A silence in the middle means that what came before was something else. */
function added(ear: Ear, text: string, at: number, profile: Profile): Recognised {
  const fresh = ear.text === "" || at - ear.last >= profile.idleMs;
  const next = fresh ? { text, began: at, last: at } : { text: ear.text + text, began: ear.began, last: at };
  // A space inside a scan would press the button that has the focus.
  return { ear: next, scan: null, swallow: !fresh && text === " " && isFast(next, profile) };
}

function scanOf(ear: Ear, profile: Profile): string | null {
  const { prefix } = profile;
  if (prefix && ear.text.startsWith(prefix)) return ear.text.slice(prefix.length) || null;
  const long = ear.text.length >= profile.charactersMin;
  return !prefix && long && isFast(ear, profile) ? ear.text : null;
}

function isFast(ear: Ear, profile: Profile): boolean {
  return ear.last - ear.began <= profile.averageMs * Math.max(1, ear.text.length - 1);
}

const still = (ear: Ear): Recognised => ({ ear, scan: null, swallow: false });

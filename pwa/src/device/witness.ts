/**
 * What a device still knows of itself when its database is gone: the last number it had written.
 * It lies where browsers do not clear together with databases. It proves nothing and is never
 * read but to report a loss (R4); the token lies in a database of its own, sealed.
 */
import type { Former } from "../core/types.gen";
import type { Chain } from "../outbox/outbox";

export interface Seen {
  replica: string;
  seq: number;
  /** How people called the device, for whoever enrols it anew. */
  name: string;
}

/** What is to be reported as lost: a chain had to be begun anew on a device that had one. */
export function lossOf(begun: { before: Chain | null } | null, wasEnrolled: boolean): Former | null {
  const seen = begun?.before ?? lastSeen();
  return begun && (seen || wasEnrolled) ? { replica: seen?.replica ?? null, seq: seen?.seq ?? 0 } : null;
}

const KEY = "bincard-witness";

export function lastSeen(): Seen | null {
  try {
    const seen = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<Seen> | null;
    const isWhole = typeof seen?.replica === "string" && /^[0-9a-f]{32}$/.test(seen.replica) && Number.isSafeInteger(seen.seq);
    return isWhole ? { name: "", ...seen } as Seen : null;
  } catch {
    return null;
  }
}

const WIPED = "bincard-wiped";

/** A device that was revoked, and wiped, is no device that lost its storage. */
export function forget(name: string): void {
  try {
    localStorage.setItem(WIPED, name);
    localStorage.removeItem(KEY);
  } catch {
    // Then the screen only asks for a code.
  }
}

/** How the device was called that was wiped here; null when none was, or it is enrolled again. */
export function wiped(): string | null {
  try {
    return localStorage.getItem(WIPED);
  } catch {
    return null;
  }
}

export function enrolledAgain(): void {
  try {
    localStorage.removeItem(WIPED);
  } catch {
    // It says so until the next time.
  }
}

export function remember(seen: Seen): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(seen));
  } catch {
    // Full or forbidden: then a loss is reported without a number.
  }
}

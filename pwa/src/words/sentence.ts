/** Fills a catalogue sentence: `{n}` is a value, `{n|bin|bins}` a word that follows a number. */
import type { Values } from "../core/flow.ts";

const PLACE = /\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g;

export function fill(sentence: string, values: Values, show: (value: string | number) => string): string {
  return sentence.replace(PLACE, (_, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (one !== undefined) return Math.abs(Number(value)) === 1 ? one : (many ?? one);
    return value === undefined ? "" : show(value);
  });
}

/** The names that a sentence takes: both languages of an entry must take the same. */
export function placesOf(sentence: string): Set<string> {
  return new Set([...sentence.matchAll(PLACE)].map((found) => found[1] ?? ""));
}

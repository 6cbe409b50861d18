/**
 * GS1 element strings, check digits and dates: the twin of sync/gs1.py, made of the same table.
 * An unknown identifier makes a code "not GS1", so that it stays raw.
 */
import { SELF_DELIMITING, TABLE } from "./gs1.gen";

export const GS = "\x1d";

/** One identifier with its data, and whether its check digit or its day is right. */
export type Element = [ai: string, value: string, right: boolean];

interface Shape {
  pattern: RegExp;
  longest: number;
  check: number;
  day: boolean;
}

export function checkDigitIsRight(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) sum += Number(digits[digits.length - 1 - i]) * (i % 2 ? 3 : 1);
  return sum % 10 === 0;
}

/** A GTIN-8, 12, 13 or 14 with a right check digit as GTIN-14, null for anything else. */
export function gtin14(text: string): string | null {
  return /^(\d{8}|\d{12,14})$/.test(text) && checkDigitIsRight(text) ? text.padStart(14, "0") : null;
}

/** YYMMDD as a date near `year`; day 00 is the last day of its month. */
export function isoDay(text: string, year: number): string | null {
  if (!/^\d{6}$/.test(text)) return null;
  const short = Number(text.slice(0, 2));
  const month = Number(text.slice(2, 4));
  const distance = short - (year % 100);
  const shift = distance > 50 ? -100 : distance <= -50 ? 100 : 0;
  const full = year - (year % 100) + shift + short;
  if (month < 1 || month > 12) return null;
  const last = daysIn(full, month);
  const day = Number(text.slice(4)) || last;
  return day <= last ? `${pad(full, 4)}-${pad(month, 2)}-${pad(day, 2)}` : null;
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const pad = (number: number, size: number): string => String(number).padStart(size, "0");

/** Splits an element string; null when it is not one. */
export function elements(text: string, year: number): Element[] | null {
  let rest = text.startsWith(GS) ? text.slice(1) : text;
  const found: Element[] = [];
  while (rest) {
    const ai = [2, 3, 4].map((size) => rest.slice(0, size)).find((start) => shapes().has(start));
    const shape = ai && shapes().get(ai);
    if (!ai || !shape) return null;
    rest = rest.slice(ai.length);
    const size = SELF_DELIMITING.includes(ai.slice(0, 2)) ? shape.longest : rest.indexOf(GS);
    const value = size < 0 ? rest : rest.slice(0, size);
    if (!shape.pattern.test(value)) return null;
    rest = rest.slice(value.length);
    if (rest.startsWith(GS)) rest = rest.slice(1);
    found.push([ai, value, isRight(shape, value, year)]);
  }
  return found.length ? found : null;
}

function isRight(shape: Shape, value: string, year: number): boolean {
  if (shape.day) return isoDay(value, year) !== null;
  return !shape.check || checkDigitIsRight(value.slice(0, shape.check));
}

let known: Map<string, Shape> | undefined;

/** Made at the first use, so that the first screen does not wait for it. */
function shapes(): Map<string, Shape> {
  if (known) return known;
  known = new Map();
  for (const line of TABLE.trim().split("\n")) {
    const [identifiers = "", parts = ""] = line.split(" ");
    const [first = "", last = first] = identifiers.replaceAll("*", "").split("-");
    const tails = identifiers.includes("*") ? [..."012345"] : [""];
    for (let number = Number(first); number <= Number(last); number++) {
      for (const tail of tails) known.set(pad(number, first.length) + tail, shape(parts));
    }
  }
  return known;
}

function shape(parts: string): Shape {
  let pattern = "";
  let longest = 0;
  let check = 0;
  for (const [, kind, dots, size, mark] of parts.matchAll(/([nx])(\.\.)?(\d+)([cd]?)/g)) {
    const letters = kind === "n" ? "\\d" : '[!-"%-?A-Z_a-z]';
    pattern += `${letters}{${dots ? "1," : ""}${size}}`;
    longest += Number(size);
    if (mark === "c") check = Number(size);
  }
  return { pattern: new RegExp(`^${pattern}$`), longest, check, day: parts.endsWith("d") };
}

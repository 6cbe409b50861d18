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
  /** Digits only. */
  digits: boolean;
}

/** How far it is looked for what a string can say: a hostile label keeps nobody waiting. */
const READINGS_MAX = 12;
const STEPS_MAX = 4_000;

export function checkDigitIsRight(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) sum += Number(digits[digits.length - 1 - i]) * (i % 2 ? 3 : 1);
  return sum % 10 === 0;
}

/** A GTIN-8, 12, 13 or 14 with a right check digit as GTIN-14, null for anything else. */
export function gtin14(text: string): string | null {
  return /^(\d{8}|\d{12,14})$/.test(text) && checkDigitIsRight(text) ? text.padStart(14, "0") : null;
}

/** The GTIN-14 of a UPC-E of eight digits, null when its check digit is not right. */
export function upcE(text: string): string | null {
  const [, system = "", body = "", check = ""] = /^([01])(\d{6})(\d)$/.exec(text) ?? [];
  if (!system) return null;
  const last = Number(body[5]);
  // The last digit says where zeros were left out.
  const long =
    last <= 2 ? `${body.slice(0, 2)}${last}0000${body.slice(2, 5)}`
    : last <= 4 ? `${body.slice(0, last)}00000${body.slice(last, 5)}`
    : `${body.slice(0, 5)}0000${last}`;
  return gtin14(system + long + check);
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

/** Splits an element string as its separators say; null when it is not one. */
export function elements(text: string, year: number): Element[] | null {
  let rest = text.startsWith(GS) ? text.slice(1) : text;
  const found: Element[] = [];
  while (rest) {
    const ai = identifierOf(rest);
    if (!ai) return null;
    rest = rest.slice(ai.length);
    const size = isFixed(ai) ? (shapes().get(ai)?.longest ?? 0) : rest.indexOf(GS);
    const value = size < 0 ? rest : rest.slice(0, size);
    const element = elementOf(ai, value, year);
    if (!element) return null;
    rest = rest.slice(value.length);
    if (rest.startsWith(GS)) rest = rest.slice(1);
    found.push(element);
  }
  return found.length ? found : null;
}

/**
 * All that an element string can say, as it stands first. With a separator in it there is one
 * reading at most. Without any, a value of open length may end wherever the rest is an element
 * string too: no identifier twice, all checks and days right.
 */
export function readings(text: string, year: number): Element[][] {
  const plain = elements(text, year);
  const whole = text.startsWith(GS) ? text.slice(1) : text;
  const found: Element[][] = plain ? [plain] : [];
  if (whole.includes(GS)) return found;
  let steps = STEPS_MAX;
  const read = (given: string, before: Element[]): void => {
    const ai = identifierOf(given);
    if (!ai || before.some(([other]) => other === ai)) return;
    const rest = given.slice(ai.length);
    const longest = shapes().get(ai)?.longest ?? 0;
    const shortest = isFixed(ai) ? longest : 1;
    for (let size = Math.min(longest, rest.length); size >= shortest; size--) {
      if (--steps < 0 || found.length >= READINGS_MAX) return;
      const element = elementOf(ai, rest.slice(0, size), year);
      if (!element?.[2]) continue;
      const way = [...before, element];
      if (size < rest.length) read(rest.slice(size), way);
      else if (!plain || !isSame(way, plain)) found.push(way);
    }
  };
  read(whole, []);
  return found;
}

/** Whether an identifier takes digits only: then what follows it is seldom chance. */
export const isNumber = (ai: string): boolean => shapes().get(ai)?.digits ?? false;

const isFixed = (ai: string): boolean => SELF_DELIMITING.includes(ai.slice(0, 2));

const isSame = (one: Element[], other: Element[]): boolean => JSON.stringify(one) === JSON.stringify(other);

function identifierOf(text: string): string | undefined {
  return [2, 3, 4].map((size) => text.slice(0, size)).find((start) => shapes().has(start));
}

function elementOf(ai: string, value: string, year: number): Element | null {
  const shape = shapes().get(ai);
  return shape?.pattern.test(value) ? [ai, value, isRight(shape, value, year)] : null;
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
  return { pattern: new RegExp(`^${pattern}$`), longest, check, day: parts.endsWith("d"), digits: !parts.includes("x") };
}

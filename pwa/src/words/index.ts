/**
 * Every sentence of the screen, and how numbers, days and ages are written.
 * A catalogue maps a name to both languages; the desk and the help pages bring their own,
 * so that a handheld does not load them.
 */
import type { Values } from "../core/flow.ts";
import { codes } from "./codes.ts";
import { flows } from "./flows.ts";
import { chosen, type Language } from "./language.svelte.ts";
import { rescue } from "./rescue.ts";
import { restore } from "./restore.ts";
import { refused } from "./refused.ts";
import { screens } from "./screens.ts";
import { fill } from "./sentence.ts";

export type { Language } from "./language.svelte.ts";
export { choose, chosen } from "./language.svelte.ts";

export type Entry = Record<Language, string>;
export type Catalogue = Record<string, Entry>;

const all = { ...screens, ...refused, ...rescue, ...restore, ...codes, ...flows };
export type Name = keyof typeof all;

/** Makes the `t` of one catalogue. */
export function teller<C extends Catalogue>(catalogue: C) {
  return (name: keyof C & string, values: Values = {}): string =>
    fill(catalogue[name]![chosen.language], values, shown);
}

export const t: (name: Name, values?: Values) => string = teller(all);

/** For names that come from a flow or the server: an unknown one is shown as it is. */
export function say(name: string, values: Values = {}): string {
  return name in all ? t(name as Name, values) : name;
}

export function known(name: string): name is Name {
  return name in all;
}

const locale = (): string => (chosen.language === "zh" ? "zh-CN" : "en-GB");

function shown(value: string | number): string {
  return typeof value === "number" ? whole(value) : bare(value).replace(/\p{Cc}/gu, " ");
}

/** Chinese floors write 12000 without marks, English ones 12,000; both with a real minus. */
export function whole(value: number): string {
  const digits = Math.abs(value).toLocaleString(locale(), { useGrouping: chosen.language === "en" });
  return (value < 0 ? "−" : "") + digits;
}

export function signed(value: number): string {
  return (value > 0 ? "+" : "") + whole(value);
}

export function clock(at: number): string {
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `21 Nov`, `11-21`. */
export function dayOf(at: number): string {
  const day = new Date(at);
  if (chosen.language === "zh") return `${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  return `${day.getDate()} ${MONTHS[day.getMonth()]}`;
}

// The browser's English writes "Sept", too long for a card.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A date without a time, as a lot carries it: `30 Sep 2027`, `2027-09-30`. */
export function date(day: string): string {
  if (chosen.language === "zh") return day;
  const [year, month, date] = day.split("-").map(Number);
  return `${date} ${MONTHS[(month ?? 1) - 1]} ${year}`;
}

/** The time today, the day before that. */
export function moment(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? clock(at) : dayOf(at);
}

/** When, to the minute: the time today, day and time before that. */
export function stamp(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return isToday ? clock(at) : `${dayOf(at)} ${clock(at)}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12 min`, `3 h 17 min`, `5 days`. */
export function age(milliseconds: number): string {
  if (milliseconds < MINUTE) return t("age.now");
  if (milliseconds < HOUR) return t("age.minutes", { n: Math.floor(milliseconds / MINUTE) });
  if (milliseconds >= 2 * DAY) return t("age.days", { n: Math.floor(milliseconds / DAY) });
  const minutes = Math.floor((milliseconds % HOUR) / MINUTE);
  return t("age.hours", { h: Math.floor(milliseconds / HOUR), n: minutes });
}

/** `12 min old`, `刚刚`. */
export function old(milliseconds: number): string {
  return milliseconds < MINUTE ? t("age.now") : t("age.old", { age: age(milliseconds) });
}

/** `96 days`, for goods. */
export function days(from: number, now: number): string {
  return t("age.days", { n: Math.max(0, Math.floor((now - from) / DAY)) });
}

/** The name of an item, site or warehouse in the worker's language. */
export function nameOf(row: { name: string; name_zh?: string } | undefined): string {
  if (!row) return "";
  return (chosen.language === "zh" && row.name_zh) || row.name;
}

/** The name on the card of goods; what nobody has identified yet says so, and a code stands for itself. */
export function goodsName(row: { name: string; name_zh?: string } | undefined, item: string): string {
  if (item === CONTAINER) return t("item.container");
  return nameOf(row) || (item.startsWith(UNIDENTIFIED) ? t("item.unidentified") : item);
}

/** A code as it was scanned, without the mark that the books put before one that nobody knows. */
export function bare(code: string): string {
  return code.startsWith(UNIDENTIFIED) ? code.slice(UNIDENTIFIED.length) : code;
}

const UNIDENTIFIED = "unidentified/";

/** The item of every container; its own code is the serial. */
export const CONTAINER = "container/";

/** `PCS` as people say it; a unit that nobody named stays as it is. */
export function unitOf(code: string): string {
  const name = `unit.${code}`;
  return known(name) ? t(name) : code;
}

/**
 * What a scanned code means: the twin of sync/codes.py, held to it by tests/vectors/codes.json.
 * What the site knows comes in as `Known`, the year as an argument; nothing here is a clock.
 */
import { codeText } from "./code-text";
import { elements, gtin14, GS, isNumber, isoDay, readings, upcE, type Element } from "./gs1";
import type { Meaning, Said, Scanner } from "./meaning";
import type { Lot } from "./types.gen";

const GS1_SYMBOLOGIES = ["]C1", "]d2", "]Q3", "]e0", "]J1"];
const NEVER_GS1 = "]C0";
const NEVER_UPC_E = "]E4";
const NAMES = ["01", "02", "240", "241"];
const OPEN_NAMES = ["240", "241"];
const COUNTS = ["30", "37"];
const BRACKETED = String.raw`\((\d{2,4})\)((?:(?!\(\d{2,4}\)).)+)`;
/** A character that no element string holds. */
const FOREIGN = /[^!-"%-?A-Z_a-z\x1d]/g;
/** How scanners and their profiles write a separator that they cannot type. */
const SEPARATORS = ["{GS}", "^]", "<GS>", "[GS]", "\u241d", "{FNC1}", "<FNC1>", "[FNC1]", "\\x1d", "\\u001d"];
/** Of 90 to 99 each company says itself what they hold: nobody guesses that one begins here. */
const OWN_IDENTIFIERS = "9";
/** A question has no more answers than a small screen shows at once. */
const ASKED_MAX = 4;
const COMMANDS = ["UNDO", "DONE", "SKIP", "SHORT", "PRINT", "HELP"] as const;

/** One thing of the master data that a text names; with `unit`, a pack of `factor` of it. */
export interface Named {
  kind: "item" | "location" | "document" | "partner";
  code: string;
  unit?: string;
  factor?: number;
}

export interface LotOf {
  item: string;
  lot: Lot;
}

/** What the site knows. */
export interface Known {
  /** Things with exactly this code, alias or code of a pack; GTINs and UPC-E as GTIN-14 too. */
  exact(text: string): Named[];
  /** The same when letters are compared without case. */
  folded(text: string): Named[];
  lotsNamed(code: string): LotOf[];
}

/** Undoes what scanners, profiles and Chinese input methods do to a code. */
export function clean(raw: string, symbology: string | null, separators = ""): [string, string | null] {
  let text = codeText(raw);
  for (const separator of [...SEPARATORS, ...separators]) text = text.replaceAll(separator, GS);
  text = text.replace(/\x1d+/g, GS);
  return /^\][A-Za-z][0-9A-Za-z]/.test(text) ? [text.slice(3), text.slice(0, 3)] : [text, symbology];
}

/** What a code means here: one thing, or several to choose from. */
export function meaning(
  raw: string,
  symbology: string | null,
  known: Known,
  year: number,
  separators = "",
  scanner: Scanner = "new",
): Meaning {
  const [text, kind] = clean(raw, symbology, separators);
  const marked = isMarked(text, kind);
  const found = own(text) ?? (marked ? null : byGtin(text, kind, known));
  if (found) return found;
  const string = elementString(text, marked);
  const ways = kind === NEVER_GS1 ? [] : readings(string, year);
  if (ways[0] && (marked || isSure(text, string, ways[0]))) return byReadings(text, ways, known, scanner, year);
  const named = byCode(text, known);
  if (named) return named;
  if (!ways[0]) return unknown(text, {});
  const read = byReadings(text, ways, known, scanner, year);
  return string === text ? provedOrRaw(text, read, valuesOf(ways[0])) : read;
}

/** The net weight that a label says, in grams: 3103 and 001250 are 1.250 kg. Null where it says none. */
export function gramsOf(raw: string, symbology: string | null): number | null {
  const [text, kind] = clean(raw, symbology);
  if (!text.includes("310")) return null;
  const weight = elements(elementString(text, isMarked(text, kind)), 0)?.find(([ai]) => /^310\d$/.test(ai));
  return weight ? Number(weight[1]) * 10 ** (3 - Number(weight[0][3])) : null;
}

/** What a scan tells of its scanner: a separator that it sent, or one that was missing. */
export function heardOf(raw: string, symbology: string | null, meant: Meaning, year: number): Scanner {
  const [text, kind] = clean(raw, symbology);
  const string = elementString(text, isMarked(text, kind));
  if (/^https?:/.test(text) || isBracketed(text)) return "new";
  if (string.slice(1, -1).includes(GS)) return "keeps";
  if (!("said" in meant) || !Object.keys(meant.said).length) return "new";
  const plain = elements(string, year);
  const isPlain = plain && JSON.stringify(saidBy(valuesOf(plain), year)) === JSON.stringify(meant.said);
  return isPlain ? "new" : "loses";
}

const isMarked = (text: string, kind: string | null): boolean =>
  (kind !== null && GS1_SYMBOLOGIES.includes(kind)) || text.startsWith(GS);

const unknown = (raw: string, said: Said): Meaning => ({ kind: "unknown", raw, said });

function own(text: string): Meaning | null {
  const command = /^BINCARD:([A-Z]+)$/i.exec(text)?.[1]?.toUpperCase();
  if (command !== undefined) {
    const named = COMMANDS.find((name) => name === command);
    return named ? { kind: "command", command: named } : null;
  }
  const badge = /^BADGE:(.+)$/i.exec(text)?.[1];
  if (badge !== undefined) return { kind: "badge", badge };
  const code = /^https?:\/\/[^#]+#\/enrol\/([^/?#]+)$/.exec(text)?.[1];
  return code === undefined ? null : { kind: "enrol", code };
}

function byGtin(text: string, symbology: string | null, known: Known): Meaning | null {
  const short = symbology === NEVER_UPC_E ? null : upcE(text);
  const things = [gtin14(text), short].flatMap((gtin) => (gtin ? known.exact(gtin) : []));
  return things.length ? oneOrAll([...things, ...known.exact(text)]) : null;
}

/** Whether an unmarked text can only be GS1: `10-01-02` also parses, as a batch. */
function isSure(text: string, string: string, parts: Element[]): boolean {
  const [ai, , right] = parts[0] ?? ["", "", false];
  const begins = ["00", "01", "02"].includes(ai) && right;
  return /^https?:\/\//.test(text) || begins || (string.includes(GS) && !isBracketed(text));
}

/** The element string behind a link, brackets or odd separators, or the text itself. */
function elementString(text: string, marked: boolean): string {
  if (/^https?:\/\//.test(text)) return ofLink(text);
  if (!isBracketed(text)) return separated(text, marked);
  return joined([...text.matchAll(new RegExp(BRACKETED, "g"))].map(([, ai = "", value = ""]) => [ai, value]));
}

const isBracketed = (text: string): boolean => new RegExp(`^(${BRACKETED})+$`).test(text);

/**
 * Puts a separator for the one character that no element string can hold: scanners send what
 * their keyboard has for it, `~` or `è`. Only where a code is GS1 beyond doubt.
 */
function separated(text: string, marked: boolean): string {
  const [foreign, ...others] = new Set(text.match(FOREIGN));
  if (foreign === undefined || others.length || text.slice(1).includes(GS)) return text;
  return marked || /^0[012]\d{14}/.test(text) ? text.replaceAll(foreign, GS) : text;
}

/** The element string that a GS1 Digital Link stands for, or the text itself. */
function ofLink(text: string): string {
  const match = /^https?:\/\/[^/?#]+\/([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text);
  if (!match) return text;
  const path = (match[1] ?? "").split("/").map(unescaped);
  const start = path.findIndex((part) => part === "00" || part === "01");
  if (start < 0) return text;
  const pairs: [string, string][] = [];
  for (let i = start; i + 1 < path.length; i += 2) pairs.push([path[i] ?? "", path[i + 1] ?? ""]);
  for (const pair of (match[2] ?? "?").slice(1).split("&")) {
    const [ai = "", ...value] = pair.split("=");
    if (/^\d{2,4}$/.test(ai)) pairs.push([ai, unescaped(value.join("="))]);
  }
  return joined(pairs);
}

/** Joins identifiers and values; the separator at the end says that none is missing. */
function joined(pairs: [ai: string, value: string][]): string {
  return pairs.map(([ai, value]) => ai + (ai === "01" ? value.trim().padStart(14, "0") : value.trim()) + GS).join("");
}

/** Undoes %2F and its like; only ASCII may stand in an element string. */
function unescaped(text: string): string {
  return text.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

type Values = ReadonlyMap<string, string>;

function valuesOf(way: Element[]): Values {
  const values = new Map<string, string>();
  for (const [ai, value] of way) if (!values.has(ai)) values.set(ai, value);
  return values;
}

/**
 * Chooses among all that an element string can say, the way it stands being the first.
 * A known lot proves where it ends; a swallowed separator that nothing proves is asked about.
 */
function byReadings(text: string, ways: Element[][], known: Known, scanner: Scanner, year: number): Meaning {
  const [plain = [], ...others] = ways;
  const proved = provedOf(ways, known);
  let chosen = proved;
  if (!proved[0] || (scanner === "keeps" && isChance(proved[0], plain))) {
    const rankOf = (way: Element[]): number => (proved.includes(way) ? 0 : 100) + (isChance(way, plain) ? 50 : 0) + way.length;
    const likely = others
      .filter((way) => proved.includes(way) || isLikely(way, plain, scanner))
      .sort((one, other) => rankOf(one) - rankOf(other))
      .slice(0, ASKED_MAX - 1);
    chosen = scanner === "loses" ? [...likely, plain] : [plain, ...likely];
  }
  return either(chosen.map((way) => byElements(text, way, known, year)));
}

/** The readings of which most is known: an item, its lot, a document. */
function provedOf(ways: Element[][], known: Known): Element[][] {
  const proofs = ways.map((way) => proofOf(valuesOf(way), known));
  const most = Math.max(...proofs);
  return most > 0 ? ways.filter((_, index) => proofs[index] === most) : [];
}

/** How many characters of open length the site knows. */
function proofOf(values: Values, known: Known): number {
  const items = itemsOf(values, known);
  if (items?.length === 0) return 0;
  const lot = values.get("10") ?? "";
  const isLot = known.lotsNamed(lot).some((of) => items === null || items.some(({ code }) => code === of.item));
  const named = items ? OPEN_NAMES.map((ai) => values.get(ai) ?? "").join("") : "";
  const order = values.get("400") ?? "";
  const isOrder = known.exact(order).some(({ kind }) => kind === "document");
  return (isLot ? lot.length : 0) + named.length + (isOrder ? order.length : 0);
}

/** The items and packs that a reading names; null where it names none at all. */
function itemsOf(values: Values, known: Known): Named[] | null {
  const names = NAMES.flatMap((ai) => values.get(ai) ?? []);
  for (const name of names) {
    const items = known.exact(name).filter(({ kind }) => kind === "item");
    if (items.length) return items;
  }
  return names.length ? [] : null;
}

/** What a reading finds behind the value that it cuts short. */
function tailOf(way: Element[], plain: Element[]): Element[] {
  const cut = way.findIndex((part, index) => JSON.stringify(part) !== JSON.stringify(plain[index]));
  return cut < 0 ? [] : way.slice(cut + 1);
}

/** Whether what was cut off may well be chance: `21` and any text behind it is a serial. */
function isChance(way: Element[], plain: Element[]): boolean {
  return !tailOf(way, plain).every(([ai]) => isNumber(ai));
}

function isLikely(way: Element[], plain: Element[], scanner: Scanner): boolean {
  const tail = tailOf(way, plain);
  if (tail.some(([ai, value]) => ai.startsWith(OWN_IDENTIFIERS) || (COUNTS.includes(ai) && Number(value) === 0))) return false;
  return scanner !== "keeps" || !isChance(way, plain);
}

/** Keeps what only parses as it is, where it leads to nothing that is known. */
function provedOrRaw(text: string, found: Meaning, plain: Values): Meaning {
  const meanings = found.kind === "either" ? found.meanings : [found];
  if (!meanings.every(({ kind }) => kind === "unknown")) return found;
  const [lot, serial] = [plain.get("10"), plain.get("21")];
  if (lot === undefined && serial === undefined) return unknown(text, {});
  const perhaps = { ...(lot !== undefined && { lot }), ...(serial !== undefined && { serial }) };
  return { kind: "unknown", raw: text, said: {}, perhaps };
}

/** The one meaning, or all that differ. */
function either(meanings: Meaning[]): Meaning {
  const texts = meanings.map((meant) => JSON.stringify(meant));
  const different = meanings.filter((_, index) => texts.indexOf(texts[index] ?? "") === index);
  const [only, ...others] = different;
  return only && !others.length ? only : { kind: "either", meanings: different.slice(0, ASKED_MAX) };
}

function byElements(text: string, way: Element[], known: Known, year: number): Meaning {
  const values = valuesOf(way);
  const said = saidBy(values, year);
  const items = itemsOf(values, known);
  if (items?.length) return either(items.map((item) => itemMeant(item, said, values.has("37"))));
  if (items) return unknown(text, said);
  const container = values.get("00");
  if (container !== undefined) return { kind: "container", container };
  const order = values.get("400");
  if (order !== undefined) return byCode(order, known) ?? unknown(text, said);
  const candidates = said.lot === undefined ? [] : known.lotsNamed(said.lot);
  return candidates.length ? { kind: "lot", candidates } : unknown(text, said);
}

function saidBy(values: Values, year: number): Said {
  const count = Number(values.get("37") ?? values.get("30") ?? 0);
  const [lot, serial] = [values.get("10"), values.get("21")];
  const expires = isoDay(values.get("17") ?? values.get("15") ?? "", year);
  const produced = isoDay(values.get("11") ?? "", year);
  return {
    ...(lot !== undefined && { lot }),
    ...(expires !== null && { expires }),
    ...(produced !== null && { produced }),
    ...(serial !== undefined && { serial }),
    ...(count > 0 && { quantity: count }),
  };
}

function byCode(text: string, known: Known): Meaning | null {
  const exact = oneOrAll(known.exact(text));
  if (exact) return exact;
  const candidates = known.lotsNamed(text);
  return candidates.length ? { kind: "lot", candidates } : oneOrAll(known.folded(text));
}

/** The thing that a code names; when it names several, a person says which. */
function oneOrAll(things: Named[]): Meaning | null {
  return things.length ? either(things.map(meant)) : null;
}

/** An item or its pack; with `packs` the label's quantity is a number of packs. */
function itemMeant({ code, unit, factor = 1 }: Named, said: Said, packs: boolean): Meaning {
  const quantity = packs && said.quantity !== undefined ? { quantity: said.quantity * factor } : {};
  return { kind: "item", item: code, said: { ...said, ...quantity }, pack: factor, ...(unit && { unit }) };
}

function meant(thing: Named): Meaning {
  const { kind, code } = thing;
  switch (kind) {
    case "item":
      return itemMeant(thing, {}, false);
    case "location":
      return { kind, location: code };
    case "document":
      return { kind, document: code };
    case "partner":
      return { kind, partner: code };
  }
}

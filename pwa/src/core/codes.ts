/**
 * What a scanned code means: the twin of sync/codes.py, held to it by tests/vectors/codes.json.
 * What the site knows comes in as `Known`, the year as an argument; nothing here is a clock.
 */
import { codeText } from "./code-text";
import { elements, gtin14, GS, isoDay, type Element } from "./gs1";
import type { Meaning, Said, Sure } from "./meaning";
import type { Lot } from "./types.gen";

const GS1_SYMBOLOGIES = ["]C1", "]d2", "]Q3", "]e0", "]J1"];
const NEVER_GS1 = "]C0";
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
  /** Things with exactly this code, alias or code of a pack; GTINs as GTIN-14 too. */
  exact(text: string): Named[];
  /** The same when letters are compared without case. */
  folded(text: string): Named[];
  lotsNamed(code: string): LotOf[];
}

/** Undoes what scanners, profiles and Chinese input methods do to a code. */
export function clean(raw: string, symbology: string | null, separators = ""): [string, string | null] {
  let text = codeText(raw);
  for (const separator of ["{GS}", "^]", ...separators]) text = text.replaceAll(separator, GS);
  return /^\][A-Za-z][0-9A-Za-z]/.test(text) ? [text.slice(3), text.slice(0, 3)] : [text, symbology];
}

export function meaning(
  raw: string,
  symbology: string | null,
  known: Known,
  year: number,
  separators = "",
): Meaning {
  const [text, kind] = clean(raw, symbology, separators);
  const marked = (kind !== null && GS1_SYMBOLOGIES.includes(kind)) || text.startsWith(GS);
  const found = own(text) ?? (marked ? null : byGtin(text, known));
  if (found) return found;
  const parts = kind === NEVER_GS1 ? null : elements(elementString(text), year);
  if (parts && (marked || isSure(text, parts))) return byElements(text, parts, known, year);
  return byCode(text, known) ?? (parts ? byElements(text, parts, known, year) : unknown(text, {}));
}

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

function byGtin(text: string, known: Known): Meaning | null {
  const gtin = gtin14(text);
  return gtin ? oneOf(known.exact(gtin)) : null;
}

/** Whether an unmarked text can only be GS1: `10-01-02` also parses, as a batch. */
function isSure(text: string, parts: Element[]): boolean {
  const [ai, , right] = parts[0] ?? ["", "", false];
  return /^https?:\/\//.test(text) || text.includes(GS) || (["00", "01", "02"].includes(ai) && right);
}

/** The element string that a GS1 Digital Link stands for, or the text itself. */
function elementString(text: string): string {
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
  return pairs.map(([ai, value]) => ai + (ai === "01" ? value.padStart(14, "0") : value)).join(GS);
}

/** Undoes %2F and its like; only ASCII may stand in an element string. */
function unescaped(text: string): string {
  return text.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function byElements(text: string, parts: Element[], known: Known, year: number): Meaning {
  const values = new Map<string, string>();
  for (const [ai, value] of parts) if (!values.has(ai)) values.set(ai, value);
  const said = saidBy(values, year);
  const names = ["01", "02", "240", "241"].flatMap((ai) => values.get(ai) ?? []);
  for (const name of names) {
    const items = known.exact(name).filter(({ kind }) => kind === "item");
    if (items.length) return choice(items.map((one) => meant(one, unglued(one.code, said, known), values.has("37"))));
  }
  if (names.length) return unknown(text, said);
  const container = values.get("00");
  if (container !== undefined) return { kind: "container", container };
  const order = values.get("400");
  if (order !== undefined) return byCode(order, known) ?? unknown(text, said);
  const candidates = said.lot === undefined ? [] : known.lotsNamed(said.lot);
  return candidates.length ? { kind: "lot", candidates } : unknown(text, said);
}

function saidBy(values: Map<string, string>, year: number): Said {
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

/** Parts a known lot from the serial that a scanner without GS glued to it. */
function unglued(item: string, said: Said, known: Known): Said {
  const isLot = (lot: string): boolean => known.lotsNamed(lot).some((of) => of.item === item);
  const { lot } = said;
  if (lot === undefined || said.serial !== undefined || isLot(lot)) return said;
  for (let cut = 1; cut < lot.length - 2; cut++) {
    if (lot.startsWith("21", cut) && isLot(lot.slice(0, cut))) {
      return { ...said, lot: lot.slice(0, cut), serial: lot.slice(cut + 2) };
    }
  }
  return said;
}

function byCode(text: string, known: Known): Meaning | null {
  const exact = oneOf(known.exact(text));
  if (exact) return exact;
  const candidates = known.lotsNamed(text);
  return candidates.length ? { kind: "lot", candidates } : oneOf(known.folded(text));
}

/** What a text names: null for nothing, a choice for several things. */
function oneOf(things: Named[]): Meaning | null {
  return things.length ? choice(things.map((thing) => meant(thing, {}))) : null;
}

function choice(meanings: Sure[]): Meaning {
  const different = [...new Map(meanings.map((meaning) => [JSON.stringify(meaning), meaning])).values()];
  const [only, ...others] = different;
  return only && !others.length ? only : { kind: "choice", candidates: different };
}

/** A thing as a meaning; with `packs` the label's quantity is a number of its packs. */
function meant(thing: Named, said: Said, packs = false): Sure {
  const { code, unit, factor = 1 } = thing;
  switch (thing.kind) {
    case "item": {
      const quantity = packs && said.quantity !== undefined ? { quantity: said.quantity * factor } : {};
      return { kind: "item", item: code, said: { ...said, ...quantity }, pack: factor, ...(unit && { unit }) };
    }
    case "location":
      return { kind: "location", location: code };
    case "document":
      return { kind: "document", document: code };
    case "partner":
      return { kind: "partner", partner: code };
  }
}

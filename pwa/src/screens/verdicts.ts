/** Turns a flow's band into words and keys: the band names sentences, the worker reads them. */
import type { Band, KeyName } from "../core/flow.ts";
import { isVirtual } from "../core/stock.ts";
import type { Written } from "../engine.types.ts";
import { groundOf } from "../look/signal.ts";
import type { Verdict, Way } from "../look/verdict.ts";
import { known, type Name, say, t } from "../words/index.ts";

/** Why a decision was not accepted; a reason that has no words yet is shown as it is. */
export function refusalWords(reason: string): string {
  const each = reason.split(" ").map((word) => {
    const name = `refused.${word}`;
    return known(name) ? t(name) : say(word);
  });
  return t("state.refused_why", { why: each.join(" · ") });
}

/** The state of an operation in words; what is odd about it is named. */
export function stateWords(written: Written): string {
  if (written.reversed) return t("outbox.undone");
  if (written.state === "refused" && written.reason) return refusalWords(written.reason);
  if (written.state !== "flagged") return t(`state.${written.state}`);
  return t("state.flagged", { what: written.flags.map((flag) => say(flag)).join(", ") });
}

/** In this order a way is the main key: yes before no, putting back before an exception. */
const MAIN: KeyName[] = ["next", "confirm", "done", "empty", "other", "reason", "cancel"];

function labelOf(band: Band, way: KeyName): string {
  if (band.older && way === "next") return t("key.go_to", { code: band.older.place });
  const own = `${band.say}.${way}`;
  if (known(own)) return t(own);
  return band.signal === "wrong" && way === "cancel" ? t("key.back_in_place") : t(`key.${way}` as Name);
}

export interface Hands {
  press(key: KeyName): void;
  /** Puts the band to rest without an answer. */
  rest(): void;
  /** The card below holds a list to choose from. */
  hasList: boolean;
}

function mainOf(band: Band): KeyName | undefined {
  if (band.signal === "wrong" && band.ways.includes("cancel")) return "cancel";
  return MAIN.find((key) => band.ways.includes(key)) ?? band.ways[0];
}

function waysOf(band: Band, hands: Hands): Way[] {
  const main = mainOf(band);
  const ways = band.ways.map((key) => ({
    label: labelOf(band, key),
    main: key === main,
    press: () => hands.press(key),
  }));
  if (ways.length === 0) return [{ label: t(hands.hasList ? "key.list" : "key.next"), main: true, press: hands.rest }];
  return ways.sort((one, other) => Number(one.main) - Number(other.main));
}

function wordOf(band: Band): string {
  switch (band.signal) {
    case "tick":
      return say(band.say, band.values);
    case "done":
    case "complete":
      return t("band.done");
    default:
      return t(`band.${band.signal}`);
  }
}

/** From where to where, without the places that only balance the books. */
function routeOf(written: Written | undefined): string[] {
  if (!written) return [];
  const from = written.from !== null && !isVirtual(written.from) ? written.from : null;
  const to = written.to !== null && !isVirtual(written.to) ? written.to : null;
  const ends = from === null ? [written.document, to] : [from, to ?? written.document];
  return ends.filter((place) => place !== null);
}

function noteOf(band: Band, written: Written | undefined): string {
  if (band.note) return say(band.note, band.values);
  return written?.state === "device" ? t("band.later") : "";
}

export function verdictOf(band: Band, written: Written | undefined, quiet: boolean, hands: Hands): Verdict {
  // What only shows the way has written nothing: it sounds, but green is for what is on the card.
  const guides = band.signal === "tick" && band.wrote === null;
  const ground = quiet || guides ? "plain" : groundOf(band.signal);
  const isStop = (ground === "look" || ground === "wrong") && band.wrote === null;
  // A stroke of a count is safe in the scan journal before its operation exists.
  const stroke = band.signal === "tick" && band.wrote ? "device" : null;
  const mark = written?.state ?? (isStop ? "unwritten" : stroke);
  return {
    ground,
    word: wordOf(band),
    sentence: sentenceOf(band),
    note: band.older ? t("band.older_lot", { lot: band.older.lot, n: band.older.quantity }) : noteOf(band, written),
    isTick: band.signal === "tick",
    // A count is named by its bin: how many lines it had says nothing at a glance.
    wrote: band.wrote && written?.verb !== "count" ? { ...band.wrote, sign: written !== undefined } : null,
    route: routeOf(written),
    mark,
    state: written ? stateWords(written) : mark ? t(`state.${mark}` as Name) : "",
    // The older lot is named below with its bin; boxed codes are for what is wrong.
    held: band.older && ground === "look" ? null : (band.held ?? null),
    asked: band.asked ?? null,
    beside: band.say === "take.nothing_here" ? { held: t("band.at"), asked: t("band.go") } : { held: t("band.held"), asked: t("band.asked") },
    older: band.older
      ? { place: band.older.place, lot: band.older.lot, difference: olderBy(band) }
      : null,
    ways: waysOf(band, hands),
    undo: band.wrote && !band.passed ? () => hands.press("undo") : null,
  };
}

/** With the older lot and its bin drawn large, the sentence need not repeat them. */
function sentenceOf(band: Band): string {
  const short = `band.${band.say}`;
  return band.older && known(short) ? t(short) : say(band.say, band.values);
}

function olderBy(band: Band): string {
  const days = band.values["days"];
  return typeof days === "number" && days > 0 ? t("band.older_by", { n: days }) : "";
}

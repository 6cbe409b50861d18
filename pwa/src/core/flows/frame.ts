/**
 * What all flows have in common: command codes are keys, a question waits for its answer,
 * another scan is a change of mind, the same code twice in a moment wants a confirmation,
 * undo asks whether the goods are back, and every step ends by working out what the screen shows.
 * A flow then only says its own choreography.
 */
import type { Band, Capture, Draft, Flow, Input, KeyName, Signal, Start, Step, Values } from "../flow";
import type { Meaning } from "../meaning";
import type { Consent, Document } from "../types.gen";
import type { View } from "../view";
import { gramsOf } from "../codes";
import { after } from "./after";
import { answerTo, type Doubt, isLabel } from "./doubt";
import type { Choice } from "./goods";

/** One line of the card: what was written, and the sum that it made. */
export interface Written {
  verb: Draft["did"]["verb"];
  wall: number;
  item: string;
  lot: string | null;
  place: string | null;
  line: number | null;
  quantity: number;
  sum: number;
}

export interface Ask {
  why: string;
  needs: "confirm" | "reason" | "consent" | "never";
}

export interface Scan {
  capture: Capture;
  meaning: Meaning;
}

/** The part of every flow's state that the frame keeps. */
export interface Asking {
  /** The open question; the band shows it, the next input answers it. */
  ask: Ask | null;
  /** What was already answered with yes for the goods in hand. */
  agreed: string[];
  reason: string | null;
  consent: Consent | null;
  /** Scans of orders and places that the next operation takes along as evidence. */
  captures: number[];
  choices: Choice[];
  written: Written[];
  /** The scan that last wrote something: guards double scans (device rule 10). */
  wrote_scan: { raw: string; wall: number } | null;
  again: Scan | null;
  /** A scan that can mean several things. */
  doubt: Doubt | null;
  /** What the worker said of such codes in this task: the same label is asked about once. */
  told?: { raw: string; meaning: Meaning }[];
}

export const CALM: Asking = {
  ask: null,
  agreed: [],
  reason: null,
  consent: null,
  captures: [],
  choices: [],
  written: [],
  wrote_scan: null,
  again: null,
  doubt: null,
};

/** A new piece of goods starts without any answer given for the last one. */
export const UNASKED = { ask: null, agreed: [], reason: null, consent: null, choices: [], again: null, doubt: null };

/** Grams in a unit of weight. */
const GRAMS: Record<string, number> = { G: 1, KG: 1_000 };

const TOLD_MAX = 20;

export const DOUBLE_SCAN_MS = 1_500;

const SCREENS: Record<Document["kind"], string> = { purchase: "receive", sales: "pick", work: "issue", count: "count", move: "move" };

export interface Choreography<S extends Asking> {
  /** The kind of document that this flow works for; others open their own screen. */
  kind: Document["kind"] | null;
  /** Whether the same code twice in a moment would double a quantity unnoticed. */
  guarded: boolean;
  start(view: View, start: Start): Step<S>;
  scan(state: S, scan: Scan, view: View, start: Start): Step<S>;
  key(state: S, key: KeyName, wall: number, view: View, start: Start): Step<S>;
  quantity(state: S, input: Extract<Input, { kind: "quantity" }>, view: View, start: Start): Step<S>;
  text(state: S, input: Extract<Input, { kind: "text" }>, view: View, start: Start): Step<S>;
  choose(state: S, input: Extract<Input, { kind: "choose" }>, view: View, start: Start): Step<S>;
  /** Goes on with the goods in hand after a yes. */
  resume(state: S, wall: number, view: View, start: Start): Step<S>;
  /** Lets go of the goods in hand. */
  drop(state: S): S;
  /** Undoes what is not an operation yet; null when there is nothing of that kind. */
  unhand(state: S): Step<S> | null;
  /** Works out what the screen shows of stock and documents. */
  derive(state: S, view: View): S;
  /** The captures of the goods in hand; those in `captures` are the frame's to know. */
  holds(state: S): number[];
}

export function band(signal: Signal, say: string, values: Values = {}, more: Partial<Band> = {}): Band {
  return { signal, say, values, wrote: null, ways: [], ...more };
}

export function step<S>(state: S, shown: Band | null = null, drafts: Draft[] = []): Step<S> {
  return { state, drafts, band: shown };
}

/** One input wrote something and went on: both are said, the verdict of what was written first. */
export function joined<S>(first: Step<S>, second: Step<S>): Step<S> {
  const { drafts, band: written } = first;
  if (drafts.length === 0 || written === null) return { ...second, drafts: [...drafts, ...second.drafts] };
  const both = { ...second, drafts: [...drafts, ...second.drafts] };
  if (second.band === null) return { ...both, band: written };
  return { ...both, earlier: { band: { ...written, passed: true }, drafts: drafts.length } };
}

/** Puts a question: nothing is written until it is answered. */
export function asks<S extends Asking>(state: S, ask: Ask, shown: Band): Step<S> {
  return step({ ...state, ask }, shown);
}

/** Asks whether it is really so: yes writes, no lets go of the goods. */
export function confirmation<S extends Asking>(state: S, why: string, say: string, values: Values): Step<S> {
  return asks(state, { why, needs: "confirm" }, band("look", say, values, { ways: ["confirm", "cancel"] }));
}

/** The hand is empty again and no operation came of it; `dropped` is the state without the goods. */
export function nothingWritten<S extends Asking>(dropped: S): Step<S> {
  return step({ ...dropped, ...UNASKED }, band("tick", "flow.nothing_written"));
}

export function flowOf<S extends Asking>(dance: Choreography<S>): Flow<S> {
  return {
    start: (view, start) => settled(dance, dance.start(view, start), view, []),
    step: (state, input, view, start) => {
      if (input.kind === "refresh") return step(dance.derive(state, view));
      const held = [...holds(dance, state), ...(input.kind === "scan" ? [input.capture.id] : [])];
      const next = taken(dance, state, input, view, start);
      return settled(dance, remembered(next, input), view, held);
    },
  };
}

/** Shows the state after its own drafts, and lets go of captures that nothing holds any more. */
function settled<S extends Asking>(dance: Choreography<S>, next: Step<S>, view: View, held: number[]): Step<S> {
  const kept = new Set([...holds(dance, next.state), ...next.drafts.flatMap((draft) => draft.captures)]);
  const released = held.filter((id) => !kept.has(id));
  const state = dance.derive(next.state, after(view, next.drafts));
  // The journal's order is the order of reading, whichever part of the state kept them.
  const drafts = next.drafts.map((draft) => ({ ...draft, captures: [...draft.captures].sort((a, b) => a - b) }));
  return { ...next, state, drafts, ...(released.length > 0 ? { released } : {}) };
}

/** A scan that waits for an answer is held by the frame, all else by the flow. */
function holds<S extends Asking>(dance: Choreography<S>, state: S): number[] {
  const waiting = [state.again, state.doubt].flatMap((one) => (one ? [one.capture.id] : []));
  return [...state.captures, ...dance.holds(state), ...waiting];
}

function remembered<S extends Asking>(next: Step<S>, input: Input): Step<S> {
  // A scan that closed the goods before it wrote nothing of its own.
  if (input.kind !== "scan" || !next.drafts.some(({ captures }) => captures.includes(input.capture.id))) return next;
  const wrote_scan = { raw: input.capture.raw, wall: input.capture.wall };
  return { ...next, state: { ...next.state, wrote_scan } };
}

function taken<S extends Asking>(dance: Choreography<S>, before: S, given: Input, view: View, start: Start): Step<S> {
  const input = asKey(given);
  if (before.doubt) return resolved(dance, before, before.doubt, input, view, start);
  if (input.kind === "key" && input.key === "undo") return undone(dance, before);
  const state = before.ask ? answered(dance, before, input, view, start) : before;
  if ("drafts" in state) return state;
  switch (input.kind) {
    case "scan":
      return scanned(dance, state, input, view, start);
    case "key":
      return dance.key(state, input.key, input.wall, view, start);
    case "quantity":
      return dance.quantity(state, input, view, start);
    case "text":
      return dance.text(state, input, view, start);
    case "choose":
      return dance.choose(state, input, view, start);
    default:
      return step(state);
  }
}

/** Goes on with the meaning that was chosen, as if the code had said only that. */
function resolved<S extends Asking>(
  dance: Choreography<S>, before: S, doubt: Doubt, input: Input, view: View, start: Start,
): Step<S> {
  const state: S = { ...before, doubt: null };
  const answer = answerTo(doubt, input);
  if (answer === "left") return input.kind === "scan" ? taken(dance, state, input, view, start) : nothingWritten(state);
  if ("meanings" in answer && "capture" in answer) return doubtful(state, answer);
  const first = input.kind === "scan" ? { ...state, captures: [...state.captures, input.capture.id] } : state;
  const { raw } = doubt.capture;
  const told = [...(state.told ?? []), { raw, meaning: answer }].slice(-TOLD_MAX);
  return scanned(dance, { ...first, told }, { capture: doubt.capture, meaning: answer }, view, start);
}

/** Puts the question what a code means. */
export function doubtful<S extends Asking>(state: S, doubt: Doubt): Step<S> {
  const say = isLabel(doubt) ? "flow.doubt.label" : "flow.doubt.code";
  return step({ ...state, doubt }, band("look", say, { code: doubt.capture.raw }));
}

function asKey(input: Input): Input {
  if (input.kind !== "scan" || input.meaning.kind !== "command") return input;
  const { command } = input.meaning;
  if (command === "PRINT" || command === "HELP") return input;
  return { kind: "key", key: command.toLowerCase() as KeyName, wall: input.capture.wall };
}

/** A step when the input answered the question; else the state to go on with. */
function answered<S extends Asking>(
  dance: Choreography<S>,
  state: S,
  input: Input,
  view: View,
  start: Start,
): Step<S> | S {
  const ask = state.ask;
  if (!ask) return state;
  const open: S = { ...state, ask: null, agreed: [...state.agreed, ask.why] };
  if (input.kind === "consent" && ask.needs !== "never") {
    return dance.resume({ ...open, consent: { actor: input.actor, at: input.at, checked: input.checked ?? "device" } }, input.at, view, start);
  }
  const isYes = input.kind === "key" && (input.key === "confirm" || input.key === "done");
  if (ask.why === "undo") return isYes ? reversal(state) : refused(dance, state, input);
  if (ask.why === "again" && isYes && state.again) {
    return dance.scan({ ...state, ask: null, again: null }, state.again, view, start);
  }
  if (isYes && ask.needs === "confirm") return dance.resume(open, input.wall, view, start);
  if (input.kind === "text" && input.field === "reason" && (ask.needs === "reason" || ask.needs === "confirm")) {
    return dance.resume({ ...open, reason: input.text }, input.wall, view, start);
  }
  return refused(dance, state, input);
}

/** No, or something else: a typed quantity corrects the goods in hand, all else lets go of them. */
function refused<S extends Asking>(dance: Choreography<S>, state: S, input: Input): Step<S> | S {
  if (input.kind === "quantity" || input.kind === "text") return { ...state, ask: null };
  if (input.kind === "key" && input.key !== "cancel") return { ...state, ask: null };
  const dropped = { ...dance.drop(state), ...UNASKED };
  const isNo = input.kind === "key" || input.kind === "consent";
  return isNo ? nothingWritten(dropped) : dropped;
}

function scanned<S extends Asking>(
  dance: Choreography<S>,
  state: S,
  scan: Scan,
  view: View,
  start: Start,
): Step<S> {
  if (scan.meaning.kind === "either") {
    const told = state.told?.find(({ raw }) => raw === scan.capture.raw);
    if (told) return scanned(dance, state, { ...scan, meaning: told.meaning }, view, start);
    return doubtful(state, { capture: scan.capture, meanings: scan.meaning.meanings });
  }
  const elsewhere = screenOf(scan.meaning, view, dance.kind);
  if (elsewhere) return { ...step(state), open: elsewhere };
  const weight = weightOf(scan, view);
  if (weight !== null && !Number.isInteger(weight)) {
    return step(state, band("look", "flow.part_unit", { weight: String(weight) }));
  }
  const seen = weight === null ? scan : weighing(scan, weight);
  const { meaning, capture } = seen;
  const last = state.wrote_scan;
  const isGoods = meaning.kind === "item" || meaning.kind === "lot";
  const isDouble = last !== null && last.raw === capture.raw && capture.wall - last.wall < DOUBLE_SCAN_MS;
  if (dance.guarded && isGoods && isDouble) {
    return confirmation({ ...state, again: seen }, "again", "flow.again", { code: capture.raw });
  }
  return dance.scan(state, seen, view, start);
}

function weighing(scan: Scan, quantity: number): Scan {
  const { meaning } = scan;
  return "said" in meaning ? { ...scan, meaning: { ...meaning, said: { ...meaning.said, quantity } } } : scan;
}

/** How many units the label of goods weighs that are kept by weight: one scan of it is not one gram. */
function weightOf({ meaning, capture }: Scan, view: View): number | null {
  if (meaning.kind !== "item" || meaning.said.quantity !== undefined) return null;
  const perUnit = GRAMS[view.item(meaning.item)?.unit ?? ""];
  const grams = perUnit === undefined ? null : gramsOf(capture.raw, capture.symbology);
  return grams && perUnit ? grams / perUnit : null;
}

function screenOf(meaning: Meaning, view: View, kind: Document["kind"] | null): Step<unknown>["open"] | null {
  switch (meaning.kind) {
    case "badge":
      return { screen: "sign-in", code: meaning.badge };
    case "enrol":
      return { screen: "enrol", code: meaning.code };
    case "command":
      return { screen: meaning.command.toLowerCase() };
    case "document": {
      const document = view.document(meaning.document);
      if (!document || document.kind === kind) return null;
      return { screen: SCREENS[document.kind], code: document.document };
    }
    default:
      return null;
  }
}

function undone<S extends Asking>(dance: Choreography<S>, state: S): Step<S> {
  if (state.ask) return nothingWritten(dance.drop(state));
  const unhanded = dance.unhand(state);
  if (unhanded) return unhanded;
  const last = state.written.at(-1);
  if (!last) return step(state, band("look", "flow.undo.nothing"));
  const values = { quantity: Math.abs(last.quantity), item: last.item, place: last.place ?? "" };
  const say = last.verb === "status" ? "flow.undo.hold" : last.verb === "count" ? "flow.undo.count" : last.verb === "short" ? "flow.undo.short" : "flow.undo.ask";
  return confirmation(state, "undo", say, values);
}

function reversal<S extends Asking>(state: S): Step<S> {
  const last = state.written.at(-1);
  const written = state.written.slice(0, -1);
  const shown = band("done", "flow.undo.done", { item: last?.item || (last?.place ?? "") });
  return { ...step({ ...state, ...UNASKED, written, wrote_scan: null }, shown), undo: true };
}

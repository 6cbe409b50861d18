/**
 * Joins the engine and one flow. Scans wait in a queue; each is durable before it is looked up,
 * its operations and the flow's state are durable before the tone, and all of that in order.
 */
import type { Band, Capture, Flow, Input, KeyName, Start, Step } from "../core/flow.ts";
import { answerTo, type Doubt } from "../core/flows/doubt.ts";
import type { Written as FlowLine } from "../core/flows/frame.ts";
import { type Engine, NotRecorded, type Written } from "../engine.types.ts";
import type { FlowName } from "./router.ts";
import { hrefOf } from "./router.ts";
import type { Scan, Shop } from "./shop.ts";

type Line = Pick<FlowLine, "verb" | "item" | "quantity" | "wall">;

/** What a flow remembers of its own operations; see `Asking` of the flows' frame. */
interface Remembered {
  document?: string | null;
  goods?: unknown;
  container?: unknown;
  truck?: unknown[];
  /** The band that stood below it: an open question must be seen again after a restart. */
  shown?: Band | null;
  written?: Line[];
  /** The last capture that is in this state: later ones in the journal are not. */
  seen?: number;
  /** A scan that can mean several things: its list is the screen. */
  doubt?: Doubt | null;
}

export type Entry = "quantity" | "reason" | "lot" | "expires" | "serial" | "consent" | "code";

const FULL_MS = 900;
const NOTHING_TO_UNDO: Band = { signal: "look", say: "flow.undo.nothing", values: {}, wrote: null, ways: [] };
/** What is still under way on each device: a task that was just left goes first. */
const underWay = new WeakMap<Engine, Promise<void>>();

/** An operation is never older than what it was made of. A count names no item, and no quantity. */
function isOf({ verb, item, quantity, wall }: Written, last: Line): boolean {
  const isItem = item === null || last.item === "" || item === last.item;
  return verb === last.verb && isItem && (quantity ?? last.quantity) === Math.abs(last.quantity) && wall >= last.wall;
}

export class FlowRunner<S extends object> {
  state = $state.raw<S | null>(null);
  band = $state.raw<Band | null>(null);
  /** The verdict covers the lower half: done for a moment, look and wrong until answered. */
  full = $state(false);
  /** The band only invites: nothing was scanned yet, so there is no signal and no tone. */
  quiet = $state(true);
  lost = $state(false);
  /** What the worker types instead of scanning. */
  entry = $state<Entry | null>(null);
  /** The operation of the band. */
  lastId = $state<string | null>(null);
  readonly name: FlowName;
  #flow: Flow<S>;
  #shop: Shop;
  #tail: Promise<void> = Promise.resolve();
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** What is shown next: the verdict before it has its moment first. */
  #later: { band: Band; id: string | null } | null = null;
  #seen = 0;
  #isRefreshing = false;
  /** The key that is not answered yet: a thick glove may hit it twice. */
  #pressed: KeyName | null = null;
  #isClosed = false;
  /** It sent the worker to another screen: what is scanned now is for that one. */
  #hasLeft = false;

  constructor(shop: Shop, name: FlowName, flow: Flow<S>) {
    this.#shop = shop;
    this.name = name;
    this.#flow = flow;
  }

  get #engine(): Engine {
    return this.#shop.engine;
  }

  /**
   * Comes back to what was left; another document is a change of mind in it, as a scan would be.
   * The journal is ahead of what was left when the page died just after a tone.
   */
  open(document: string | null): Promise<void> {
    // Before anything is scanned here: later scans come by themselves.
    const journal = this.#engine.unconsumed();
    this.#tail = underWay.get(this.#engine) ?? this.#tail;
    return this.#next(async () => {
      const left = this.#engine.flow(this.name) as (S & Remembered) | null;
      const step = left === null ? this.#begin(document) : await this.#comeBack(left, document);
      if (step.band) this.quiet = step.band.signal === "tick";
      const isLatest = this.#engine.continueWith()?.name === this.name;
      this.#seen = (isLatest && left?.seen) || Math.max(0, ...journal.map(({ id }) => id));
      await this.#take(step, step.band !== null);
      for (const capture of journal.filter(({ id }) => id > this.#seen)) await this.#seeing(capture);
    });
  }

  #begin(document: string | null): Step<S> {
    return this.#flow.start(this.#engine.view, this.#start(document));
  }

  async #comeBack(left: S & Remembered, document: string | null): Promise<Step<S>> {
    this.state = left;
    this.#showAgain(left.shown ?? null);
    const wall = this.#engine.now();
    if (document === null || left.document === document) return this.#step({ kind: "refresh", wall });
    if (left.document === undefined) {
      // Goods in the hand are put down first; an empty hand begins where it is asked to.
      const isEmpty = !left.goods && !left.container && !left.truck?.length;
      return isEmpty ? this.#begin(document) : this.#step({ kind: "refresh", wall });
    }
    const what = this.#engine.view.location(document) ? "place" : "document";
    return this.#step({ kind: "choose", what, value: document, wall });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#resting);
    if (this.lost) this.#shop.voice.stop();
  }

  scan(scan: Scan): Promise<void> {
    // The journal keeps the order of arrival; the look-up waits for its turn.
    const captured = this.#engine.capture(scan.raw, scan.source, scan.symbology);
    captured.catch(() => undefined);
    if (!this.#shop.scans.isHeld) this.#hasLeft = false;
    return this.#next(async () => {
      const capture = await captured;
      if (this.#hasLeft) {
        await this.#engine.dropCapture(capture.id);
        return this.#shop.scans.give(scan);
      }
      this.quiet = false;
      this.#answerLost();
      this.entry = null;
      await this.#seeing(capture);
    });
  }

  key(key: KeyName): void {
    if (key === "reason" || key === "consent") return void (this.entry = key);
    // Nobody has seen the answer to the first one yet.
    if (key === this.#pressed) return;
    this.#pressed = key;
    void this.give({ kind: "key", key, wall: this.#engine.now() }).then(() => (this.#pressed = null));
  }

  give(input: Input): Promise<void> {
    this.quiet = false;
    this.entry = null;
    this.full = false;
    return this.#next(() => this.#give(input));
  }

  /** Works out again what the screen shows after a sync. */
  refresh(): void {
    if (this.#isRefreshing || this.state === null) return;
    this.#isRefreshing = true;
    void this.#next(async () => {
      this.#isRefreshing = false;
      this.state = (await this.#step({ kind: "refresh", wall: this.#engine.now() })).state;
    });
  }

  scanAgain(): void {
    this.#answerLost();
  }

  /** All that was asked for so far is done. */
  get settled(): Promise<void> {
    return this.#tail;
  }

  #next(work: () => Promise<void>): Promise<void> {
    const run = this.#tail.then(work).catch((error: unknown) => this.#fail(error));
    this.#tail = run;
    underWay.set(this.#engine, run);
    return run;
  }

  #fail(error: unknown): void {
    if (error instanceof NotRecorded) {
      // Its own screen is gone: an alarm alone would say nothing, and nobody could end it.
      if (this.#isClosed) return this.#shop.lost();
      this.lost = true;
      this.#shop.voice.play("not_recorded");
      return;
    }
    // A fault of ours must not stop the scans behind it; the journal has this one.
    console.error(error);
    this.quiet = false;
    this.#show({
      signal: "wrong", say: "error.unknown", values: { detail: String(error) }, wrote: null, ways: [],
    });
  }

  #answerLost(): void {
    if (!this.lost) return;
    this.lost = false;
    this.#shop.voice.stop();
  }

  #start(document: string | null): Start {
    const engine = this.#engine;
    const dock = engine.view.locations("dock")[0]?.location ?? "";
    return {
      wall: engine.now(),
      segment: engine.segment,
      ...(document === null ? {} : { document }),
      dock,
      newId: () => engine.newId(),
      nextLot: () => engine.nextLot(),
    };
  }

  async #step(input: Input): Promise<Step<S>> {
    if (this.state === null) throw new Error("a flow takes its first step before its start");
    const start = this.#start(null);
    // A scan that waited for this page to start was made in a clock segment of before.
    const { segment } = input.kind === "scan" ? input.capture : start;
    return this.#flow.step(this.state, input, this.#engine.view, { ...start, segment });
  }

  async #seeing(capture: Capture): Promise<void> {
    this.#seen = capture.id;
    await this.#give({ kind: "scan", capture, meaning: this.#engine.meaning(capture) });
  }

  async #give(input: Input): Promise<void> {
    const before = this.state as (S & Remembered) | null;
    if (before === null) return;
    this.#showLater();
    this.#learn(before, input);
    const step = await this.#step(input);
    const reversal = step.undo ? await this.#undo(before) : null;
    await this.#take(step.undo && reversal === null ? { ...step, band: NOTHING_TO_UNDO } : step, true);
    if (reversal === null) return;
    this.lastId = reversal;
    this.state = (await this.#step({ kind: "refresh", wall: this.#engine.now() })).state;
  }

  /** Which reading of a label was right tells what its scanner does with separators. */
  #learn({ doubt }: Remembered, input: Input): void {
    if (!doubt) return;
    const answer = answerTo(doubt, input);
    if (answer !== "left" && "kind" in answer) this.#engine.learn(doubt.capture, answer);
  }

  /** Durable first, then the screen and the tone, then the way to another screen. */
  async #take(step: Step<S>, isKept: boolean): Promise<void> {
    const kept: S & Remembered = { ...step.state, shown: step.band ?? this.band, seen: this.#seen };
    if (step.drafts.length > 0) {
      const written = await this.#engine.write(step.drafts, { name: this.name, state: kept });
      this.lastId = written.at(step.earlier ? step.earlier.drafts - 1 : -1)?.id ?? null;
      if (step.earlier && step.band) {
        const isWriter = step.drafts.length > step.earlier.drafts;
        this.#later = { band: step.band, id: isWriter ? (written.at(-1)?.id ?? null) : null };
      }
    } else if (isKept) {
      await this.#engine.keepFlow(this.name, kept);
      this.lastId = null;
    }
    this.state = step.state;
    const shown = this.#later && step.earlier ? step.earlier.band : step.band;
    if (shown) this.#show(shown);
    // What is written has sounded: a release that fails only stays listed in the outbox.
    await Promise.allSettled((step.released ?? []).map((id) => this.#engine.dropCapture(id)));
    if (!step.open || this.#isClosed) return;
    // Done at the end of a task: nothing is left open.
    if (step.open.screen === "home") await this.#engine.keepFlow(this.name, null);
    this.#hasLeft = true;
    this.#shop.go(hrefOf(step.open));
  }

  /** Without a tone: it was heard when it happened. What is done needs no answer any more. */
  #showAgain(band: Band | null): void {
    if (!band || band.signal === "done" || band.signal === "complete") return;
    this.band = band;
    this.quiet = band.signal === "tick";
    this.full = band.signal !== "tick" && !this.#hasDoubt;
  }

  get #hasDoubt(): boolean {
    return !!(this.state as (S & Remembered) | null)?.doubt;
  }

  #show(band: Band): void {
    if (!this.quiet) this.#shop.voice.play(band.signal);
    this.band = band;
    clearTimeout(this.#resting);
    this.full = band.signal !== "tick" && !this.#hasDoubt;
    if (band.signal === "done" || band.signal === "complete") {
      this.#resting = setTimeout(() => (this.#later ? this.#showLater() : (this.full = false)), FULL_MS);
    }
  }

  /** At the end of the verdict before it, or when the worker goes on: a question must have been heard. */
  #showLater(): void {
    if (!this.#later) return;
    const { band, id } = this.#later;
    this.#later = null;
    this.lastId = id;
    this.#show(band);
  }

  /** Reverses the flow's last operation; null when it is reversed already, or no longer on this device. */
  async #undo(before: Remembered): Promise<string | null> {
    const last = before.written?.at(-1);
    const [newest, ...others] = last ? this.#engine.operations(100).filter((one) => !one.reversed && isOf(one, last)) : [];
    if (!newest) return null;
    // A count leaves in parts when an envelope does not hold it: all of them at one moment.
    const parts = newest.verb === "count" ? others.filter((one) => one.wall === newest.wall) : [];
    for (const part of parts) await this.#engine.undo(part.id, "undo");
    return (await this.#engine.undo(newest.id, "undo")).id;
  }
}

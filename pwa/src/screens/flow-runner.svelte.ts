/**
 * Joins the engine and one flow. Scans wait in a queue; each is durable before it is looked up,
 * its operations and the flow's state are durable before the tone, and all of that in order.
 */
import type { Band, Flow, Input, KeyName, Start, Step } from "../core/flow.ts";
import { type Engine, NotRecorded } from "../engine.types.ts";
import type { FlowName } from "./router.ts";
import { hrefOf } from "./router.ts";
import type { Scan, Shop } from "./shop.ts";

/** What a flow remembers of its own operations; see `Asking` of the flows' frame. */
interface Remembered {
  document?: string | null;
  written?: { verb: string; item: string }[];
}

export type Entry = "quantity" | "reason" | "lot" | "expires" | "serial" | "consent" | "code";

const FULL_MS = 900;

/** A count names no item: then the verb and the order of writing decide. */
function isOf(item: string | null, remembered: string): boolean {
  return item === null || remembered === "" || item === remembered;
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
  #isRefreshing = false;
  #isClosed = false;

  constructor(shop: Shop, name: FlowName, flow: Flow<S>) {
    this.#shop = shop;
    this.name = name;
    this.#flow = flow;
  }

  get #engine(): Engine {
    return this.#shop.engine;
  }

  /** Comes back to what was left, unless another document is asked for. */
  open(document: string | null): Promise<void> {
    return this.#next(async () => {
      const left = this.#engine.flow(this.name) as (S & Remembered) | null;
      if (left && (document === null || left.document === document)) {
        this.state = left;
        return this.#take(await this.#step({ kind: "refresh", wall: this.#engine.now() }), false);
      }
      const start = this.#start(document);
      const first = this.#flow.start(this.#engine.view, start);
      this.quiet = first.band?.signal === "tick";
      return this.#take(first, true);
    });
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
    return this.#next(async () => {
      const capture = await captured;
      this.quiet = false;
      this.#answerLost();
      this.entry = null;
      await this.#give({ kind: "scan", capture, meaning: this.#engine.meaning(capture) });
    });
  }

  key(key: KeyName): void {
    if (key === "reason" || key === "consent") this.entry = key;
    else void this.give({ kind: "key", key, wall: this.#engine.now() });
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
    return run;
  }

  #fail(error: unknown): void {
    if (error instanceof NotRecorded) {
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
    return this.#flow.step(this.state, input, this.#engine.view, this.#start(null));
  }

  async #give(input: Input): Promise<void> {
    const before = this.state as (S & Remembered) | null;
    if (before === null) return;
    const step = await this.#step(input);
    const reversal = step.undo ? await this.#undo(before) : null;
    await this.#take(step, true);
    if (reversal === null) return;
    this.lastId = reversal;
    this.state = (await this.#step({ kind: "refresh", wall: this.#engine.now() })).state;
  }

  /** Durable first, then the screen and the tone, then the way to another screen. */
  async #take(step: Step<S>, isKept: boolean): Promise<void> {
    if (step.drafts.length > 0) {
      const written = await this.#engine.write(step.drafts, { name: this.name, state: step.state });
      this.lastId = written.at(-1)?.id ?? null;
    } else if (isKept) {
      await this.#engine.keepFlow(this.name, step.state);
      this.lastId = null;
    }
    this.state = step.state;
    if (step.band) this.#show(step.band);
    for (const id of step.released ?? []) await this.#engine.dropCapture(id);
    if (!step.open || this.#isClosed) return;
    // Done at the end of a task: nothing is left open.
    if (step.open.screen === "home") await this.#engine.keepFlow(this.name, null);
    this.#shop.go(hrefOf(step.open));
  }

  #show(band: Band): void {
    if (!this.quiet) this.#shop.voice.play(band.signal);
    this.band = band;
    clearTimeout(this.#resting);
    this.full = band.signal !== "tick";
    if (band.signal === "done" || band.signal === "complete") {
      this.#resting = setTimeout(() => (this.full = false), FULL_MS);
    }
  }

  /** Reverses the flow's last operation; null when it is no longer on this device. */
  async #undo(before: Remembered): Promise<string | null> {
    const last = before.written?.at(-1);
    const target = this.#engine
      .operations(100)
      .find((one) => !one.reversed && one.verb === last?.verb && isOf(one.item, last.item));
    return target ? (await this.#engine.undo(target.id, "undo")).id : null;
  }
}

/** Hands that work a flow: they scan, type and press, and what they write changes the warehouse. */
import { expect } from "vitest";
import type { Band, Draft, Flow, Input, KeyName, Start, Step } from "../../src/core/flow";
import type { Did } from "../../src/core/types.gen";
import { flows } from "../../src/words/flows";
import { MORNING, type Warehouse } from "./warehouse";

const catalogue: Record<string, { en: string; zh: string }> = flows;
const BETWEEN_SCANS_MS = 2_000;

export class Hands<S> {
  drafts: Draft[] = [];
  bands: Band[] = [];
  released: number[] = [];
  state: S;
  last: Step<S>;
  wall = MORNING;
  private captures = 0;
  private numbers = 0;

  private flow: Flow<S>;
  private warehouse: Warehouse;
  private begin: { document?: string; dock?: string };

  constructor(flow: Flow<S>, warehouse: Warehouse, begin: { document?: string; dock?: string } = {}) {
    this.flow = flow;
    this.warehouse = warehouse;
    this.begin = begin;
    this.last = this.flow.start(warehouse, this.start());
    this.state = this.last.state;
    this.take(this.last);
  }

  scan(...codes: string[]): this {
    for (const raw of codes) this.look(raw, BETWEEN_SCANS_MS);
    return this;
  }

  /** Scans in a burst, a tenth of a second apart. */
  burst(...codes: string[]): this {
    for (const raw of codes) this.look(raw, 100);
    return this;
  }

  press(...keys: KeyName[]): this {
    for (const key of keys) this.give({ kind: "key", key, wall: this.tick() });
    return this;
  }

  type(quantity: number): this {
    return this.give({ kind: "quantity", quantity, typed: String(quantity), unit: "EA", factor: 1, wall: this.tick() });
  }

  tell(field: "lot" | "expires" | "serial" | "reason", text: string): this {
    return this.give({ kind: "text", field, text, wall: this.tick() });
  }

  choose(what: "document" | "line" | "item" | "lot" | "place", value: string): this {
    return this.give({ kind: "choose", what, value, wall: this.tick() });
  }

  supervisor(actor = "SUP"): this {
    return this.give({ kind: "consent", actor, at: this.tick() });
  }

  /** Taps one of the meanings of a doubtful scan. */
  read(n: number): this {
    return this.give({ kind: "reading", n, wall: this.tick() });
  }

  refresh(): this {
    return this.give({ kind: "refresh", wall: this.tick() });
  }

  get dids(): Did[] {
    return this.drafts.map((draft) => draft.did);
  }

  get band(): Band {
    const band = this.bands.at(-1);
    if (!band) throw new Error("no band was shown");
    return band;
  }

  get signals(): string {
    return this.bands.map((band) => band.signal).join(" ");
  }

  private tick(): number {
    this.wall += BETWEEN_SCANS_MS;
    return this.wall;
  }

  private look(raw: string, pause: number): void {
    this.wall += pause;
    this.captures += 1;
    const capture = {
      id: this.captures, raw, source: "wedge" as const, symbology: null, wall: this.wall, segment: "segment-1",
    };
    this.give({ kind: "scan", capture, meaning: this.warehouse.meaning(raw) });
  }

  private give(input: Input): this {
    this.last = this.flow.step(this.state, input, this.warehouse, this.start());
    this.take(this.last);
    return this;
  }

  private take(step: Step<S>): void {
    // The state is stored as JSON in the outbox transaction: nothing may get lost on the way.
    expect(JSON.parse(JSON.stringify(step.state))).toEqual(step.state);
    this.state = step.state;
    // A list that has a row twice brings the whole screen down.
    const { choices = [] } = step.state as { choices?: { value: string }[] };
    expect(new Set(choices.map(({ value }) => value)).size).toBe(choices.length);
    this.drafts.push(...step.drafts);
    this.released.push(...(step.released ?? []));
    step.drafts.forEach((draft) => this.warehouse.write(draft));
    if (step.band) this.see(step.band);
  }

  private see(band: Band): void {
    this.bands.push(band);
    for (const name of [band.say, ...(band.note === undefined ? [] : [band.note])]) {
      expect(catalogue, `a sentence for ${name}`).toHaveProperty([name]);
      for (const [, value] of (catalogue[name]?.en ?? "").matchAll(/\{(\w+)/g)) {
        expect(Object.keys(band.values), `values of ${name}`).toContain(value);
      }
    }
  }

  private start(): Start {
    return {
      wall: this.wall,
      segment: "segment-1",
      dock: this.begin.dock ?? "DOCK-1",
      ...(this.begin.document === undefined ? {} : { document: this.begin.document }),
      newId: () => `id-${++this.numbers}`,
      nextLot: () => `OWN-${++this.numbers}`,
    };
  }
}

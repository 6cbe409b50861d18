/**
 * The camera as the screens know it: on or off, on every one of them, with the list of what it
 * took. What reads is loaded when it is switched on.
 */
import type { Session, State } from "../camera/session.ts";
import type * as Parts from "./camera/parts.ts";
import { answered, answerOf, type Entry, noted } from "../core/camera/list.ts";
import type { Band } from "../core/flow.ts";
import type { Engine, Voice } from "../engine.types.ts";
import type { Scan, Scans } from "./shop.ts";

const NOTHING: State = { trouble: null, light: null, near: null };
const REQUESTED = "bincard.camera";

export class Camera {
  isOn = $state(false);
  state = $state.raw<State>(NOTHING);
  list = $state.raw<Entry[]>([]);
  session = $state.raw<Session | null>(null);
  /** Opens the entry for a code that cannot be read; null on a screen without one. */
  typed = $state.raw<(() => void) | null>(null);
  parts = $state.raw<typeof Parts | null>(null);
  #engine: Engine;
  #voice: Voice;
  #scans: Scans;
  /** The line of each scan that no task has answered yet. */
  #lines = new WeakMap<Scan, Entry>();

  constructor(engine: Engine, voice: Voice, scans: Scans) {
    this.#engine = engine;
    this.#voice = voice;
    this.#scans = scans;
  }

  async open(): Promise<void> {
    if (this.isOn) return;
    this.isOn = true;
    this.list = [];
    this.state = NOTHING;
    try {
      this.parts ??= await import("./camera/parts.ts");
      // Switched off again before it was there.
      if (!this.isOn || this.session) return;
      this.session = new this.parts.Session({
        read: (text, symbology) => this.#read(text, symbology),
        again: (text) => this.#again(text),
        isKnown: (text, symbology) => this.#isKnown(text, symbology),
        changed: (state) => (this.state = state),
      }, requestedFormats());
      await this.session.open();
    } catch (error) {
      console.error(error);
      this.state = { ...NOTHING, trouble: "failed" };
    }
  }

  close(): void {
    this.session?.stop();
    this.session = null;
    this.isOn = false;
    this.list = [];
  }

  /** From the beginning: what reads may have died, too. */
  async tryAgain(): Promise<void> {
    this.close();
    await this.open();
  }

  /** What the task said to this scan, for its line; `sum` is the balance that it wrote. */
  answer(scan: Scan, band: Band | null, sum: number | null): void {
    const entry = this.#lines.get(scan);
    if (!entry || !band) return;
    this.#lines.delete(scan);
    this.list = answered(this.list, entry, answerOf(this.list, band, sum));
  }

  #read(text: string, symbology: string): void {
    const scan: Scan = { raw: text, source: "camera", symbology };
    const entry: Entry = { wall: this.#engine.now(), text, kind: "read", answer: null };
    this.#lines.set(scan, entry);
    this.list = noted(this.list, entry);
    this.#scans.give(scan);
  }

  #again(text: string): void {
    this.list = noted(this.list, { wall: this.#engine.now(), text, kind: "again", answer: null });
    this.#voice.play("look");
  }

  #isKnown(raw: string, symbology: string): boolean {
    const { segment } = this.#engine;
    const wall = this.#engine.now();
    return this.#engine.meaning({ id: 0, raw, source: "camera", symbology, wall, segment }).kind !== "unknown";
  }
}

/** Symbologies that somebody asked for on this device, beside the ordinary ones. */
export function requestedFormats(): string[] {
  try {
    return (localStorage.getItem(REQUESTED) ?? "").split(",").filter(Boolean);
  } catch {
    return [];
  }
}

export function requestFormats(formats: readonly string[]): void {
  try {
    localStorage.setItem(REQUESTED, formats.join());
  } catch {
    // A browser that keeps nothing reads the ordinary ones.
  }
}

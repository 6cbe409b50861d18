/** What every screen is given by `main.ts`: the engine, the voice, the scans and the way about. */
import { getContext, setContext } from "svelte";
import type { Capture } from "../core/flow.ts";
import type { Meaning } from "../core/meaning.ts";
import type { Engine, Voice } from "../engine.types.ts";
import type { Camera } from "./camera.svelte.ts";
import type { Live } from "./live.svelte.ts";

export interface Scan {
  raw: string;
  source: Capture["source"];
  symbology: string | null;
}

export type ScanTaker = (scan: Scan) => void;

/** An address that the browser takes for the same one changes nothing. */
const HOLD_MAX_MS = 500;

/** The screen on top takes the scans; an entry above it takes them first. */
export class Scans {
  #takers: ScanTaker[] = [];
  #otherwise: ScanTaker;
  #waiting: Scan[] | null = null;
  #giveUp: ReturnType<typeof setTimeout> | undefined;

  constructor(otherwise: ScanTaker) {
    this.#otherwise = otherwise;
  }

  /** Takes scans until the returned function is called. */
  take(taker: ScanTaker): () => void {
    this.#takers.push(taker);
    return () => {
      this.#takers = this.#takers.filter((other) => other !== taker);
    };
  }

  /** While one screen makes way for another, scans wait: they are for the one that comes. */
  hold(most = HOLD_MAX_MS): void {
    this.#waiting ??= [];
    clearTimeout(this.#giveUp);
    if (most < Infinity) this.#giveUp = setTimeout(() => this.release(), most);
  }

  release(): void {
    clearTimeout(this.#giveUp);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const scan of waiting) this.give(scan);
  }

  get isHeld(): boolean {
    return this.#waiting !== null;
  }

  give(scan: Scan): void {
    if (this.#waiting) return void this.#waiting.push(scan);
    (this.#takers.at(-1) ?? this.#otherwise)(scan);
  }
}

export interface Shop {
  engine: Engine;
  live: Live;
  voice: Voice;
  scans: Scans;
  camera: Camera;
  version: string;
  /** What a scan outside a task means: kept, read, let go of; null when it could not be kept, which is said. */
  glance(scan: Scan): Promise<Meaning | null>;
  /** Something could not be kept whose screen is not there to say so. */
  lost(): void;
  go(hash: string): void;
  back(): void;
}

const KEY = Symbol("shop");

export function openShop(shop: Shop): Shop {
  return setContext(KEY, shop);
}

export function useShop(): Shop {
  return getContext<Shop>(KEY);
}

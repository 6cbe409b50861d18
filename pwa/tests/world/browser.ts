/** The browser around one page: everything that the app finds as a global, with the world behind it. */
import type { Ground } from "./port.ts";

type Listener = () => void;

export interface Browser {
  /** Names and values of the globals that the bundle is evaluated with. */
  globals: Record<string, unknown>;
  event(name: string): void;
}

export function browser(ground: Ground): Browser {
  const listeners = new Map<string, Listener[]>();
  const addEventListener = (name: string, listener: Listener): void => {
    listeners.set(name, [...(listeners.get(name) ?? []), listener]);
  };
  const document = { addEventListener, visibilityState: "visible", documentElement: { lang: "en" } };
  const globals = {
    ground, document, addEventListener,
    navigator: { onLine: true, userAgent: "simulation", language: "en" },
    location: { reload: () => undefined, origin: "" },
    localStorage: {
      getItem: () => ground.local,
      setItem: (_name: string, text: string) => {
        ground.local = text;
        ground.effects.push({ kind: "local", text });
      },
    },
    IDBKeyRange: { bound: (lower: unknown, upper: unknown) => ({ lower, upper }) },
    performance: { now: () => ground.mono },
    Date: class extends Date {
      static override now(): number {
        return ground.wall;
      }
    },
    Math: Object.create(Math, { random: { value: () => fraction(ground.bytes(4)) } }) as Math,
    crypto: { getRandomValues: (into: Uint8Array) => (into.set(ground.bytes(into.length)), into), subtle },
    setTimeout: (work: Listener, ms: number) => ground.ask({ kind: "timer", ms }, work),
    clearTimeout: (id: number) => {
      if (ground.answers.delete(id)) ground.effects.push({ kind: "cancel", id });
    },
    fetch: (path: string, init: { body?: string }) => fetched(ground, path, init.body ?? null),
    AbortSignal: { timeout: () => null },
    AbortController: class {
      signal = { aborted: false };
      abort(): void {
        this.signal.aborted = true;
      }
    },
    // Bodies travel as they are: what gzip does is tested in a real browser.
    CompressionStream: undefined,
  };
  const event = (name: string): void => {
    if (name === "hidden" || name === "visible") document.visibilityState = name;
    const told = name === "hidden" || name === "visible" ? "visibilitychange" : name;
    for (const listener of listeners.get(told) ?? []) listener();
  };
  return { globals: { ...globals, globalThis: globals, window: globals }, event };
}

/** Seals nothing: who may read a profile is tested elsewhere. */
const subtle = {
  generateKey: () => Promise.resolve({ key: "of this profile" }),
  encrypt: (_how: unknown, _key: unknown, data: Uint8Array) => Promise.resolve(data.slice().buffer),
  decrypt: (_how: unknown, _key: unknown, data: ArrayBuffer) => Promise.resolve(data.slice(0)),
};

interface Answer {
  status: number;
  text: string;
  /** Seconds, or null. */
  retry: number | null;
}

function fetched(ground: Ground, path: string, body: string | null): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ground.ask({ kind: "fetch", path, body }, (told) => {
      if (told === null) return reject(new TypeError("Failed to fetch"));
      const { status, text, retry } = told as Answer;
      resolve({
        ok: status >= 200 && status < 300, status,
        headers: { get: (name: string) => (name === "Retry-After" && retry !== null ? String(retry) : null) },
        text: () => Promise.resolve(text),
      });
    });
  });
}

function fraction(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => (sum + byte) / 256, 0);
}

/** The network: each request once, gzip up, a time limit, and one error for "no network". */
import type { Chunk, Page, Snapshot } from "../core/types.gen";

export class Offline extends Error {}

/** An answer that is not a success; `message` is the server's sentence. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: number | null;
  readonly body: unknown;

  constructor(status: number, body: unknown, retryAfter: number | null) {
    const told = (body ?? {}) as { detail?: string; title?: string; code?: string };
    super(told.detail ?? told.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = told.code ?? "";
    this.retryAfter = retryAfter;
    this.body = body;
  }
}

export interface Wire {
  post<T>(path: string, text: string): Promise<T>;
  get<T>(path: string): Promise<T>;
  /** Calls back whenever the server says that something changed; ends when the stream does. */
  listen(path: string, heard: () => void, signal: AbortSignal): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const WORTH_GZIP = 1_000;

/** Headers at the moment of a request: the device's token, perhaps a session. */
export type Headers = () => Promise<Record<string, string>>;

export class HttpWire implements Wire {
  private readonly origin: string;
  private readonly headers: Headers;

  constructor(origin: string, headers: Headers) {
    this.origin = origin;
    this.headers = headers;
  }

  async post<T>(path: string, text: string): Promise<T> {
    const headers = { ...(await this.headers()), "Content-Type": "application/json" };
    if (text.length < WORTH_GZIP || typeof CompressionStream === "undefined") {
      return this.ask(path, { method: "POST", headers, body: text });
    }
    return this.ask(path, {
      method: "POST",
      headers: { ...headers, "Content-Encoding": "gzip" },
      body: await gzip(text),
    });
  }

  async get<T>(path: string): Promise<T> {
    return this.ask(path, { headers: await this.headers() });
  }

  async listen(path: string, heard: () => void, signal: AbortSignal): Promise<void> {
    const headers = await this.headers();
    const answer = await fetch(this.origin + path, { headers, signal, cache: "no-store" }).catch(offline);
    const reader = answer.ok ? answer.body?.getReader() : undefined;
    if (!reader) throw new Problem(answer.status, null, null);
    // What it says is only that something changed: an event ends in an empty line.
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read().catch(offline);
      if (done) return;
      if (/^(data|event):/m.test(decoder.decode(value, { stream: true }))) heard();
    }
  }

  private async ask<T>(path: string, init: RequestInit): Promise<T> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(this.origin + path, { ...init, signal }).catch(offline);
    const text = await answer.text().catch(offline);
    const body = parsed(text);
    if (answer.ok) return body as T;
    // A proxy in front of a server that is down is no network, as far as a worker can tell.
    if (answer.status === 502 || answer.status === 504) throw new Offline(`HTTP ${answer.status}`);
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    throw new Problem(answer.status, body, Number.isFinite(wait) ? wait * 1_000 : null);
  }
}

async function gzip(text: string): Promise<Blob> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).blob();
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function offline(cause: unknown): never {
  throw new Offline("no network", { cause });
}

/** The reading half of the protocol. */
export const pullPath = (cursor: string, replica: string): string =>
  `/sync/pull?cursor=${encodeURIComponent(cursor)}&limit=2000&replica=${replica}`;

export function pull(wire: Wire, cursor: string, replica: string): Promise<Page> {
  return wire.get(pullPath(cursor, replica));
}

export function snapshot(wire: Wire, replica: string): Promise<Snapshot> {
  return wire.get(`/sync/snapshot?replica=${replica}`);
}

export function chunk(wire: Wire, hash: string): Promise<Chunk> {
  return wire.get(`/sync/snapshot/${hash}`);
}

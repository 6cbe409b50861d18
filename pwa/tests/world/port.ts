/** What crosses the pipe between the simulated world (tests/simulation) and a page of the shipped app. */

/** One line of the world: what happens to a page, and what its clocks say while it does. */
export interface Told {
  page: string;
  wall: number;
  mono: number;
  do: "open" | "answer" | "call" | "ask" | "event" | "close" | "clear";
  /** Of the question that is answered, or of the call. */
  id: number;
  name: string;
  with: unknown;
}

/** What a page wants of the world, in the order in which it wanted it. */
export type Effect =
  | { kind: "write"; id: number; database: string; strict: boolean; writes: Change[] }
  | { kind: "fetch"; id: number; path: string; body: string | null }
  | { kind: "timer"; id: number; ms: number }
  | { kind: "cancel"; id: number }
  | { kind: "local"; text: string }
  | { kind: "done"; id: number; value: unknown }
  | { kind: "failed"; id: number; error: string }
  | { kind: "page"; cursor: string; sound: boolean; rows: unknown[] };

export type Change = [verb: "add" | "put" | "delete" | "clear", store: string, key: unknown, value: unknown];

/** What a page stands on: the bundle is evaluated once for each page, with this as a global. */
export interface Ground {
  wall: number;
  mono: number;
  /** What its disk holds, as far as this process knows: database, store, key and value. */
  disk: Record<string, Record<string, [key: unknown, value: unknown][]>>;
  local: string | null;
  effects: Effect[];
  answers: Map<number, (answer: unknown) => void>;
  /** Asks the world; the answer comes with a later line. */
  ask(effect: Omit<Extract<Effect, { id: number }>, "id"> & { [name: string]: unknown }, answered: (answer: unknown) => void): number;
  /** Runs after everything that is under way now, as an event of the browser would. */
  task(work: () => void): void;
  bytes(count: number): Uint8Array<ArrayBuffer>;
}

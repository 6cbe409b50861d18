/** An engine without a disk and a server: what is written stays "on this device" for ever. */
import type { Capture, Draft } from "../core/flow.ts";
import type { Meaning } from "../core/meaning.ts";
import { type Engine, NotRecorded, type Status, type Written } from "../engine.types.ts";
import { answerOf } from "./fake-answers.ts";
import { fakeView } from "./fake-site.ts";

export interface Fake extends Engine {
  /** The next capture fails, as on a full disk. */
  failNext: boolean;
}

export function fakeEngine(language: "en" | "zh", person: "worker" | "supervisor" | null, online = false): Fake {
  const flows = new Map<string, unknown>();
  const written: Written[] = [];
  const captures: Capture[] = [];
  const listeners = new Set<() => void>();
  let counter = 0;
  const name = language === "zh" ? "刘梅" : "Liu Mei";
  const status: Status = {
    person: person && { person: "1001", name, role: person, language },
    site: language === "zh" ? "博塞尔厂区" : "Bothell plant",
    enrolled: true, unsent: online ? 0 : 3, oldestUnsent: online ? null : Date.now() - 12 * 60_000, online,
    stockAt: Date.now() - (online ? 0 : 12 * 60_000), watermark: Date.now() - 3_600_000, persisted: true, clockOffset: 2_000,
    needsSignIn: false, updateReady: false, secondTab: false,
  };
  const changed = (): void => listeners.forEach((listener) => listener());

  const engine: Fake = {
    failNext: false,
    view: fakeView,
    status,
    segment: "s1",
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    capture: async (raw, source, symbology) => {
      if (engine.failNext) {
        engine.failNext = false;
        throw new NotRecorded("full");
      }
      const capture = { id: ++counter, raw, source, symbology, wall: Date.now() };
      captures.push(capture);
      return capture;
    },
    meaning: (capture) => meaningOf(capture.raw),
    write: async (drafts, flow) => {
      const rows = drafts.map((draft) => rowOf(draft, ++counter));
      written.unshift(...rows);
      status.unsent += rows.length;
      if (flow) flows.set(flow.name, flow.state);
      changed();
      return rows;
    },
    flow: (name) => flows.get(name) ?? null,
    keepFlow: async (name, state) => void flows.set(name, state),
    continueWith: () => [...flows].map(([name, state]) => ({ name, state })).find((one) => one.state) ?? null,
    operations: (limit) => written.slice(0, limit),
    unconsumed: () => captures.slice(0, 1),
    dropCapture: async (id) => void captures.splice(captures.findIndex((one) => one.id === id), 1),
    undo: async (id) => {
      const row = written.find((one) => one.id === id);
      if (row) row.reversed = true;
      const reverse = { ...rowOf(null, ++counter), item: row?.item ?? null };
      written.unshift(reverse);
      changed();
      return reverse;
    },
    enrol: async () => undefined,
    signIn: async (_, pin) => {
      if (pin !== "1234") throw new Error(language === "zh" ? "PIN 码不对，还可试 3 次。" : "That PIN is not right. 3 tries left.");
      status.person = { person: "1001", name, role: "supervisor", language };
      changed();
    },
    consent: async () => ({ actor: "1002", at: Date.now() }),
    signOut: async () => {
      status.person = null;
      changed();
    },
    syncNow: async () => undefined,
    api: async (_, path) => answerOf(path) as never,
    exportRescue: async () => new Blob(["{}"]),
    applyUpdate: () => undefined,
    takeOver: () => undefined,
    nextLot: () => `L26${++counter}`,
    newId: () => `id${++counter}`,
    now: () => Date.now(),
  };
  return engine;
}

function rowOf(draft: Draft | null, seq: number): Written {
  const did = draft?.did;
  const place = (value: unknown): string | null => (value as { location?: string } | null)?.location ?? null;
  return {
    id: `op${seq}`, seq, verb: did?.verb ?? "reverse", actor: "1001", wall: Date.now(), state: "device", flags: [],
    item: did && "key" in did ? (did.key?.item ?? null) : null,
    quantity: did && "quantity" in did ? (did.quantity ?? null) : null,
    from: did && "from" in did ? place(did.from) : null,
    to: did && "to" in did ? place(did.to) : null,
    document: draft?.task?.document ?? null, reversed: false,
  };
}

/** `BE-2908`, `BE-2908/K0902/24`, `06-B-10`, `PO-127`, `BADGE:1001`, `BINCARD:UNDO`. */
function meaningOf(raw: string): Meaning {
  const [code = "", lot, quantity] = raw.split("/");
  if (raw.startsWith("BADGE:")) return { kind: "badge", badge: raw.slice(6) };
  if (raw.startsWith("BINCARD:")) return { kind: "command", command: raw.slice(8) as "UNDO" };
  if (fakeView.location(code)) return { kind: "location", location: code };
  if (fakeView.document(code)) return { kind: "document", document: code };
  if (!fakeView.item(code)) return { kind: "unknown", raw, said: {} };
  const said = {
    ...(lot ? { lot } : {}),
    ...(quantity ? { quantity: Number(quantity) } : {}),
    ...(code === "PA-529S" ? { expires: "2027-09-30" } : {}),
  };
  return { kind: "item", item: code, said, pack: 1 };
}

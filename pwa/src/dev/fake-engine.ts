/** An engine without a disk and a server: what is written stays "on this device" for ever. */
import type { Capture, Draft } from "../core/flow.ts";
import type { Meaning } from "../core/meaning.ts";
import type { Consent } from "../core/types.gen.ts";
import { type Engine, NotRecorded, type Offer, type RescueDoor, type Status, type Written } from "../engine.types.ts";
import { answerOf } from "./fake-answers.ts";
import { fakeView } from "./fake-site.ts";

export class Fake implements Engine {
  /** The next capture fails, as on a full disk. */
  failNext = false;
  readonly view = fakeView;
  readonly segment = "s1";
  readonly status: Status;
  private readonly language: "en" | "zh";
  private readonly flows = new Map<string, unknown>();
  private readonly written: Written[] = [];
  readonly captures: Capture[] = [];
  private readonly listeners = new Set<() => void>();
  private counter = 0;

  constructor(language: "en" | "zh", role: "worker" | "supervisor" | null, online: boolean) {
    this.language = language;
    const age = online ? 0 : 12 * 60_000;
    this.status = {
      person: role && this.person(role), site: "FACTORY", enrolled: true,
      unsent: online ? 0 : 3, oldestUnsent: online ? null : Date.now() - age, online,
      stockAt: Date.now() - age, watermark: Date.now() - 3_600_000, persisted: true, clockOffset: 2_000,
      needsSignIn: false, updateReady: false, secondTab: false, was: null,
    };
  }

  private person(role: "worker" | "supervisor"): NonNullable<Status["person"]> {
    return { person: "1001", name: this.language === "zh" ? "刘梅" : "Liu Mei", role, language: this.language };
  }

  private changed(): void {
    this.listeners.forEach((listener) => listener());
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async capture(raw: string, source: Capture["source"], symbology: string | null): Promise<Capture> {
    if (this.failNext) {
      this.failNext = false;
      throw new NotRecorded("full");
    }
    const capture = { id: ++this.counter, raw, source, symbology, wall: Date.now(), segment: this.segment };
    this.captures.push(capture);
    return capture;
  }

  meaning(capture: Capture): Meaning {
    return meaningOf(capture.raw);
  }

  learn(): void {
    // What it is told is known already.
  }

  async write(drafts: Draft[], flow: { name: string; state: unknown } | null): Promise<Written[]> {
    const rows = drafts.map((draft) => rowOf(draft, ++this.counter));
    this.written.unshift(...rows);
    this.status.unsent += rows.length;
    if (flow) this.flows.set(flow.name, flow.state);
    this.changed();
    return rows;
  }

  flow(name: string): unknown {
    return this.flows.get(name) ?? null;
  }

  async keepFlow(name: string, state: unknown): Promise<void> {
    this.flows.set(name, state);
  }

  continueWith(): { name: string; state: unknown } | null {
    return [...this.flows].map(([name, state]) => ({ name, state })).find((one) => one.state) ?? null;
  }

  operations(limit: number): Written[] {
    return this.written.slice(0, limit);
  }

  operation(id: string): Written | null {
    return this.written.find((one) => one.id === id) ?? null;
  }

  unconsumed(): Capture[] {
    return this.captures.slice(0, 1);
  }

  async dropCapture(id: number): Promise<void> {
    this.captures.splice(this.captures.findIndex((one) => one.id === id), 1);
  }

  async undo(id: string): Promise<Written> {
    const row = this.written.find((one) => one.id === id);
    if (row) row.reversed = true;
    const reverse = { ...rowOf(null, ++this.counter), item: row?.item ?? null };
    this.written.unshift(reverse);
    this.changed();
    return reverse;
  }

  async signIn(_: unknown, pin: string): Promise<void> {
    if (pin !== "1234") throw new Error(this.language === "zh" ? "PIN 码不对。" : "That PIN is not right.");
    this.status.person = this.person("supervisor");
    this.status.locked = false;
    this.changed();
  }

  async signOut(): Promise<void> {
    this.status.person = null;
    this.changed();
  }

  lookAt(): Promise<Offer> {
    return Promise.resolve({ name: "H2", site: "FACTORY", siteName: "Hangzhou plant", was: { name: "H1", site: "FACTORY" }, isOther: false, unsent: 0 });
  }

  async lock(): Promise<void> {
    this.status.locked = true;
    this.changed();
  }

  async wipe(): Promise<void> {}
  async enrol(): Promise<void> {}
  async syncNow(): Promise<void> {}
  applyUpdate(): void {}
  takeOver(): void {}

  async consent(): Promise<Consent> {
    return { actor: "1002", at: Date.now(), checked: "server" };
  }

  async api<T>(_: "GET" | "POST", path: string): Promise<T> {
    return answerOf(path) as T;
  }

  readonly rescue: RescueDoor = {
    list: [], progress: null,
    file: () => Promise.resolve(new Blob(["{}"])),
    codes: () => Promise.resolve(["BCR1-AAAAAAAA-1-2-AAAA-AAAA", "BCR1-AAAAAAAA-2-2-AAAA-AAAA"]),
    bring: () => Promise.resolve(0),
    isPart: () => false,
    scan: () => Promise.resolve(null),
    see: () => Promise.resolve(),
  };

  nextLot(): string {
    return `L26${++this.counter}`;
  }

  newId(): string {
    return `id${++this.counter}`;
  }

  now(): number {
    return Date.now();
  }
}

export function fakeEngine(language: "en" | "zh", role: "worker" | "supervisor" | null, online = false): Fake {
  return new Fake(language, role, online);
}

function rowOf(draft: Draft | null, seq: number): Written {
  const did = draft?.did;
  const place = (value: unknown): string | null => (value as { location?: string } | null)?.location ?? null;
  return {
    id: `op${seq}`, seq, verb: did?.verb ?? "reverse", actor: "1001", wall: Date.now(), state: "device", flags: [], reason: null, fresh: [],
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

/**
 * Uploads: one push in flight, nothing is ever given up. Per-operation results are verdicts;
 * HTTP 409 says that chain and server disagree, and the device repairs that and pushes again.
 */
import type { Ack, Conflict, Exchange, Former, OwnDecision, Proof, Pushed } from "../core/types.gen";
import { PUSH_OPERATIONS_MAX } from "../core/types.gen";
import type { Outbox } from "../outbox/outbox";
import type { Operation, Context } from "../outbox/operation";
import type { Store } from "../store/store";
import { datedOf, RestoredServer } from "./restored";
import { Problem, type Wire } from "./wire";

/** What of the clock a push tells: it is the closing exchange of what it carries. */
export interface Clock {
  now(): number;
  segment(): string;
}

/** What the server said last, kept over a restart. */
export interface Heard {
  epoch: number;
  /** The last `server_now` received: the echo that lets the watermark pass. */
  serverNow: number;
  watermark: number | null;
  durableThrough: [number, number] | null;
  offset: number | null;
}

export interface PushParts {
  store: Store;
  outbox: Outbox;
  wire: Wire;
  clock: Clock;
  site(): string;
  cursor(): string;
  /** A context without a person, for what the device itself must say. */
  context(): Context;
  /** What proves decisions: of a batch, and of those that went without before. */
  proofs?: { make(): Promise<void>; with(batch: readonly Operation[]): Proof[]; took(proofs: readonly Proof[]): void };
  /** What the server approved by itself after a number of its log, as far as this device has read. */
  decided?(common: number): OwnDecision[];
}

const BYTES_MAX = 1_000_000;
const EXCHANGES_MAX = 200;
const SIGNED_MAX = 50;
/** In one run; after these the back-off gives both sides time. */
const REPAIRS_MAX = 12;
const CHARACTERS_OF_FRAME = 100;
const STUCK_MS = 2_000;

export class Push {
  heard: Heard = { epoch: 1, serverNow: 0, watermark: null, durableThrough: null, offset: null };
  /** When the last push was answered, device time: an idle device still lets the watermark pass. */
  answeredAt = 0;
  /** Told with the next push, or with a rescue of this device. */
  exchanges: Exchange[] = [];
  /** Who signed in here without a network, the latest last: the server cannot know of it (R7). */
  signed: string[] = [];
  /** A storage that was lost, until the server has heard of it. */
  private former: Former | null = null;
  /** Why the server takes no more for a while, in its own words; what is unsent waits here. */
  heldBack: Problem | null = null;
  private atMost = PUSH_OPERATIONS_MAX;
  private owesEcho = true;
  private repairs = 0;
  readonly restored: RestoredServer;
  private readonly parts: PushParts;

  constructor(parts: PushParts) {
    this.parts = parts;
    this.restored = new RestoredServer(parts.store);
  }

  async load(): Promise<void> {
    this.heard = (await this.parts.store.meta<Heard>("heard")) ?? this.heard;
    this.exchanges = (await this.parts.store.meta<Exchange[]>("exchanges")) ?? [];
    this.signed = (await this.parts.store.meta<string[]>("signed")) ?? [];
    this.former = (await this.parts.store.meta<Former>("former")) ?? null;
    await this.restored.load();
  }

  /** Somebody signed in without a network: told with every push from now on. */
  async sawOffline(person: string): Promise<void> {
    const signed = [...this.signed.filter((one) => one !== person), person].slice(-SIGNED_MAX);
    await this.parts.store.setMeta("signed", signed);
    this.signed = signed;
  }

  /** Tells the server, with every push until one is answered, what this device had before. */
  async reportLost(former: Former | null): Promise<void> {
    if (!former) return;
    await this.parts.store.setMeta("former", former);
    this.former = former;
  }

  /**
   * Pushes until nothing is unsent and the watermark has had its echo. Returns ms to wait.
   * `leaving` while nobody is signed in: with nothing unsent the watermark need not wait.
   */
  async run(leaving = false, heartbeat = false): Promise<number> {
    this.heldBack = null;
    try {
      return await this.all(leaving, heartbeat);
    } catch (error) {
      // More than one device may send in a day: reading goes on meanwhile.
      if (!(error instanceof Problem) || error.status !== 429) throw error;
      this.heldBack = error;
      return 0;
    }
  }

  private async all(leaving: boolean, heartbeat: boolean): Promise<number> {
    this.owesEcho ||= heartbeat || this.isOfAnOldEpoch || this.restored.owes;
    this.repairs = 0;
    for (let turn = 0; ; turn++) {
      const echo = this.heard.serverNow;
      // What was scanned before the echo came must be among the rows that are read now,
      // and so must what reached the disk although its write seemed to fail.
      await this.parts.outbox.load();
      // What is of another site waits here for whoever brings it there (S11).
      const unsent = this.parts.outbox.unsent.filter(({ body }) => body.site === this.parts.site());
      if (!unsent.length && !this.owesEcho) return 0;
      // The first question of a clock segment carries nothing: only its answer dates what follows.
      const isDated = turn > 0 || this.hasAnswer(this.parts.clock.segment());
      const batch = isDated ? this.batchOf(unsent) : [];
      // The echo of the first turn may be a minute old; the answer to it is the one to echo.
      this.owesEcho = batch.length > 0 || turn === 0;
      const repairs = this.repairs;
      const wait = await this.once(batch, unsent.length - batch.length, echo, leaving && !unsent.length);
      if (wait > 0) return wait;
      // Taken but not acknowledged: the server is waiting for something, so do not hammer it.
      const isStuck = batch.length > 0 && this.parts.outbox.unsent.some(({ id }) => id === batch[0]?.id);
      if (isStuck && this.repairs === repairs) return STUCK_MS;
    }
  }

  /** The feed has met a restored server that the queue has not been repaired for yet. */
  get isOfAnOldEpoch(): boolean {
    const epoch = Number(this.parts.cursor().split(".")[0]);
    return epoch > this.heard.epoch;
  }

  private hasAnswer(segment: string): boolean {
    return this.exchanges.some((exchange) => exchange.segment === segment);
  }

  private async once(batch: Operation[], unsent: number, echo: number, leaving: boolean): Promise<number> {
    const { clock, wire } = this.parts;
    const [segment, sent] = [clock.segment(), clock.now()];
    const exchanges = [...this.exchanges];
    try {
      const written = this.parts.outbox.chain.seq;
      // A push that was under way already must not run ahead of the proof.
      await this.parts.proofs?.make().catch(() => undefined);
      const proofs = this.parts.proofs?.with(batch) ?? [];
      const text = this.text(batch, { sent, segment, unsent, written, echo, leaving, exchanges, ...(proofs.length && { proofs }) });
      const pushed = await wire.post<Pushed>("/sync/push", text);
      this.parts.proofs?.took(proofs);
      await this.took(pushed, { sent, segment, batch }, exchanges.length);
      this.atMost = Math.min(PUSH_OPERATIONS_MAX, this.atMost * 2);
      return pushed.retry_after_ms;
    } catch (error) {
      this.owesEcho = true;
      if (!(error instanceof Problem) || ++this.repairs > REPAIRS_MAX) throw error;
      if (error.status === 409) await this.repair(error.body as Conflict);
      else if (error.status === 413 && batch.length > 1) this.atMost = Math.ceil(batch.length / 2);
      else throw error;
      return 0;
    }
  }

  private text(batch: Operation[], more: object): string {
    const { site, cursor, outbox } = this.parts;
    const dated = batch.flatMap(datedOf);
    const frame = {
      v: 1, site: site(), replica: outbox.chain.replica, carrier: null, epoch: this.heard.epoch,
      cursor: cursor(), signed: this.signed, ...(this.former && { former: this.former }),
      ...this.restored.frame(this.heard.epoch, outbox.chain.replica), ...more, dated,
    };
    // The stored texts go out byte for byte.
    return `${JSON.stringify(frame).slice(0, -1)},"operations":[${batch.map((row) => row.text).join(",")}]}`;
  }

  private batchOf(unsent: Operation[]): Operation[] {
    const { replica } = this.parts.outbox.chain;
    return whatFits(unsent.filter((row) => row.replica === replica), this.atMost);
  }

  private async took(pushed: Pushed, { batch, ...asked }: { sent: number; segment: string; batch: Operation[] }, told: number): Promise<void> {
    const { outbox, clock } = this.parts;
    const [segment, received] = [clock.segment(), clock.now()];
    const { server_now, mac = "" } = pushed;
    const exchange = { ...asked, received, server_now, mac };
    // A clock that stepped between question and answer says nothing about either.
    this.exchanges = [...this.exchanges.slice(told), ...(segment === asked.segment ? [exchange] : [])].slice(-EXCHANGES_MAX);
    this.former = null;
    await this.restored.told();
    await this.hear(pushed, pushed.server_now - (asked.sent + received) / 2);
    const [seq, hash] = pushed.acked;
    // A carrier, or a copy of this device, may have brought the server further than this push:
    // only what went with it is safe, and that is there as it stands here.
    const last = batch.at(-1)?.seq ?? 0;
    await outbox.acknowledge([Math.min(seq, last), null], pushed.verdicts, pushed.server_now);
    const row = outbox.operations.find((kept) => kept.replica === outbox.chain.replica && kept.seq === seq);
    if (row && hash !== null && row.hash !== hash) return this.twoHistories(seq, batch);
    // It had more: an older database was put back, and nobody has told it yet.
    if (seq < outbox.lastAcked[0]) return this.fill(seq + 1);
    this.answeredAt = received;
  }

  private async hear(pushed: Pushed, offset: number): Promise<void> {
    this.heard = {
      epoch: pushed.epoch,
      serverNow: pushed.server_now,
      watermark: pushed.watermark,
      durableThrough: pushed.durable_through,
      offset,
    };
    await this.parts.store.keep(["meta"], (tx) => {
      void tx.objectStore("meta").put(this.heard, "heard");
      void tx.objectStore("meta").put(this.exchanges, "exchanges");
      void tx.objectStore("meta").delete("former");
    });
  }

  /** The server must see the other history itself, to tell the office; only then does this one leave it. */
  private twoHistories(seq: number, batch: Operation[]): Promise<void> {
    const wasShown = batch.some((row) => row.seq === seq);
    return wasShown ? this.parts.outbox.fork(seq) : this.parts.outbox.sendAgainAfter(seq - 1);
  }

  private async repair(conflict: Conflict): Promise<void> {
    switch (conflict.code) {
      case "fork":
        return this.leave(conflict.have ?? [0, null]);
      case "gap":
        return this.fill(conflict.need_from ?? 1);
      case "epoch":
        return this.refill(conflict);
    }
  }

  /** Goes on after what both have. A copy may have put its own under that number: then ours goes again first. */
  private leave([seq, hash]: Ack): Promise<void> {
    const { outbox } = this.parts;
    const own = outbox.operations.find((kept) => kept.replica === outbox.chain.replica && kept.seq === seq);
    const isOurs = !own || hash === null || own.hash === hash;
    return isOurs ? outbox.fork(seq) : outbox.sendAgainAfter(seq - 1);
  }

  /** The server was restored: what it no longer has goes again, of earlier replicas too (rule 3). */
  private async refill({ epoch = this.heard.epoch, have, common = 0 }: Conflict): Promise<void> {
    const { outbox, clock, store } = this.parts;
    const decided = this.parts.decided?.(common) ?? [];
    await this.restored.begin({ epoch, replica: outbox.chain.replica, had: outbox.lastAcked[0], at: clock.now(), decided });
    await this.fill((have ?? [0])[0] + 1);
    await outbox.adopt(this.parts.site());
    await this.restored.queued(outbox.unsent.filter((row) => row.verdict).length);
    this.heard = { ...this.heard, epoch };
    await store.setMeta("heard", this.heard);
  }

  private async fill(from: number): Promise<void> {
    const { outbox, context } = this.parts;
    await outbox.sendAgainAfter(from - 1);
    const first = await outbox.firstHeldAfter(from - 1);
    // The server may know more than a device that was put back: then there is nothing to fill.
    if (first > from && from <= outbox.chain.seq) await outbox.declareLost(from, first - 1, context());
    else if (from > outbox.chain.seq + 1) await outbox.fork(outbox.chain.seq);
  }
}

/** The first of these that fit into one push. */
export function whatFits(rows: Operation[], atMost: number): Operation[] {
  let bytes = 0;
  return rows.slice(0, atMost)
    .filter((row, index) => (bytes += row.text.length + CHARACTERS_OF_FRAME) < BYTES_MAX || index === 0);
}


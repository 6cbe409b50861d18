/**
 * Journal and outbox: every capture and every operation, in one queue, strictly durable before
 * anybody is told. Rows are never edited; they move to `sent` when the server has them, and only
 * a fork appends them again under a new replica (rules 1 to 3 of the device).
 */
import { bodyOf, bodyText, scansThatFit, seal } from "../core/envelope";
import type { Capture, Draft } from "../core/flow";
import type { Ack, Base, Body, Scan, Verdict } from "../core/types.gen";
import { NotRecorded } from "../engine.types";
import { ALL_STORES, type Kept, type Store } from "../store/store";
import { Turns } from "../store/turns";
import { keptOf, operationOf, type Operation } from "./operation";
import { append, newest } from "./rows";

/** Where the next operation hangs. */
export interface Chain {
  replica: string;
  seq: number;
  prev: string | null;
}

/** What is true of an operation beside its draft. */
export interface Context {
  site: string;
  actor: string;
  wall: number;
  mono: number;
  segment: string;
  base: Base | null;
  app: string;
}

export interface FlowState {
  name: string;
  state: unknown;
  at: number;
}

/** How many sent operations are read back at a start: a shift, to list and to undo. */
const SENT_KEPT_IN_MEMORY = 500;
/** `acked` of a row that a fork wrote again under another replica. */
const SUPERSEDED = 0;
const RECENT_CAPTURES = 300;

export class Outbox {
  chain: Chain = { replica: "", seq: 0, prev: null };
  /** In the order in which they were written; those that the server has acknowledged too. */
  operations: Operation[] = [];
  captures = new Map<number, Capture>();
  flows = new Map<string, FlowState>();
  private readonly recent = new Map<number, Capture>();
  private readonly store: Store;
  private readonly newReplica: () => string;
  private readonly newId: () => string;
  /** Names of flows whose state waits to be written. */
  private readonly unkept = new Set<string>();
  private lastCapture = 0;
  private readonly turns = new Turns();
  /** After a failed write the disk may hold more than we know: read it before the next one. */
  private stale = true;
  /** No chain was found: on a new device, or on one that lost its storage, perhaps while it ran. */
  begun: { before: Chain | null } | null = null;
  private readonly moved: (chain: Chain) => void;

  /** `moved` hears how far the chain has got, once that is durable. */
  constructor(store: Store, newReplica: () => string, newId: () => string, moved: (chain: Chain) => void = () => undefined) {
    this.store = store;
    this.newReplica = newReplica;
    this.newId = newId;
    this.moved = moved;
  }

  load(): Promise<void> {
    return this.inTurn(() => Promise.resolve());
  }

  /** Resolves when everything that was begun before is on the disk or has failed. */
  idle(): Promise<unknown> {
    return this.turns.idle();
  }

  get unsent(): Operation[] {
    return this.operations.filter((operation) => operation.acked === null);
  }

  /** The last operation that the server has, as far as this device knows. */
  get lastAcked(): Ack {
    const last = this.mine().filter((row) => row.acked !== null).pop();
    return last ? [last.seq, last.hash] : [0, null];
  }

  find(id: string): Operation | undefined {
    return this.operations.filter((operation) => operation.id === id).pop();
  }

  capture(read: Omit<Capture, "id">): Promise<Capture> {
    return this.inTurn(async () => {
      const capture = { ...read, id: this.lastCapture + 1 };
      await this.store.record(["journal"], (tx) => void tx.objectStore("journal").put(capture));
      this.lastCapture = capture.id;
      this.captures.set(capture.id, capture);
      return capture;
    });
  }

  drop(id: number): Promise<void> {
    return this.inTurn(async () => {
      await this.store.record(["journal", "meta"], (tx) => {
        void tx.objectStore("journal").delete(id);
        void tx.objectStore("meta").put(this.lastCapture, "capture");
      });
      this.captures.delete(id);
    });
  }

  /**
   * Keeps a flow's state between its operations. The tone must not wait for it: the captures that
   * made it are durable already, so a kill costs at most the place in the flow.
   */
  keepFlow(flow: FlowState): void {
    this.flows.set(flow.name, flow);
    const isPlanned = this.unkept.size > 0;
    this.unkept.add(flow.name);
    if (!isPlanned) void this.inTurn(() => this.keepFlows()).catch(() => undefined);
  }

  /** One strict transaction: operations, next seq, consumed captures, the flow's state. */
  write(drafts: Draft[], flow: FlowState | null, context: Context, meta: Record<string, unknown> = {}): Promise<Operation[]> {
    return this.inTurn(async () => {
      const made: Operation[] = [];
      let chain = this.chain;
      for (const draft of drafts) {
        const operation = this.make(draft, context, chain);
        chain = { ...chain, seq: operation.seq, prev: operation.hash };
        made.push(operation);
      }
      const consumed = drafts.flatMap((draft) => draft.captures);
      await this.store.record(["outbox", "meta", "journal", "flow"], async (tx, again) => {
        for (const operation of made) await append(tx, keptOf(operation), again);
        void tx.objectStore("meta").put(chain, "chain");
        // A flow remembers how far it has seen: a number that comes twice would pass for seen.
        void tx.objectStore("meta").put(this.lastCapture, "capture");
        for (const [key, value] of Object.entries(meta)) void tx.objectStore("meta").put(value, key);
        for (const id of consumed) void tx.objectStore("journal").delete(id);
        if (flow) void tx.objectStore("flow").put(flow);
      });
      this.chain = chain;
      this.moved(chain);
      this.operations.push(...made);
      if (flow) {
        this.flows.set(flow.name, flow);
        this.unkept.delete(flow.name);
      }
      for (const id of consumed) this.consume(id);
      return made;
    });
  }

  /** The server has everything up to `acked`: those rows move to `sent`. */
  acknowledge(acked: Ack, verdicts: readonly Verdict[], now: number): Promise<void> {
    return this.inTurn(async () => {
      const told = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
      const moved = this.mine().filter((operation) => operation.seq <= acked[0] && (operation.acked === null || told.has(operation.id)));
      const rows = moved.map((operation) => ({
        ...keptOf(operation),
        verdict: told.get(operation.id) ?? operation.verdict,
        acked: operation.acked ?? now,
      }));
      await this.move(rows, "outbox", "sent");
    });
  }

  /** The server does not have what follows `seq` any more: those rows are to be sent again. */
  sendAgainAfter(seq: number): Promise<void> {
    return this.inTurn(async () => {
      const rows = await this.sentAfter(seq);
      await this.move(rows.map((row) => ({ ...row, acked: null })), "sent", "outbox");
    });
  }

  /** The lowest seq that this device still holds of its replica, or the next one. */
  async firstHeldAfter(seq: number): Promise<number> {
    const held = [...(await this.sentAfter(seq)), ...this.unsent].map((row) => row.seq);
    return Math.min(this.chain.seq + 1, ...held.filter((other) => other > seq));
  }

  /** Fills a hole that only this device could fill, and cannot: says that it is lost. */
  declareLost(from: number, through: number, context: Context): Promise<void> {
    return this.inTurn(async () => {
      const did = { verb: "lost", through_seq: through, reason: "not on the device any more" } as const;
      const draft = { did, task: null, assumed: [], captures: [], consent: null };
      const chain = { replica: this.chain.replica, seq: from - 1, prev: null };
      const operation = this.make(draft, context, chain);
      await this.store.record(["outbox"], (tx, again) => append(tx, keptOf(operation), again));
      this.operations = this.inOrder([...this.operations, operation]);
    });
  }

  /** Another device wrote on this chain: go on under a new replica, everything after `seq` again. */
  fork(seq: number): Promise<void> {
    return this.inTurn(async () => {
      const again = [...(await this.sentAfter(seq)), ...this.mine().filter((row) => row.acked === null)];
      await this.appendAgain(again.sort((a, b) => a.seq - b.seq), { replica: this.newReplica(), seq: 0, prev: null });
    });
  }

  /** All of this chain is sent, and the device is another one now: it goes on as a new replica. */
  beginAnew(empty: boolean, meta: Record<string, unknown>): Promise<boolean> {
    return this.inTurn(async () => {
      // Somebody was quicker: that goes first, under the chain of before.
      if (this.unsent.length) return false;
      const chain = { replica: this.newReplica(), seq: 0, prev: null };
      await this.store.record([...ALL_STORES], (tx) => {
        if (empty) for (const name of ALL_STORES) void tx.objectStore(name).clear();
        void tx.objectStore("meta").put(chain, "chain");
        for (const [key, value] of Object.entries(meta)) void tx.objectStore("meta").put(value, key);
      });
      await this.reload();
      this.moved(this.chain);
      return true;
    });
  }

  /** What was sent under replicas of before goes to a restored server again, in this chain. */
  adopt(site: string): Promise<void> {
    return this.inTurn(async () => {
      const sent = await this.store.read(["sent"], (tx) => tx.objectStore("sent").getAll());
      const isOurs = ({ site: of, did }: Body): boolean => of === site && did.verb !== "lost";
      const old = sent.filter((row) => row.replica !== this.chain.replica && row.acked !== SUPERSEDED
        && isOurs(operationOf(row).body));
      if (old.length) await this.appendAgain(old, this.chain);
    });
  }

  /** Writes rows at the end of a chain, under the ids and with the verdicts that they have. */
  private async appendAgain(again: Kept[], end: Chain): Promise<void> {
    let chain = end;
    const made = again.map((old): Kept => {
      const link = { replica: chain.replica, seq: chain.seq + 1, prev: chain.prev };
      const sealed = seal(link, bodyOf(old.text));
      chain = { replica: chain.replica, seq: link.seq, prev: sealed.hash };
      const first = old.first ?? [old.replica, old.seq];
      return { ...old, replica: link.replica, seq: link.seq, ...sealed, acked: null, first };
    });
    await this.store.record(["outbox", "sent", "meta"], async (tx, retry) => {
      for (const kept of made) await append(tx, kept, retry);
      for (const old of again) {
        void tx.objectStore("outbox").delete([old.replica, old.seq]);
        void tx.objectStore("sent").put({ ...keptOf(operationOf(old)), acked: SUPERSEDED });
      }
      void tx.objectStore("meta").put(chain, "chain");
    });
    await this.reload();
    this.moved(this.chain);
  }

  /** Rule 8: what is durable twice elsewhere, or old where no backup is named. */
  prune(mayGo: (row: Kept) => boolean): Promise<void> {
    return this.inTurn(async () => {
      await this.store.keep(["sent"], async (tx) => {
        for await (const cursor of tx.objectStore("sent")) if (mayGo(cursor.value)) await cursor.delete();
      });
      // A page may stay open for weeks: it remembers no more than one that is opened anew.
      await this.reload();
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.take(async () => {
      if (this.stale) await this.reload().catch(notRecorded);
      try {
        return await work();
      } catch (error) {
        this.stale = true;
        throw error;
      }
    });
  }

  private async keepFlows(): Promise<void> {
    const flows = [...this.unkept].flatMap((name) => this.flows.get(name) ?? []);
    this.unkept.clear();
    await this.store.keep(["flow"], (tx) => {
      for (const flow of flows) void tx.objectStore("flow").put(flow);
    });
  }

  private async reload(): Promise<void> {
    const [chain, last, captures, flows, unsent, sent] = await this.store.read(
      ["meta", "journal", "flow", "outbox", "sent"],
      async (tx) => Promise.all([
        tx.objectStore("meta").get("chain") as Promise<Chain | undefined>,
        tx.objectStore("meta").get("capture") as Promise<number | undefined>,
        tx.objectStore("journal").getAll(),
        tx.objectStore("flow").getAll(),
        tx.objectStore("outbox").getAll(),
        newest(tx, SENT_KEPT_IN_MEMORY),
      ]),
    );
    this.chain = chain ?? (await this.mint());
    this.captures = new Map(captures.map((capture) => [capture.id, capture]));
    this.lastCapture = Math.max(this.lastCapture, last ?? 0, ...captures.map((capture) => capture.id));
    // What waits to be kept is newer than what is on the disk.
    const newer = [...this.flows].filter(([name]) => this.unkept.has(name));
    this.flows = new Map([...flows.map((flow): [string, FlowState] => [flow.name, flow]), ...newer]);
    const here = new Set(unsent.map((row) => row.id));
    // What a fork left under an old replica is here again under the new one.
    const done = sent.filter((row) => !here.has(row.id) && row.acked !== SUPERSEDED);
    this.operations = this.inOrder([...done, ...unsent].map(operationOf));
    this.stale = false;
  }

  /** Kept at once: a replica that was seen by the server and forgotten here would hold the watermark. */
  private async mint(): Promise<Chain> {
    const chain = { replica: this.newReplica(), seq: 0, prev: null };
    await this.store.record(["meta"], (tx) => void tx.objectStore("meta").put(chain, "chain"));
    this.begun = { before: this.chain.replica ? this.chain : null };
    return chain;
  }

  /** Operations of replicas before this one first, then this chain. */
  private inOrder(operations: Operation[]): Operation[] {
    const isMine = (operation: Operation): number => Number(operation.replica === this.chain.replica);
    return operations.sort((a, b) =>
      isMine(a) - isMine(b) || (a.replica === b.replica ? a.seq - b.seq : a.body.wall - b.body.wall));
  }

  private mine(): Operation[] {
    return this.operations.filter((operation) => operation.replica === this.chain.replica);
  }

  private sentAfter(seq: number): Promise<Kept[]> {
    const { replica } = this.chain;
    const range = IDBKeyRange.bound([replica, seq + 1], [replica, Number.MAX_SAFE_INTEGER]);
    return this.store.read(["sent"], (tx) => tx.objectStore("sent").getAll(range));
  }

  private async move(rows: Kept[], from: "outbox" | "sent", to: "outbox" | "sent"): Promise<void> {
    if (!rows.length) return;
    await this.store.keep([from, to], (tx) => {
      for (const row of rows) {
        void tx.objectStore(from).delete([row.replica, row.seq]);
        void tx.objectStore(to).put(row);
      }
    });
    const moved = new Map(rows.map((row) => [row.seq, row]));
    const kept = this.operations.filter((old) => old.replica !== this.chain.replica || !moved.has(old.seq));
    this.operations = this.inOrder([...kept, ...rows.map(operationOf)]);
  }

  private make(draft: Draft, context: Context, chain: Chain): Operation {
    const link = { replica: chain.replica, seq: chain.seq + 1, prev: chain.prev };
    const id = this.newId();
    const text = bodyText(fields(id, draft, context, this.scansOf(draft, context.segment)));
    const kept = { ...link, id, ...seal(link, text), verdict: null, acked: null };
    return { ...kept, body: JSON.parse(text) as Body };
  }

  /** A scan of another clock segment than the operation's says so. */
  private scansOf(draft: Draft, own: string): Scan[] {
    const read = draft.captures.flatMap((id) => this.captures.get(id) ?? this.recent.get(id) ?? []);
    return scansThatFit(read.map(({ raw, source, wall, symbology, segment }) => (
      { raw, source, wall, symbology, ...(segment !== own && { segment }) })));
  }

  /** A capture may make a second operation in the same breath, so it is remembered for a while. */
  private consume(id: number): void {
    const capture = this.captures.get(id);
    if (!capture) return;
    this.captures.delete(id);
    this.recent.set(id, capture);
    for (const old of this.recent.keys()) {
      if (this.recent.size <= RECENT_CAPTURES) break;
      this.recent.delete(old);
    }
  }
}

function fields(id: string, draft: Draft, context: Context, scans: Scan[]): Omit<Body, "v" | "class"> {
  const { site, actor, wall, mono, segment, base, app } = context;
  const { consent, task, assumed, did } = draft;
  return {
    id, site, actor, wall, mono, segment,
    ...(consent && { consent }),
    ...(base && { base }),
    ...(scans.length && { scans }),
    ...(task && { task }),
    ...(assumed.length && { assumed }),
    did, app,
  };
}

function notRecorded(cause: unknown): never {
  throw new NotRecorded("the device's memory cannot be read", { cause });
}

/** A server in memory that keeps the protocol: push with 409, 413 and verdicts, pull, snapshot. */
import { bodyOf } from "../src/core/envelope";
import { feedKey, sha256Hex } from "../src/core/hashing";
import { nameOf, Scope } from "../src/core/scope";
import { keyText, placeText } from "../src/core/stock";
import { FEED_KEYS } from "../src/core/types.gen";
import type { Ack, Body, Chunk, Conflict, Dated, Envelope, Page, Pushed, Row, Snapshot, Verdict } from "../src/core/types.gen";
import { Offline, Problem, type Wire } from "../src/push/wire";

interface Taken {
  /** Null at the end of a hole. */
  hash: string | null;
  text: string;
}

interface Pushing {
  replica: string;
  epoch: number;
  unsent: number;
  echo: number;
  leaving: boolean;
  segment: string;
  exchanges: { segment: string }[];
  dated: Dated[];
  operations: Envelope[];
}

export class FakeServer implements Wire {
  epoch = 1;
  now = 1_000_000;
  chains = new Map<string, Taken[]>();
  verdicts = new Map<string, Verdict>();
  contents = new Map<string, string>();
  pushes: Pushing[] = [];
  watermarks = new Map<string, number>();
  /** The next answers are lost after the commit. */
  losesAnswers = 0;
  isAway = false;
  refuses: Problem | null = null;
  /** The device has brought all that one may bring in a day. */
  isDayFull = false;
  bytesMax = Infinity;
  snapshots = 0;
  chunksFetched: string[] = [];
  /** Chunks to serve before the network goes. */
  chunksUntilAway = Infinity;
  private log: { seq: number; rows: Row[]; acks: Record<string, Ack> }[] = [];
  private images = new Map<string, Row>();
  private stock = new Map<string, number>();
  private chunks = new Map<string, Chunk>();

  get seq(): number {
    return this.log.length;
  }

  holding(place: string, key: string): number {
    return this.stock.get(feedKey(place, key)) ?? 0;
  }

  /** A change of master data, as the desk makes it. */
  tell(kind: string, key: string, payload: unknown): void {
    this.record([[kind, key, this.seq + 1, payload]]);
  }

  /** A restore from a backup: what came after `seq` of each chain is gone, the epoch is new. */
  restore(keep: number): void {
    this.epoch += 1;
    for (const [replica, chain] of this.chains) this.chains.set(replica, chain.slice(0, keep));
    const sealed = new Map(this.verdicts);
    this.verdicts = new Map();
    this.log = [];
    this.images = new Map();
    this.stock = new Map();
    const again = [...this.chains];
    this.chains = new Map(again.map(([replica]) => [replica, []]));
    for (const [replica, chain] of again) for (const taken of chain) {
      this.take(replica, taken, sealed.get((JSON.parse(bodyOf(taken.text)) as Body).id) as Dated | undefined);
    }
  }

  async post<T>(path: string, text: string): Promise<T> {
    await this.travel();
    if (path !== "/sync/push") throw new Problem(404, null, null);
    if (this.refuses) throw this.refuses;
    if (this.isDayFull && text.includes('"link"')) throw new Problem(429, { code: "day_full", detail: "Enough for today." }, 900_000);
    if (text.length > this.bytesMax) throw new Problem(413, { code: "TOO_LARGE" }, null);
    const pushing = JSON.parse(text) as Pushing;
    this.pushes.push(pushing);
    const conflict = this.conflictOf(pushing);
    if (conflict) throw new Problem(409, conflict, null);
    const answer = this.push(pushing);
    if (this.losesAnswers > 0) {
      this.losesAnswers -= 1;
      throw new Offline("the answer was lost");
    }
    return structuredClone(answer) as T;
  }

  async get<T>(path: string): Promise<T> {
    await this.travel();
    if (this.refuses) throw this.refuses;
    const url = new URL(path, "http://server");
    if (url.pathname === "/sync/pull") return this.page(url.searchParams.get("cursor") ?? "", url.searchParams.get("replica") ?? "") as T;
    if (url.pathname === "/sync/snapshot") return this.snapshot(url.searchParams.get("replica") ?? "") as T;
    const hash = url.pathname.split("/").pop() ?? "";
    if (this.chunksUntilAway-- <= 0) throw new Offline("the network went");
    this.chunksFetched.push(hash);
    return structuredClone(this.chunks.get(hash)) as T;
  }

  listen(): Promise<void> {
    return Promise.resolve();
  }

  private async travel(): Promise<void> {
    await Promise.resolve();
    if (this.isAway) throw new Offline("no network");
  }

  private conflictOf(pushing: Pushing): Conflict | null {
    const chain = this.chains.get(pushing.replica) ?? [];
    const have: Ack = [chain.length, chain.at(-1)?.hash ?? null];
    if (pushing.epoch !== this.epoch) return { code: "epoch", epoch: this.epoch, have };
    const first = pushing.operations[0];
    if (first && first.link.seq > chain.length + 1) return { code: "gap", need_from: chain.length + 1 };
    let expected = first?.link.seq ?? 0;
    let before = chain[expected - 2]?.hash ?? null;
    for (const operation of pushing.operations) {
      const { seq, prev } = operation.link;
      const { did } = operation.body as Body;
      if (seq !== expected) return { code: "gap", need_from: expected };
      // What follows a hole hangs on an envelope that nobody has any more.
      if (before !== null && prev !== before && did.verb !== "lost") return { code: "fork", have };
      expected = (did.verb === "lost" ? did.through_seq : seq) + 1;
      before = did.verb === "lost" ? null : sha256Hex(JSON.stringify(operation));
    }
    for (const { link, ...rest } of pushing.operations) {
      const mine = chain[link.seq - 1];
      if (mine && mine.hash !== sha256Hex(JSON.stringify({ link, ...rest }))) {
        return { code: "fork", have: [link.seq - 1, chain[link.seq - 2]?.hash ?? null] };
      }
    }
    return null;
  }

  private push({ replica, operations, unsent, echo, dated }: Pushing): Pushed {
    this.now += 10;
    for (const operation of operations) {
      const text = JSON.stringify(operation);
      const chain = this.chains.get(replica) ?? [];
      if (operation.link.seq > chain.length) {
        this.take(replica, { text, hash: sha256Hex(text) }, dated.find(({ id }) => id === (operation.body as Body).id));
      }
    }
    if (unsent === 0) this.watermarks.set(replica, echo);
    const chain = this.chains.get(replica) ?? [];
    return {
      epoch: this.epoch,
      acked: [chain.length, chain.at(-1)?.hash ?? null],
      verdicts: operations.flatMap(({ body }) => this.verdicts.get((body as Body).id) ?? []),
      server_now: this.now,
      watermark: Math.min(...this.watermarks.values(), this.now),
      durable_through: null, minimum_app: "", retry_after_ms: 0, mac: "1.mac",
    };
  }

  private take(replica: string, taken: Taken, dated: Dated | undefined): void {
    const body = JSON.parse(bodyOf(taken.text)) as Body;
    const chain = [...(this.chains.get(replica) ?? []), taken];
    // A lost operation covers its hole.
    if (body.did.verb === "lost") {
      while (chain.length < body.did.through_seq) chain.push(taken);
      chain[chain.length - 1] = { ...taken, hash: null };
    }
    this.chains.set(replica, chain);
    const isNew = !this.contents.has(body.id) || !this.verdicts.has(body.id);
    this.contents.set(body.id, sha256Hex(bodyOf(taken.text)));
    const rows = isNew ? this.effects(body) : [];
    this.record(rows);
    if (!isNew) return;
    this.verdicts.set(body.id, {
      id: body.id, outcome: "posted", ledger_seq: this.seq, times: dated?.times ?? { own: this.now }, u: dated?.u ?? 250,
      trust: "high", seal: dated?.seal ?? `seal-${this.now}`, flags: [],
    });
  }

  private effects({ did }: Body): Row[] {
    if (did.verb !== "receive" && did.verb !== "move") return [];
    const entries: [string, number][] = [[placeText(did.to), did.quantity ?? 0]];
    if (did.verb === "move" && did.from) entries.push([placeText(did.from), -(did.quantity ?? 0)]);
    return entries.map(([place, quantity]): Row => {
      const key = did.key ? keyText(did.key) : "";
      const total = this.holding(place, key) + quantity;
      this.stock.set(feedKey(place, key), total);
      const payload = { place, key, item: did.key?.item, quantity: total };
      return ["holding", feedKey(place, key), this.seq + 1, payload];
    });
  }

  private record(rows: Row[]): void {
    const acks = Object.fromEntries([...this.chains].map(([replica, chain]): [string, Ack] => [replica, [chain.length, chain.at(-1)?.hash ?? null]]));
    this.log.push({ seq: this.seq + 1, rows, acks });
    for (const row of rows) {
      if (row[3] === null) this.images.delete(`${row[0]}\n${row[1]}`);
      else this.images.set(`${row[0]}\n${row[1]}`, row);
    }
  }

  private get cursor(): string {
    return `${this.epoch}.${this.seq}.hash.mac`;
  }

  private get scope(): string {
    const scope = new Scope();
    for (const [kind, key, version] of this.images.values()) scope.add(nameOf(kind, key), version);
    return String(scope);
  }

  /** Of the replica that asks, and of no other. */
  private acksOf(replica: string): Record<string, Ack> {
    return { [replica]: this.log.at(-1)?.acks[replica] ?? [0, null] };
  }

  private page(cursor: string, replica: string): Page {
    const [epoch, seq] = cursor.split(".").map(Number);
    if (epoch !== this.epoch) throw new Problem(410, { code: "epoch" }, null);
    const entries = this.log.filter((entry) => entry.seq > (seq ?? 0));
    return structuredClone({
      epoch: this.epoch, cursor: this.cursor, more: false, scope: this.scope,
      rows: entries.flatMap((entry) => entry.rows),
      acks: this.acksOf(replica),
      server_now: this.now, watermark: 0,
    });
  }

  private snapshot(replica: string): Snapshot {
    this.snapshots += 1;
    const kinds = new Map<string, Row[]>();
    for (const row of this.images.values()) kinds.set(row[0], [...(kinds.get(row[0]) ?? []), row]);
    const chunks = [...kinds].map(([kind, rows]) => {
      const chunk = chunkOf(kind, rows);
      const hash = sha256Hex(JSON.stringify(chunk));
      this.chunks.set(hash, chunk);
      return { hash, kind, rows: rows.length, bytes: 1 };
    });
    return { epoch: this.epoch, cursor: this.cursor, scope: this.scope, acks: this.acksOf(replica), chunks, server_now: this.now };
  }
}

function chunkOf(kind: string, rows: Row[]): Chunk {
  const fields = Object.keys((rows[0]?.[3] ?? {}) as object);
  const column = (field: string): unknown[] => rows.map((row) => (row[3] as Record<string, unknown>)[field]);
  const columns = Object.fromEntries(fields.map((field) => {
    const values = column(field);
    if (!values.every((value) => typeof value === "string" || value === null)) return [field, { values }];
    const texts = [...new Set(values.filter((value) => value !== null))];
    return [field, { texts, codes: values.map((value) => texts.indexOf(value as string)) }];
  }));
  return { kind, rows: rows.length, key: [...FEED_KEYS[kind as keyof typeof FEED_KEYS]], versions: rows.map((row) => row[2]), columns };
}

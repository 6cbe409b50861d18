/**
 * Downloads: pages of absolute images, applied to disk first and to memory then. An operation
 * leaves the fold only when the acknowledgements of the same page cover it. A scope that differs
 * at a page's end, or a cursor that the server no longer knows, starts from a snapshot again.
 */
import { Replica, blockOf, scopeOfBlock, type Block } from "../core/replica";
import { Scope } from "../core/scope";
import type { SiteView } from "../core/site-view";
import type { Ack, Base, Page, Row } from "../core/types.gen";
import type { Outbox } from "../outbox/outbox";
import type { Operation } from "../outbox/operation";
import { chunk, Problem, pull, snapshot, type Wire } from "../push/wire";
import type { Store } from "../store/store";

/** Where this device stands in the site's feed. */
export interface Position {
  cursor: string;
  scope: string;
  /** Acknowledged per replica, as of the cursor. */
  covered: Record<string, number>;
  /** Device time of the last page that reached the head. */
  at: number | null;
  watermark: number | null;
  /** Names of the kept blocks that the overlay lies upon. */
  blocks: string[];
}

export interface FeedParts {
  store: Store;
  outbox: Outbox;
  view: SiteView;
  wire: Wire;
  /** Rows are on their way into the picture. */
  saw(rows: readonly Row[]): Promise<void>;
  now(): number;
  changed(): void;
  /** Lets the queue meet a restored server first. */
  restored?(): Promise<unknown>;
}

const NOWHERE: Position = { cursor: "", scope: "0", covered: {}, at: null, watermark: null, blocks: [] };
/** Parts in one transaction: one for each took the disk longer than the bytes. */
const WRITTEN_AT_ONCE = 8;
const OVERLAY_ROWS_MAX = 5_000;

export class Feed {
  position: Position = NOWHERE;
  private overlayRows = 0;
  private readonly parts: FeedParts;

  constructor(parts: FeedParts) {
    this.parts = parts;
  }

  /** Brings back what is kept; an unreadable replica only costs a new snapshot. */
  async load(): Promise<void> {
    const { store, view } = this.parts;
    const [position, blocks, overlay] = await store.read(["meta", "blocks", "overlay"], async (tx) => {
      const told = (await tx.objectStore("meta").get("feed")) as Position | undefined;
      const kept = await Promise.all((told?.blocks ?? []).map((name) => tx.objectStore("blocks").get(name)));
      return [told, kept, await tx.objectStore("overlay").getAll()] as const;
    });
    if (!position || blocks.some((block) => !block)) return;
    const replica = new Replica();
    for (const block of blocks) if (block) replica.load(block);
    replica.load({ kind: "overlay", rows: overlay });
    replica.scope = Scope.of(position.scope);
    view.replica = replica;
    this.position = position;
    this.overlayRows = overlay.length;
    this.refold();
  }

  /** Pulls to the head. */
  async run(): Promise<void> {
    if (!this.position.cursor) return this.bootstrap();
    try {
      for (;;) {
        const page = await pull(this.parts.wire, this.position.cursor, this.parts.outbox.chain.replica);
        if (!(await this.apply(page))) return await this.bootstrap();
        if (!page.more) break;
      }
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 410) throw error;
      // What only the old picture tells must be remembered before a new one takes its place.
      if (error.code === "epoch") await this.parts.restored?.().catch(() => undefined);
      return this.bootstrap();
    }
    if (this.overlayRows > OVERLAY_ROWS_MAX) await this.compact();
  }

  /** Nothing is known of the site any more, in memory; whoever calls has wiped the disk. */
  forget(): void {
    this.parts.view.replica = new Replica();
    this.position = NOWHERE;
    this.refold();
  }

  /** Shown state again, after a page or a write. */
  refold(): void {
    const { outbox, view } = this.parts;
    const pending = outbox.operations.filter((operation) => !this.covers(operation));
    view.refold(pending.map((operation) => operation.body), (id) => outbox.find(id)?.body);
  }

  /** Whether the replica already holds what an operation did. */
  covers(operation: Operation): boolean {
    if (operation.seq <= (this.position.covered[operation.replica] ?? 0)) return true;
    // Pages tell no more of a replica before a fork: then its verdict says where it is.
    const seq = operation.verdict?.ledger_seq;
    return operation.acked !== null && operation.replica !== this.parts.outbox.chain.replica
      && (seq === undefined || seq <= seqOf(this.position.cursor));
  }

  private async apply(page: Page): Promise<boolean> {
    const { store, view, now } = this.parts;
    const { rows } = page;
    await this.parts.saw(rows);
    const position: Position = {
      ...this.position,
      cursor: page.cursor,
      scope: page.scope,
      covered: coveredBy(this.position.covered, page.acks),
      at: page.more ? this.position.at : now(),
      watermark: page.watermark,
    };
    await store.keep(["overlay", "meta"], (tx) => {
      for (const row of rows) void tx.objectStore("overlay").put(row, `${row[0]}\n${row[1]}`);
      void tx.objectStore("meta").put(position, "feed");
    });
    view.replica.apply(rows);
    this.position = position;
    this.overlayRows += rows.length;
    this.refold();
    this.parts.changed();
    return String(view.replica.scope) === page.scope;
  }

  /** Stages chunks, pulls to the head, then flips in one transaction. */
  private async bootstrap(): Promise<void> {
    const { wire, outbox } = this.parts;
    const told = await snapshot(wire, outbox.chain.replica);
    const replica = await this.stage(told.chunks.map(({ hash }) => hash));
    if (String(replica.scope) !== told.scope) return this.discard(told.chunks.map(({ hash }) => hash));
    let position: Position = {
      ...NOWHERE,
      cursor: told.cursor,
      scope: told.scope,
      covered: coveredBy({}, told.acks),
      blocks: told.chunks.map(({ hash }) => hash),
    };
    const overlay: Row[] = [];
    for (let more = true; more; ) {
      const page = await pull(wire, position.cursor, outbox.chain.replica);
      const { rows } = page;
      await this.parts.saw(rows);
      replica.apply(rows);
      overlay.push(...rows);
      more = page.more;
      if (String(replica.scope) !== page.scope) return this.discard(position.blocks);
      position = {
        ...position,
        cursor: page.cursor,
        scope: page.scope,
        covered: coveredBy(position.covered, page.acks),
        at: this.parts.now(),
        watermark: page.watermark,
      };
    }
    await this.flip(replica, position, overlay);
  }

  /** A chunk that is kept already is not fetched again: a broken download goes on. */
  private async stage(names: string[]): Promise<Replica> {
    const { store } = this.parts;
    const here = new Set(await store.read(["blocks"], (tx) => tx.objectStore("blocks").getAllKeys()));
    const replica = new Replica();
    let fresh: [name: string, block: Block][] = [];
    let keeping: Promise<void> = Promise.resolve();
    const keep = async (): Promise<void> => {
      const blocks = fresh;
      fresh = [];
      await keeping;
      keeping = store.keep(["blocks"], (tx) => {
        for (const [name, block] of blocks) void tx.objectStore("blocks").put(block, name);
      });
      // It is said where it is waited for.
      keeping.catch(() => undefined);
    };
    try {
      for (const name of names) {
        const kept = here.has(name) && (await store.read(["blocks"], (tx) => tx.objectStore("blocks").get(name)));
        const block = kept || (await this.fetched(name));
        replica.load(block);
        // Part by part, so that the screen answers meanwhile.
        replica.scope.addAll(scopeOfBlock(block));
        if (!kept) fresh.push([name, block]);
        // While some are written the next are fetched and read.
        if (fresh.length === WRITTEN_AT_ONCE) await keep();
      }
    } finally {
      if (fresh.length) await keep();
      await keeping;
    }
    return replica;
  }

  private async fetched(name: string): Promise<Block> {
    const { wire, saw } = this.parts;
    const fresh = blockOf(await chunk(wire, name));
    if ("rows" in fresh) await saw(fresh.rows);
    return fresh;
  }

  /** What does not add up is fetched anew at the next try; the picture on the screen stays. */
  private async discard(names: string[]): Promise<never> {
    await this.parts.store.keep(["blocks"], (tx) => {
      for (const name of names) void tx.objectStore("blocks").delete(name);
    });
    throw new Error("the snapshot does not add up to its scope");
  }

  private async compact(): Promise<void> {
    const { view } = this.parts;
    const blocks = new Map<string, Block>();
    const stamp = this.position.cursor;
    for (const block of view.replica.blocks()) blocks.set(`${stamp}/${blocks.size}`, block);
    await this.flip(view.replica, { ...this.position, blocks: [...blocks.keys()] }, [], blocks);
  }

  private async flip(
    replica: Replica,
    position: Position,
    overlay: Row[],
    blocks: ReadonlyMap<string, Block> = new Map(),
  ): Promise<void> {
    const current = new Set(position.blocks);
    await this.parts.store.keep(["blocks", "overlay", "meta"], async (tx) => {
      const names = await tx.objectStore("blocks").getAllKeys();
      for (const name of names) if (!current.has(name)) void tx.objectStore("blocks").delete(name);
      for (const [name, block] of blocks) void tx.objectStore("blocks").put(block, name);
      void tx.objectStore("overlay").clear();
      for (const row of overlay) void tx.objectStore("overlay").put(row, `${row[0]}\n${row[1]}`);
      void tx.objectStore("meta").put(position, "feed");
    });
    this.parts.view.replica = replica;
    this.position = position;
    this.overlayRows = overlay.length;
    this.refold();
    this.parts.changed();
  }
}

function coveredBy(before: Record<string, number>, acks: Record<string, Ack>): Record<string, number> {
  return { ...before, ...Object.fromEntries(Object.entries(acks).map(([replica, [seq]]) => [replica, seq])) };
}

/** `<epoch>.<seq>.<hash>.<mac>` */
export function seqOf(cursor: string): number {
  return Number(cursor.split(".")[1] ?? 0);
}

export function epochOf(cursor: string): number {
  return Number(cursor.split(".")[0] ?? 0);
}

/** What an operation was based on. */
export function baseOf(cursor: string): Base | null {
  return cursor ? { epoch: epochOf(cursor), cursor: seqOf(cursor), hash: cursor.split(".")[2] ?? null } : null;
}

export { ownDecisions } from "./own-decisions";

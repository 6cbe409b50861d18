/**
 * Numbers for lots that came without a code, given to this replica in blocks so that two devices
 * can never print the same one. When none is left, the operation's own kind of id stands in.
 */
import type { Wire } from "../push/wire";
import type { Store } from "../store/store";

interface Block {
  prefix: string;
  first: number;
  count: number;
}

const REFILL_BELOW = 200;

export class LotNumbers {
  blocks: Block[] = [];
  private replica = "";
  private readonly store: Store;
  private readonly wire: Wire;
  private readonly spare: () => string;

  constructor(store: Store, wire: Wire, spare: () => string) {
    this.store = store;
    this.wire = wire;
    this.spare = spare;
  }

  async load(): Promise<void> {
    const kept = await this.store.meta<{ replica: string; blocks: Block[] }>("lots");
    if (kept) ({ replica: this.replica, blocks: this.blocks } = kept);
  }

  /** What a write keeps in its own transaction, so that a used number stays used. */
  get kept(): { replica: string; blocks: Block[] } {
    return { replica: this.replica, blocks: this.blocks };
  }

  next(): string {
    const [block, ...rest] = this.blocks;
    if (!block) return this.spare();
    const left = { ...block, first: block.first + 1, count: block.count - 1 };
    this.blocks = left.count > 0 ? [left, ...rest] : rest;
    return `${block.prefix}${block.first}`;
  }

  async refill(replica: string): Promise<void> {
    // A new replica may stand on a restored disk, whose numbers another device has had since.
    if (replica !== this.replica) this.blocks = [];
    this.replica = replica;
    if (this.blocks.reduce((sum, block) => sum + block.count, 0) >= REFILL_BELOW) return;
    const fresh = await this.wire.post<Block>("/sync/blocks", JSON.stringify({ replica }));
    this.blocks = [...this.blocks, fresh];
    await this.store.setMeta("lots", this.kept);
  }
}

/** What a bootstrap asks for, fetched before: `fetch` answers from memory then, so no network is measured. */
import { pullPath } from "../src/push/wire";
import type { Snapshot } from "../src/core/types.gen";

export const REPLICA = "0".repeat(32);

export class Memory {
  readonly chunks: ArrayBuffer[] = [];
  private readonly answers = new Map<string, ArrayBuffer>();
  private readonly network = globalThis.fetch.bind(globalThis);

  async fill(headers: Record<string, string>): Promise<void> {
    const told = await this.ask(`/sync/snapshot?replica=${REPLICA}`, headers);
    const { chunks, cursor } = JSON.parse(new TextDecoder().decode(told)) as Snapshot;
    for (const { hash } of chunks) this.chunks.push(await this.ask(`/sync/snapshot/${hash}`, headers));
    await this.ask(pullPath(cursor, REPLICA), headers);
    globalThis.fetch = (path) => Promise.resolve(new Response(this.answers.get(String(path)) ?? null));
  }

  forget(): void {
    this.answers.clear();
    this.chunks.length = 0;
  }

  private async ask(path: string, headers: Record<string, string>): Promise<ArrayBuffer> {
    const bytes = await (await this.network(path, { headers })).arrayBuffer();
    this.answers.set(path, bytes);
    return bytes;
  }
}

/**
 * Pushes what was rescued as the replica that it is, and names this device as the carrier.
 * It repairs a chain as that device would; one rescue that cannot go on never holds up another.
 */
import { bodyText } from "../core/envelope";
import type { Conflict, Proof, Pushed } from "../core/types.gen";
import { PUSH_OPERATIONS_MAX } from "../core/types.gen";
import type { Context } from "../outbox/operation";
import type { Operation } from "../outbox/operation";
import { whatFits, type Clock } from "../push/push";
import { datedOf } from "../push/restored";
import { Problem, type Wire } from "../push/wire";
import type { Brought } from "../store/store";
import type { Rescued } from "./rescued";

export interface CarrierParts {
  rescued: Rescued;
  wire: Wire;
  clock: Clock;
  site(): string;
  /** This device's own replica. */
  replica(): string;
  /** What proves decisions of somebody who is signed in here. */
  prove?(batch: readonly Operation[]): Proof[];
  epoch(): number;
  cursor(): string;
  context(): Context;
  newId(): string;
}

/** For each rescue and run; the next run tries again. */
const REPAIRS_MAX = 12;

export class Carrier {
  /** What the server said of a replica that it did not take. */
  readonly problems = new Map<string, string>();
  private readonly parts: CarrierParts;
  private readonly atMost = new Map<string, number>();

  constructor(parts: CarrierParts) {
    this.parts = parts;
  }

  async run(): Promise<void> {
    // What a fork adds on the way is carried too.
    for (const { replica, sentIn, site } of this.parts.rescued.bundles.values()) {
      if (site !== this.parts.site()) continue;
      try {
        if (sentIn !== null && sentIn !== this.parts.epoch()) await this.parts.rescued.sendAgainAfter(replica, 0);
        await this.carry(replica);
        this.problems.delete(replica);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === "rescue_unsigned") await this.parts.rescued.disown(replica);
        else this.problems.set(replica, error.message);
      }
    }
  }

  private async carry(replica: string): Promise<void> {
    for (let repairs = 0; ; ) {
      const bundle = this.parts.rescued.bundles.get(replica);
      const unsent = this.parts.rescued.unsentOf(replica);
      if (!bundle || !unsent.length) return;
      const batch = whatFits(unsent, this.atMost.get(replica) ?? PUSH_OPERATIONS_MAX);
      try {
        const pushed = await this.parts.wire.post<Pushed>("/sync/push", this.text(bundle, batch, unsent.length - batch.length));
        await this.took(replica, batch, pushed);
      } catch (error) {
        if (!(error instanceof Problem) || ++repairs > REPAIRS_MAX) throw error;
        if (error.status === 413 && batch.length > 1) this.atMost.set(replica, Math.ceil(batch.length / 2));
        else if (error.status !== 409 || !(await this.repair(replica, error.body as Conflict))) throw error;
      }
    }
  }

  private text(bundle: Brought, batch: Operation[], unsent: number): string {
    const { clock, replica, epoch, cursor } = this.parts;
    const frame = {
      v: 1, site: bundle.site, replica: bundle.replica, carrier: replica(), device: bundle.device,
      epoch: epoch(), cursor: cursor(), sent: clock.now(), segment: clock.segment(),
      exchanges: bundle.exchanges, unsent, echo: 0, dated: batch.flatMap(datedOf),
      marks: batch.map((row) => row.mark ?? null), ...(bundle.signed && { signed: bundle.signed }),
      proofs: this.parts.prove?.(batch) ?? [],
    };
    return `${JSON.stringify(frame).slice(0, -1)},"operations":[${batch.map((row) => row.text).join(",")}]}`;
  }

  private async took(replica: string, batch: Operation[], pushed: Pushed): Promise<void> {
    const { rescued } = this.parts;
    await rescued.acknowledge(replica, pushed, pushed.server_now);
    // Taken and not acknowledged: the next run asks again, this one does not hammer.
    if (rescued.unsentOf(replica)[0]?.id === batch[0]?.id) throw new Problem(503, null, null);
  }

  /** Whether there is anything to try again at once. */
  private async repair(replica: string, conflict: Conflict): Promise<boolean> {
    const { rescued } = this.parts;
    const have = conflict.have?.[0] ?? 0;
    switch (conflict.code) {
      case "fork":
        await rescued.fork(replica, have);
        return true;
      case "gap":
        await this.fill(replica, conflict.need_from ?? 1);
        return true;
      case "epoch":
        await rescued.sendAgainAfter(replica, have);
        // The device's own push is the one that learns the new epoch.
        return conflict.epoch === this.parts.epoch();
    }
  }

  private async fill(replica: string, from: number): Promise<void> {
    const { rescued, context, newId } = this.parts;
    await rescued.sendAgainAfter(replica, from - 1);
    const first = rescued.of(replica).find((row) => row.seq >= from)?.seq;
    if (first === undefined || first === from) return;
    const did = { verb: "lost", through_seq: first - 1, reason: "not in the rescue" } as const;
    const { base, signed, ...told } = context();
    const id = newId();
    const body = bodyText({ id, ...told, ...(base && { base }), did, ...(signed && { signed }) });
    await rescued.declareLost(replica, from, body, id);
  }
}

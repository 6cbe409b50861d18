/** The door to rescues: what leaves this device, what came in from others, and how that fares. */
import { bodyOf } from "../core/envelope";
import type { Capture } from "../core/flow";
import { markKey, markOf } from "../core/hashing";
import type { Proof } from "../core/types.gen";
import { collect, isPart, joined, missingOf, partIn, partsOf, readRescue, rescueText, type Bundle, type Collected } from "../core/rescue";
import type { Rescue, RescueDoor, RescueProgress, Written } from "../engine.types";
import type { Operation, Context } from "../outbox/operation";
import type { Outbox } from "../outbox/outbox";
import type { Clock, Push } from "../push/push";
import type { Wire } from "../push/wire";
import type { Kept, Store } from "../store/store";
import { Carrier } from "./carrier";
import { packed, unpacked } from "./packing";
import { Rescued } from "./rescued";

export interface RescueParts {
  store: Store;
  outbox: Outbox;
  push: Push;
  wire: Wire;
  clock: Clock;
  /** What this device is enrolled as. */
  device(): { device: string; name: string; site: string } | null;
  /** The site at which it may push. */
  site(): string;
  /** What it was given at enrolment: its records are marked by it. */
  token(): Promise<string | null>;
  context(): Context;
  cursor(): string;
  newReplica(): string;
  newId(): string;
  written(operation: Operation): Written;
  prove?(batch: readonly Operation[]): Proof[];
  changed(): void;
  /** There may be something to send. */
  wake(): void;
}

export class Rescues implements RescueDoor {
  private collected: Collected | null = null;
  private whole: number | null = null;
  private readonly rescued: Rescued;
  private readonly carrier: Carrier;
  private readonly parts: RescueParts;

  constructor(parts: RescueParts) {
    this.parts = parts;
    this.rescued = new Rescued(parts.store, () => parts.newReplica());
    this.carrier = new Carrier({
      ...parts,
      rescued: this.rescued,
      replica: () => parts.outbox.chain.replica,
      epoch: () => parts.push.heard.epoch,
    });
  }

  load(): Promise<void> {
    return this.rescued.load();
  }

  /** Sends what is carried; after the device's own, which learns of a new epoch. */
  run(): Promise<void> {
    return this.carrier.run();
  }

  prune(mayGo: (row: Kept) => boolean): Promise<void> {
    return this.rescued.prune(mayGo);
  }

  async file(): Promise<Blob> {
    return new Blob([rescueText(await this.bundles())], { type: "application/json" });
  }

  async codes(): Promise<string[]> {
    return partsOf(await packed(rescueText(await this.bundles())));
  }

  async bring(text: string): Promise<number> {
    const { device, clock, changed, wake } = this.parts;
    let fresh = 0;
    for (const bundle of readRescue(text, device()?.site ?? "")) {
      fresh += await this.rescued.bring(this.foreign(bundle), clock.now());
    }
    changed();
    wake();
    return fresh;
  }

  isPart(raw: string): boolean {
    return isPart(raw);
  }

  async scan(raw: string): Promise<RescueProgress | null> {
    const part = partIn(raw);
    if (!part) return null;
    this.collected = collect(this.collected, part);
    this.whole = null;
    if (!missingOf(this.collected).length) {
      this.whole = await this.bring(await unpacked(joined(this.collected)));
    }
    this.parts.changed();
    return this.progress;
  }

  get progress(): RescueProgress | null {
    const { collected, whole } = this;
    return collected && { total: collected.total, missing: missingOf(collected), brought: whole };
  }

  get list(): Rescue[] {
    const { rescued, carrier } = this;
    return [...rescued.bundles.values()].sort((a, b) => b.at - a.at).map((bundle) => ({
      replica: bundle.replica, name: bundle.name, made: bundle.made, captures: bundle.captures,
      unsent: rescued.unsentOf(bundle.replica).length,
      operations: rescued.of(bundle.replica).map(this.parts.written),
      problem: carrier.problems.get(bundle.replica) ?? null,
    }));
  }

  /** Everything of others that is here. */
  get operations(): Operation[] {
    return this.rescued.operations;
  }

  /** What this device carries and has not sent. */
  get waiting(): Operation[] {
    return this.rescued.unsent;
  }

  async see(replica: string, capture: Capture): Promise<void> {
    await this.rescued.see(replica, capture);
    this.parts.changed();
  }

  /** This device's own first, then what it carries and has not sent yet. */
  private async bundles(): Promise<Bundle[]> {
    const { outbox, push, clock } = this.parts;
    const { rescued } = this;
    const { replica } = outbox.chain;
    const device = this.parts.device();
    const token = await this.parts.token();
    const key = token === null ? null : markKey(token, replica);
    const unsent = outbox.unsent.filter((row) => row.replica === replica);
    const own: Bundle = {
      site: unsent[0]?.body.site ?? device?.site ?? "", replica, device: device?.device ?? null, name: device?.name ?? "",
      epoch: push.heard.epoch, acked: outbox.lastAcked, exchanges: push.exchanges, made: clock.now(),
      captures: [...outbox.captures.values()], signed: push.signed,
      operations: unsent.map((row) => row.text),
      marks: unsent.map(({ seq, text }) => key && [replica, seq, markOf(key, seq, bodyOf(text))]),
    };
    const carried = [...rescued.bundles.values()]
      .map(({ at: _at, seen: _seen, sentIn: _sentIn, ...bundle }): Bundle => ({
        ...bundle, operations: rescued.unsentOf(bundle.replica).map((row) => row.text),
        marks: rescued.unsentOf(bundle.replica).map((row) => row.mark ?? null),
      }))
      .filter((bundle) => bundle.operations.length || bundle.captures.length);
    return [own, ...carried];
  }

  /** What is in this device's own outbox needs no rescue here. */
  private foreign(bundle: Bundle): Bundle {
    const own = new Set(this.parts.outbox.operations.map((row) => row.text));
    const mine = bundle.replica === this.parts.outbox.chain.replica;
    const isForeign = (_: unknown, index: number): boolean => !own.has(bundle.operations[index] ?? "");
    return {
      ...bundle,
      operations: bundle.operations.filter(isForeign),
      ...(bundle.marks && { marks: bundle.marks.filter(isForeign) }),
      captures: mine ? [] : bundle.captures,
    };
  }
}

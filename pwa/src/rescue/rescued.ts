/**
 * What was brought in from other devices, in stores of its own: never part of this device's chain,
 * its list or its numbers. Kept as strictly as the outbox, sent as what it is, forgotten alike.
 */
import type { Bundle } from "../core/rescue";
import { bodyOf, seal } from "../core/envelope";
import type { Capture } from "../core/flow";
import { sha256Hex } from "../core/hashing";
import type { Envelope, Mark, Pushed, Verdict } from "../core/types.gen";
import { keptOf, operationOf, type Operation } from "../outbox/operation";
import type { Brought, Kept, Store } from "../store/store";
import { Turns } from "../store/turns";

export class Rescued {
  bundles = new Map<string, Brought>();
  operations: Operation[] = [];
  private readonly store: Store;
  private readonly newReplica: () => string;
  private readonly turns = new Turns();

  constructor(store: Store, newReplica: () => string) {
    this.store = store;
    this.newReplica = newReplica;
  }

  async load(): Promise<void> {
    const [bundles, rows] = await this.store.read(["bundles", "rescued"], (tx) =>
      Promise.all([tx.objectStore("bundles").getAll(), tx.objectStore("rescued").getAll()]));
    this.bundles = new Map(bundles.map((bundle) => [bundle.replica, bundle]));
    this.operations = rows.map(operationOf);
  }

  of(replica: string): Operation[] {
    return this.operations.filter((row) => row.replica === replica).sort((a, b) => a.seq - b.seq);
  }

  unsentOf(replica: string): Operation[] {
    return this.of(replica).filter((row) => row.acked === null);
  }

  get unsent(): Operation[] {
    return this.operations.filter((row) => row.acked === null);
  }

  /** Keeps what is new of a bundle, in one strict transaction; the same again changes nothing. */
  bring(bundle: Bundle, now: number): Promise<number> {
    return this.turns.take(async () => {
      const { operations, marks = [], ...rest } = bundle;
      const fresh = this.fresh(bundle.replica, operations.map((text, index) => keptFrom(text, marks[index])));
      const before = this.bundles.get(bundle.replica);
      const seen = before?.seen ?? [];
      const captures = [...new Map([...(before?.captures ?? []), ...bundle.captures].map((one) => [one.id, one])).values()];
      const brought: Brought = {
        ...(before && before.made > bundle.made ? before : rest),
        at: before?.at ?? now, sentIn: before?.sentIn ?? null, seen, captures: captures.filter(({ id }) => !seen.includes(id)),
      };
      const others = [...new Set(fresh.map((row) => row.replica))].filter((replica) => replica !== bundle.replica);
      const made = [brought, ...others.map((replica) => ({ ...brought, replica, captures: [] }))];
      await this.keep(made, fresh);
      return fresh.length;
    });
  }

  acknowledge(replica: string, pushed: Pushed, now: number): Promise<void> {
    return this.turns.take(() => {
      const told = new Map((pushed.verdicts as Verdict[]).map((verdict) => [verdict.id, verdict]));
      const rows = this.of(replica).filter((row) => row.seq <= pushed.acked[0] && told.has(row.id));
      const bundle = this.bundles.get(replica);
      return this.keep(bundle ? [{ ...bundle, sentIn: pushed.epoch }] : [], rows.map((row) => ({
        ...keptOf(row), verdict: told.get(row.id) ?? row.verdict, acked: row.acked ?? now,
      })));
    });
  }

  /** A restored server may have lost what follows `seq`. */
  sendAgainAfter(replica: string, seq: number): Promise<void> {
    return this.turns.take(() => {
      const rows = this.of(replica).filter((row) => row.seq > seq && row.acked !== null);
      return this.keep([], rows.map((row) => ({ ...keptOf(row), acked: null })));
    });
  }

  /** Says that nobody here has what is missing, so that what follows is not held up by it. */
  declareLost(replica: string, from: number, body: string, id: string): Promise<void> {
    return this.turns.take(() => {
      const sealed = seal({ replica, seq: from, prev: null }, body);
      return this.keep([], [{ replica, seq: from, id, ...sealed, verdict: null, acked: null }]);
    });
  }

  /** The server knows another history of this replica: the rest goes on under a new one, same ids. */
  fork(replica: string, seq: number): Promise<void> {
    return this.turns.take(async () => {
      const bundle = this.bundles.get(replica);
      const rest = this.of(replica).filter((row) => row.seq > seq || row.acked === null);
      if (!bundle || !rest.length) return;
      const again = rechained(rest, this.newReplica());
      await this.keep([{ ...bundle, replica: again[0]!.replica, captures: [] }], again, rest);
    });
  }

  /** Nothing proves whose these are: they go to the supervisors in a chain of nobody's, under the same ids. */
  disown(replica: string): Promise<void> {
    return this.turns.take(async () => {
      const bundle = this.bundles.get(replica);
      const rest = this.unsentOf(replica);
      if (!bundle || !rest.length) return;
      const again = rechained(rest, this.newReplica());
      await this.keep([{ ...bundle, replica: again[0]!.replica, device: null, captures: [] }], again, rest);
    });
  }

  see(replica: string, capture: Capture): Promise<void> {
    return this.turns.take(async () => {
      const bundle = this.bundles.get(replica);
      if (!bundle) return;
      const captures = bundle.captures.filter(({ id }) => id !== capture.id);
      await this.keep([{ ...bundle, captures, seen: [...bundle.seen, capture.id] }], []);
    });
  }

  /** Rule 8 holds for them too; a bundle goes with the last that is kept of it. */
  prune(mayGo: (row: Kept) => boolean): Promise<void> {
    return this.turns.take(async () => {
      const old = this.operations.filter(mayGo);
      if (!old.length) return;
      await this.keep([], [], old);
      for (const bundle of this.bundles.values()) {
        if (bundle.captures.length || this.of(bundle.replica).length) continue;
        await this.store.keep(["bundles"], (tx) => void tx.objectStore("bundles").delete(bundle.replica));
        this.bundles.delete(bundle.replica);
      }
    });
  }

  /** The rows that are not here yet. Two files of one replica that disagree come of a clone. */
  private fresh(replica: string, rows: Kept[]): Kept[] {
    const here = new Map(this.of(replica).map((row) => [row.seq, row.hash]));
    const ids = new Set(this.operations.map((row) => row.id));
    const split = rows.findIndex((row) => here.has(row.seq) && here.get(row.seq) !== row.hash);
    const same = split < 0 ? rows : rows.slice(0, split);
    const other = split < 0 ? [] : rows.slice(split).filter((row) => !ids.has(row.id));
    return [...same.filter((row) => !here.has(row.seq)), ...rechained(other, this.newReplica())];
  }

  private async keep(bundles: Brought[], rows: Kept[], gone: Kept[] = []): Promise<void> {
    await this.store.record(["bundles", "rescued"], (tx) => {
      for (const bundle of bundles) void tx.objectStore("bundles").put(bundle);
      for (const row of gone) void tx.objectStore("rescued").delete([row.replica, row.seq]);
      for (const row of rows) void tx.objectStore("rescued").put(row);
    });
    for (const bundle of bundles) this.bundles.set(bundle.replica, bundle);
    const changed = new Set([...gone, ...rows].map(({ replica, seq }) => `${replica}/${seq}`));
    const rest = this.operations.filter(({ replica, seq }) => !changed.has(`${replica}/${seq}`));
    this.operations = [...rest, ...rows.map(operationOf)];
  }
}

function keptFrom(text: string, mark: Mark | null = null): Kept {
  const { link, body } = JSON.parse(text) as Envelope & { body: { id: string } };
  return { replica: link.replica, seq: link.seq, id: body.id, text, hash: sha256Hex(text), verdict: null, acked: null, ...(mark && { mark }) };
}

function rechained(rows: Kept[], replica: string): Kept[] {
  let prev: string | null = null;
  return rows.map((row, index) => {
    const sealed = seal({ replica, seq: index + 1, prev }, bodyOf(row.text));
    prev = sealed.hash;
    return { ...keptOf(operationOf(row)), replica, seq: index + 1, ...sealed, acked: null };
  });
}

/**
 * Proofs of decisions: made by the session of whoever decided, kept beside the outbox, sent with
 * the decision, or after it when there was no session yet. Facts never wait for one (E8).
 */
import { bodyOf } from "../core/envelope";
import { sha256Hex } from "../core/hashing";
import { payloadOf, proofOf } from "../core/proofs";
import { INTENTS, type Proof, type Result } from "../core/types.gen";
import type { Operation } from "../outbox/operation";
import type { Store } from "../store/store";
import type { People } from "./people";

interface Kept {
  proof: string;
  payload: string;
  /** Server time at which its session ends. */
  expires: number;
}

export interface ProofParts {
  store: Store;
  people: People;
  /** This device's own, and what it carries for others. */
  operations(): Operation[];
  /** What the feed said of an operation after its verdict. */
  later(id: string): Result | undefined;
  /** Server time, as well as it is known. */
  now(): number;
}

const LATE_MAX = 100;
const NOT_PROVED = "NOT_PROVED";

export class Proofs {
  private readonly parts: ProofParts;
  private kept = new Map<string, Kept>();
  /** Proofs that a push has taken since this page began, for decisions that had gone before. */
  private readonly told = new Set<string>();

  constructor(parts: ProofParts) {
    this.parts = parts;
  }

  async load(): Promise<void> {
    this.kept = new Map(Object.entries((await this.parts.store.meta<Record<string, Kept>>("proofs")) ?? {}));
  }

  /** Proves whatever waits for the person who is signed in. What cannot be kept is made again. */
  async make(): Promise<void> {
    const waiting = this.parts.operations().filter((row) => this.isUndecided(row));
    const prover = waiting.length ? await this.parts.people.prover() : null;
    const ids = new Set(waiting.map((row) => row.id));
    const kept = new Map([...this.kept].filter(([id]) => ids.has(id)));
    if (prover && prover.expires > this.parts.now()) {
      const payload = payloadOf(prover.session);
      for (const { id, text, body } of waiting) {
        if (body.actor !== prover.person || kept.get(id)?.payload === payload) continue;
        const proof = proofOf(prover.key, payload, sha256Hex(bodyOf(text)));
        kept.set(id, { proof, payload, expires: prover.expires });
      }
    }
    const isSame = kept.size === this.kept.size && [...kept].every(([id, one]) => this.kept.get(id)?.proof === one.proof);
    this.kept = kept;
    if (!isSame) await this.parts.store.setMeta("proofs", Object.fromEntries(kept));
  }

  /** For a push: of what it carries, and of what went before without one. */
  with(batch: readonly Operation[], isOwn = true): Proof[] {
    const late = isOwn ? this.parts.operations().filter((row) => row.acked !== null && this.isLate(row)) : [];
    return [...batch, ...late.slice(0, LATE_MAX)].flatMap(({ id }): Proof[] => {
      const kept = this.kept.get(id);
      return kept ? [[id, kept.proof]] : [];
    });
  }

  /** A push has taken them. */
  took(proofs: readonly Proof[]): void {
    for (const [, proof] of proofs) this.told.add(proof);
  }

  /** Whether a decision waits until its actor signs in with a network. */
  waits(row: Operation): boolean {
    if (!this.isUndecided(row)) return false;
    const kept = this.kept.get(row.id);
    return row.acked !== null || !kept || kept.expires <= this.parts.now();
  }

  private isLate(row: Operation): boolean {
    const kept = this.kept.get(row.id);
    return this.isUndecided(row) && kept !== undefined && !this.told.has(kept.proof);
  }

  private isUndecided({ id, acked, verdict, body }: Operation): boolean {
    if (!INTENTS.includes(body.did.verb)) return false;
    if (acked === null) return true;
    return verdict?.outcome === "parked" && verdict.flags.some(({ code }) => code === NOT_PROVED) && !this.parts.later(id);
  }
}

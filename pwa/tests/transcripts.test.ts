/**
 * What phones of the simulated warehouse were told (tests/simulation/transcripts.py), played through
 * the phone's own replica, fold and coverage: at every step it must hold and show the same.
 */
import { describe, expect, it } from "vitest";
import transcripts from "../../tests/vectors/transcripts.json";
import { bodyOf } from "../src/core/envelope";
import { sha256Hex } from "../src/core/hashing";
import { Replica } from "../src/core/replica";
import { SiteView } from "../src/core/site-view";
import { isVirtual } from "../src/core/stock";
import type { Body, Link, Row, Verdict } from "../src/core/types.gen";
import { Feed, type FeedParts } from "../src/feed/feed";
import { operationOf, type Operation } from "../src/outbox/operation";

interface Step {
  /** A replica from the disk, or from a snapshot: nothing of before stays. */
  anew: boolean;
  rows: Row[];
  cursor: string;
  covered: Record<string, number>;
  chain: string;
  operations: [hash: string, acked: number | null, number: number | null][];
  scope: string;
  pending: string[];
  shown: [place: string, key: string, quantity: number][];
}

class Phone {
  readonly view = new SiteView();
  readonly outbox = { chain: { replica: "" }, operations: [] as Operation[], find: (id: string) => this.find(id) };
  readonly feed = new Feed({ view: this.view, outbox: this.outbox } as unknown as FeedParts);
  private readonly texts: Record<string, string>;

  constructor(texts: Record<string, string>) {
    this.texts = texts;
  }

  told(step: Step): void {
    if (step.anew) this.view.replica = new Replica();
    this.view.replica.apply(step.rows);
    this.outbox.chain.replica = step.chain;
    this.outbox.operations = step.operations.map(([hash, acked, number]) => this.operation(hash, acked, number));
    this.feed.position = { ...this.feed.position, cursor: step.cursor, covered: step.covered };
    this.feed.refold();
  }

  get pending(): string[] {
    return this.outbox.operations.filter((row) => !this.feed.covers(row)).map((row) => row.id);
  }

  /** By the places of the step, and by those that hold anything: none may be missing on either side. */
  shown(step: Step): Step["shown"] {
    const held = [...this.view.replica.holdings.rows()].map((row) => row.place);
    const places = new Set([...held, ...step.shown.map(([place]) => place)].filter((place) => !isVirtual(place)));
    return [...places].flatMap((place) => this.view.at(place).map(({ key, quantity }): Step["shown"][0] => [place, key, quantity]));
  }

  private find(id: string): Operation | undefined {
    return this.outbox.operations.filter((row) => row.id === id).pop();
  }

  private operation(hash: string, acked: number | null, number: number | null): Operation {
    const text = this.texts[hash] ?? "";
    const { link } = JSON.parse(text) as { link: Required<Link> };
    const { id } = JSON.parse(bodyOf(text)) as Body;
    const verdict = number === null ? null : ({ ledger_seq: number } as Verdict);
    return operationOf({ replica: link.replica, seq: link.seq, id, text, hash, verdict, acked });
  }
}

const sorted = (rows: unknown[]): unknown[] => [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

describe.each(transcripts as unknown as { name: string; texts: Record<string, string>; steps: Step[] }[])("$name", ({ texts, steps }) => {
  it("hashes the same texts to the same names", () => {
    for (const [hash, text] of Object.entries(texts)) expect(sha256Hex(text)).toBe(hash);
  });

  it(`holds and shows the same at each of ${steps.length} steps`, () => {
    const phone = new Phone(texts);
    for (const step of steps) {
      phone.told(step);
      const held = { scope: String(phone.view.replica.scope), pending: phone.pending, shown: sorted(phone.shown(step)) };
      expect(held).toEqual({ scope: step.scope, pending: step.pending, shown: sorted(step.shown) });
    }
  });
});

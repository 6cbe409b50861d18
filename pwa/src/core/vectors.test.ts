/** The phone's core against the vectors that pytest reads too: both sides, one truth. */
import { describe, expect, it } from "vitest";
import codes from "../../../tests/vectors/codes.json";
import texts from "../../../tests/vectors/code_text.json";
import fifo from "../../../tests/vectors/fifo.json";
import folds from "../../../tests/vectors/fold.json";
import hashes from "../../../tests/vectors/hashing.json";
import replicas from "../../../tests/vectors/replica.json";
import { codeText } from "./code-text";
import { meaning, type Known, type LotOf, type Named } from "./codes";
import { rank } from "./fifo";
import { fold, type Done } from "./fold";
import { gtin14, upcE } from "./gs1";
import type { Scanner } from "./meaning";
import { feedKey, link, operationId, sha256Hex } from "./hashing";
import { Replica, scopeOfBlock } from "./replica";
import { nameOf, Scope } from "./scope";
import type { Document, Line, Row } from "./types.gen";

const named: [Named, string[]][] = [
  ...Object.entries(codes.known.items).map(([code, aliases]): [Named, string[]] => [{ kind: "item", code }, [code, ...aliases]]),
  ...(codes.known.packs as [string, string, number, string[]][]).map(
    ([code, unit, factor, texts]): [Named, string[]] => [{ kind: "item", code, unit, factor }, texts],
  ),
  ...codes.known.locations.map((code): [Named, string[]] => [{ kind: "location", code }, [code]]),
  ...codes.known.documents.map((code): [Named, string[]] => [{ kind: "document", code }, [code]]),
  ...codes.known.partners.map((code): [Named, string[]] => [{ kind: "partner", code }, [code]]),
];

const site: Known = {
  exact: (text) => things((name) => [name, gtin14(name), upcE(name)].includes(text)),
  folded: (text) => things((name) => name.toLowerCase() === text.toLowerCase()),
  lotsNamed: (code) => codes.known.lots.map(([item, lot]) => ({ item, lot }) as LotOf).filter(({ lot }) => lot.code === code),
};

function things(answers: (name: string) => boolean): Named[] {
  return named.filter(([, names]) => names.some(answers)).map(([thing]) => thing);
}

describe("codes", () => {
  it.each(codes.cases)("$name", (told) => {
    const separators = "separators" in told ? (told.separators ?? "") : "";
    const scanner = "scanner" in told ? ((told.scanner ?? "new") as Scanner) : "new";
    expect(meaning(told.raw, told.symbology, site, codes.year, separators, scanner)).toEqual(told.meaning);
  });
});

describe("code text", () => {
  it.each(texts)("%j", (raw, text) => expect(codeText(raw ?? "")).toBe(text));
});

describe("first in first out", () => {
  it.each(fifo)("$name", ({ lots, dated, ranked }) => {
    const numbered = lots.map((lot, index) => ({ ...lot, index }));
    expect(rank(numbered, dated).map(({ lot, rank }) => [lot.index, rank])).toEqual(ranked);
  });
});

function scopeOfBlocks(replica: Replica): string {
  const scope = new Scope();
  for (const block of replica.blocks()) scope.addAll(scopeOfBlock(block));
  return String(scope);
}

describe("apply to the replica", () => {
  it.each(replicas)("$name", ({ pages, scopes, holdings, live }) => {
    const replica = new Replica();
    const seen = pages.map((page) => {
      replica.apply(page as Row[]);
      return String(replica.scope);
    });
    expect(seen).toEqual(scopes);
    expect(scopeOfBlocks(replica)).toBe(String(replica.scope));
    expect([...replica.holdings.rows()].map(({ place, key, quantity }) => [place, key, quantity])).toEqual(holdings);
    const copy = new Replica();
    for (const block of replica.blocks()) copy.load(structuredClone(block));
    expect(scopeOfBlocks(copy)).toBe(String(replica.scope));
    expect(live.length).toBe([...replica.holdings.rows()].length + rowsOf(replica));
  });
});

function rowsOf(replica: Replica): number {
  return Object.values(replica.tables).reduce((sum, table) => sum + [...table.live()].length, 0);
}

describe("fold", () => {
  it.each(folds)("$name", ({ stock, pending, known, shown, papers, counters }) => {
    const here = (place: string, key: string): number =>
      (stock as [string, string, number][]).find(([p, k]) => p === place && k === key)?.[2] ?? 0;
    const bodies = known as unknown as Record<string, Done | undefined>;
    const told = papers as [string, Document["kind"], number, Line["role"], string | null, string | null][];
    const folded = fold(pending as unknown as Done[], here, (id) => bodies[id], ({ document, line }) => {
      const row = told.find(([code, , number]) => code === document && number === line);
      return row && { kind: row[1], line: { role: row[3], item: row[4], place: row[5] } };
    });
    for (const [place, key, quantity] of shown as [string, string, number][]) {
      expect(here(place, key) + (folded.deltas.get(place)?.get(key) ?? 0)).toBe(quantity);
    }
    const places = new Set((shown as [string, string, number][]).map(([place]) => place));
    expect([...folded.deltas.keys()].filter((place) => !places.has(place))).toEqual([]);
    const moved = [...folded.counters].flatMap(([line, more]) =>
      Object.entries(more).map(([counter, amount]) => [...(JSON.parse(line) as unknown[]), counter, amount]),
    );
    expect(moved).toEqual(counters);
  });
});

describe("hashes and ids", () => {
  it("are those of the server", () => {
    for (const [text, hash] of hashes.sha256) expect(sha256Hex(text as string)).toBe(hash);
    for (const [prev, payload, next] of hashes.link) expect(link(prev as string, payload as string)).toBe(next);
    for (const [kind, key, version, told] of hashes.scope) {
      const scope = new Scope();
      scope.add(nameOf(kind as string, key as string), version as number);
      expect(String(scope)).toBe(told);
    }
    for (const [parts, text] of hashes.key) expect(feedKey(...(parts as (string | number | null)[]))).toBe(text);
    for (const [ms, random, device, id] of hashes.operation_id) {
      expect(operationId(ms as number, Uint8Array.from(random as number[]), device as string)).toBe(id);
    }
  });
});

// [S4] The quick ways agree with the plain ones; tests/vectors/hashing.json holds them to the server.
import { crc32 } from "node:zlib";

import { describe, expect, it } from "vitest";

import { feedKey } from "./hashing";
import { nameOf, NamesOfTwo, Scope } from "./scope";

const MASK = 2n ** 64n - 1n;

function plain(name: number, version: number): bigint {
  let mixed = (BigInt(name) << 32n) ^ BigInt(version);
  for (let round = 0; round < 2; round++) mixed = ((mixed ^ (mixed >> 32n)) * 0xd6e8feb86659fd93n) & MASK;
  return mixed ^ (mixed >> 32n);
}

function scopeOf(rows: [name: number, version: number][]): Scope {
  const scope = new Scope();
  for (const [name, version] of rows) scope.add(name, version);
  return scope;
}

const TEXTS = ["06-B-10", '["BE-2908",["K0902",null,null],null,"ok",null]', "轴承", 'a "quoted" 长 one', "a\tb\\c", "\u007f é😀", ""];

describe("the scope", () => {
  it.each(TEXTS)("names a row by the CRC of its kind and key: %s", (text) => {
    expect(nameOf("item", text) >>> 0).toBe(crc32(`item\n${text}`));
  });

  it("names a holding the same whether its texts are gone over together or each for itself", () => {
    const names = new NamesOfTwo("holding", TEXTS, TEXTS);
    for (const [front, place] of TEXTS.entries()) {
      for (const [back, key] of TEXTS.entries()) expect(names.nameOf(front, back)).toBe(nameOf("holding", feedKey(place, key)));
    }
  });

  it("sums in halves what whole numbers sum to, up and down", () => {
    const rows = Array.from({ length: 500 }, (_, n): [number, number] => [crc32(`${n}`), n % 3 ? n ** 3 : 2 ** 53 - 1 - n]);
    const scope = scopeOf(rows);
    const sum = rows.reduce((all, row) => all + plain(...row), 0n);
    expect(String(scope)).toBe(String(sum & MASK));
    expect(String(Scope.of(String(scope)))).toBe(String(scope));
    for (const [name, version] of rows.slice(1)) scope.subtract(name, version);
    expect(String(scope)).toBe(String(plain(...(rows[0] ?? [0, 0]))));
  });

  it("tells apart the same keys crossed over two places", () => {
    const at = (place: string, key: string): number => nameOf("holding", feedKey(place, key));
    const right = scopeOf([[at("A", "x"), 1], [at("B", "y"), 1]]);
    const crossed = scopeOf([[at("A", "y"), 1], [at("B", "x"), 1]]);
    expect(String(right)).not.toBe(String(crossed));
  });
});

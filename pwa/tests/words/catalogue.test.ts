// What the worker reads: every sentence in both languages, taking the same values.
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";

import type { Code } from "../../src/core/types.gen.ts";
import { camera } from "../../src/words/camera.ts";
import { codes } from "../../src/words/codes.ts";
import { desk } from "../../src/words/desk.ts";
import { flows } from "../../src/words/flows.ts";
import { help } from "../../src/words/help.ts";
import { age, type Catalogue, choose, date, known, signed, t, whole } from "../../src/words/index.ts";
import { figures, readings } from "../../src/words/readings.ts";
import { screens } from "../../src/words/screens.ts";
import { fill, placesOf } from "../../src/words/sentence.ts";

const catalogues: Record<string, Catalogue> = { screens, codes, flows, desk, help, readings, figures, camera };
const sentences = Object.values(catalogues).flatMap((catalogue) => Object.entries(catalogue));

afterEach(() => choose("en"));

test.each(sentences)("%s is said in both languages", (_, { en, zh }) => {
  expect(en.trim()).not.toBe("");
  expect(zh.trim()).not.toBe("");
});

test.each(sentences)("%s takes the same values in both languages", (_, { en, zh }) => {
  expect([...placesOf(zh)].every((place) => placesOf(en).has(place))).toBe(true);
  expect([...placesOf(en)].every((place) => placesOf(zh).has(place))).toBe(true);
});

test("no sentence of one catalogue hides that of another", () => {
  const names = [screens, codes, flows].flatMap((catalogue) => Object.keys(catalogue));
  expect(names.length).toBe(new Set(names).size);
});

test("every discrepancy of the server has words of the floor", () => {
  const generated = readFileSync(new URL("../../src/core/types.gen.ts", import.meta.url), "utf8");
  const union = /export type Code = ([^;]+);/.exec(generated)?.[1] ?? "";
  const named = [...union.matchAll(/"(\w+)"/g)].map((found) => found[1] as Code);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((code) => !known(code))).toEqual([]);
  expect(named.filter((code) => !(`${code}.1` in readings) || !(`${code}.2` in readings))).toEqual([]);
});

test("whatever settles a discrepancy, and why it may not, has words", () => {
  const sync = new URL("../../../sync/", import.meta.url);
  const files = readdirSync(sync).filter((name) => name.endsWith(".py")).map((name) => readFileSync(new URL(name, sync), "utf8"));
  const reasons = files.flatMap((text) => [...text.matchAll(/RefusedError\("(\w+)"/g)].map((found) => found[1]!));
  expect(reasons.length).toBeGreaterThan(10);
  expect(reasons.filter((reason) => !known(`refused.${reason}`))).toEqual([]);
  const table = readFileSync(new URL("discrepancies.py", sync), "utf8");
  const union = /Action = Literal\[([^\]]+)\]/.exec(table)?.[1] ?? "";
  const actions = [...union.matchAll(/"(\w+)"/g)].map((found) => found[1]!);
  expect(actions.filter((action) => action !== "is" && !(`action.${action}` in desk))).toEqual([]);
});

describe("a sentence with values", () => {
  test("writes one bin and two bins", () => {
    const say = (n: number): string => fill("{n} {n|bin|bins}", { n }, String);
    expect([say(1), say(2), say(0)]).toEqual(["1 bin", "2 bins", "0 bins"]);
  });

  test("leaves a value out that nobody gave", () => {
    expect(fill("Lot {lot}", {}, String)).toBe("Lot ");
  });

  test("is said in the language of the worker", () => {
    choose("zh");
    expect(t("strip.unsent", { n: 3 })).toBe("3 未上传");
  });
});

describe("numbers and days", () => {
  test("a quantity that leaves has a real minus", () => {
    expect(signed(-24)).toBe("−24");
    expect(signed(12)).toBe("+12");
  });

  test("thousands are parted in English and not on a Chinese floor", () => {
    expect(whole(12_000)).toBe("12,000");
    choose("zh");
    expect(whole(12_000)).toBe("12000");
  });

  test("an expiry is written as people write it", () => {
    expect(date("2027-09-30")).toBe("30 Sep 2027");
    choose("zh");
    expect(date("2027-09-30")).toBe("2027-09-30");
  });

  test("an age is told to the minute within two days, and in days after that", () => {
    const minute = 60_000;
    expect(age(12 * minute)).toBe("12 min");
    expect(age(197 * minute)).toBe("3 h 17 min");
    expect(age(96 * 24 * 60 * minute)).toBe("96 days");
  });
});

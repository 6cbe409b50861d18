// Readable in the sun: the ratios of look.md, computed from the tokens themselves.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../../src/look/tokens.css", import.meta.url), "utf8");
const grounds = readFileSync(new URL("../../src/look/grounds.css", import.meta.url), "utf8");

function tokensOf(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((found) => [found[1], found[2]]));
}

const light = tokensOf(":root");
const dark = { ...light, ...tokensOf(':root[data-theme="dark"]') };
const system = { ...light, ...tokensOf(':root:not([data-theme="light"])') };

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((index) => {
    const part = Number.parseInt(colour.slice(index, index + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function ratio(one: string | undefined, other: string | undefined): number {
  const [high = 0, low = 0] = [luminance(one ?? ""), luminance(other ?? "")].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const TEXT: [ink: string, ground: string][] = [
  ["ink", "card"], ["ink", "inset"], ["ink", "bench"], ["ink", "trace-fill"],
  ["ink-2", "card"], ["ink-2", "inset"], ["ink-2", "bench"],
  ["key-ink", "key"], ["go-ink", "go"], ["strip-ink", "strip"], ["strip-ink-2", "strip"],
  ["done-on", "done"], ["look-on", "look"], ["wrong-on", "wrong"], ["lost-on", "lost"],
  ["done-ink", "card"], ["look-ink", "card"], ["wrong-ink", "card"], ["lost-ink", "card"],
  ["done-ink", "inset"], ["look-ink", "inset"], ["wrong-ink", "inset"], ["lost-ink", "inset"],
];

describe.each([["light", light], ["dark", dark]])("in the %s theme", (_, tokens) => {
  test.each(TEXT)("%s on %s is at least 7 to 1", (ink, ground) => {
    expect(ratio(tokens[ink], tokens[ground])).toBeGreaterThanOrEqual(7);
  });

  test("the edge of a card and of a key can be told from what is beside it", () => {
    expect(ratio(tokens["edge"], tokens["card"])).toBeGreaterThanOrEqual(3);
    expect(ratio(tokens["key-edge"], tokens["bench"])).toBeGreaterThanOrEqual(3);
  });
});

test("a signal has the same colour in both themes", () => {
  for (const signal of ["done", "look", "wrong", "lost"]) {
    expect(dark[signal]).toBe(light[signal]);
    expect(grounds).toContain(`--ground: var(--${signal})`);
  }
});

test("the device's dark and the chosen dark are one", () => {
  expect(system).toEqual(dark);
});

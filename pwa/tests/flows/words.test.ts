import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flows } from "../../src/words/flows";
import { placesOf } from "../../src/words/sentence";

const FOLDER = join(import.meta.dirname, "../../src/core/flows");
const source = readdirSync(FOLDER).map((name) => readFileSync(join(FOLDER, name), "utf8")).join("\n");
const entries = Object.entries<{ en: string; zh: string }>(flows);

/** Names that a flow puts together: what was missing, why a bin was suggested, which status. */
const COMPOSED = /^(receive\.ask|putaway\.to|take\.status)\.|^(pick|issue)\.(scan_order|complete)$/;

describe("the sentences of the flows", () => {
  it.each(entries)("%s takes the same values in both languages", (_name, sentence) => {
    expect([...placesOf(sentence.zh)].sort()).toEqual([...placesOf(sentence.en)].sort());
  });

  it("are all said by some flow", () => {
    const silent = entries.map(([name]) => name).filter((name) => !COMPOSED.test(name) && !source.includes(`"${name}"`));
    expect(silent).toEqual([]);
  });

  it("exist for all that a flow says", () => {
    const said = [...source.matchAll(/"((?:flow|receive|putaway|take|pick|issue|count|move)\.[a-z_.]+)"/g)].map((match) => match[1]);
    expect(said.filter((name) => name !== undefined && !(name in flows))).toEqual([]);
  });
});

// The quick ways agree with the plain ones.
import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { scopeOf } from "./hashing";
import { itemOf, keyText } from "./stock";

test.each(["BE-2908", "轴承", "x".repeat(1_020), "y".repeat(1_021), "長".repeat(2_000)])(
  "what a row adds to the scope is its hash, whatever the key: %.9s",
  (key) => {
    const plain = createHash("sha256").update(`item\n${key}\n7`).digest().readBigUInt64BE();
    expect(scopeOf("item", key, 7)).toBe(plain);
  },
);

test.each(["BE-2908", 'a "quoted" one', "back\\slash", "a,b", "轴承", "container/"])("a key's text tells its item: %s", (item) => {
  expect(itemOf(keyText({ item }))).toBe(item);
});

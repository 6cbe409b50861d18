import { expect, test } from "vitest";

import { itemOf, keyText } from "./stock";

test.each(["BE-2908", 'a "quoted" one', "back\\slash", "a,b", "轴承", "container/"])("a key's text tells its item: %s", (item) => {
  expect(itemOf(keyText({ item }))).toBe(item);
});

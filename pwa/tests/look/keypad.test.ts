// The quantity keys, pressed as a worker presses them.
import { describe, expect, test } from "vitest";

import { begin, entered, type Entry, erase, isEmpty, pack, plus, sum, type } from "../../src/look/keypad.ts";

const each = { code: "EA", factor: 1 };
const box = { code: "CS", factor: 12 };

const typed = (entry: Entry, digits: string): Entry => [...digits].reduce((next, digit) => type(next, digit), entry);

describe("quantity keys", () => {
  test("18 cases of 12 and a tail of 8 are 224, kept in base units", () => {
    const entry = typed(plus(typed(pack(begin(each), box), "18"), each), "8");
    expect(sum(entry)).toBe(224);
    expect(entered(entry)).toEqual({ quantity: 224, typed: "224", unit: "EA", factor: 1 });
  });

  test("18 cases alone are kept as they were typed", () => {
    const entry = typed(pack(begin(each), box), "18");
    expect(entered(entry)).toEqual({ quantity: 216, typed: "18", unit: "CS", factor: 12 });
  });

  test("delete takes the last digit, then the empty tail", () => {
    const tail = plus(typed(begin(each), "24"), each);
    expect(sum(erase(tail))).toBe(24);
    expect(sum(erase(erase(tail)))).toBe(2);
  });

  test("plus on an empty part does not make another one", () => {
    expect(plus(begin(each))).toEqual(begin(each));
  });

  test("zeros in front are not kept, a single zero is", () => {
    expect(typed(begin(each), "007").parts[0]?.digits).toBe("7");
    expect(isEmpty(typed(begin(each), "0"))).toBe(false);
  });

  test("a number cannot grow beyond what a bin holds", () => {
    expect(typed(begin(each), "12345678901").parts[0]?.digits).toBe("123456789");
  });
});

// The camera's rules without a camera: when a code in view is a scan, and which one is meant.
import { describe, expect, test } from "vitest";

import { troubleOf } from "../src/camera/lens.ts";
import { aimed, partOf, type Seen } from "../src/core/camera/aim.ts";
import { formatsOf } from "../src/core/camera/formats.ts";
import { answerOf, type Entry, noted } from "../src/core/camera/list.ts";
import { BELOW, type Climb, climbed, FAST, LADDER, passesOf } from "../src/core/camera/passes.ts";
import { doubled, greyOf, middle, type Picture, squashed, turned } from "../src/core/camera/picture.ts";
import { look, NOTHING_SEEN, type Sightings } from "../src/core/camera/sightings.ts";
import type { Band } from "../src/core/flow.ts";

const SIZE = { width: 800, height: 400 };

function seen(text: string, x: number, y: number, isSure = true): Seen {
  const corners = [[x - 50, y - 20], [x + 50, y - 20], [x + 50, y + 20], [x - 50, y + 20]].map(([x = 0, y = 0]) => ({ x, y }));
  return { text, symbology: "]C0", isSure, corners };
}

describe("of several codes in the box", () => {
  test("the one under the middle is meant", () => {
    expect(aimed([seen("BESIDE", 150, 200), seen("AIMED", 420, 190)], SIZE)).toMatchObject({ seen: { text: "AIMED" }, isCentred: true });
  });

  test("none is meant when they lie alike", () => {
    expect(aimed([seen("LEFT", 250, 200), seen("RIGHT", 550, 200)], SIZE)).toBeNull();
  });

  test("one alone is meant wherever it lies, and is not centred there", () => {
    expect(aimed([seen("CORNER", 100, 60)], SIZE)).toMatchObject({ seen: { text: "CORNER" }, isCentred: false });
  });

  test("a line of one row is as good as a shape", () => {
    const line = { ...seen("LINE", 400, 200), corners: [{ x: 300, y: 200 }, { x: 500, y: 200 }, { x: 500, y: 200 }, { x: 300, y: 200 }] };
    expect(aimed([line], SIZE)).toMatchObject({ isCentred: true });
  });
});

test("what is read is the box and a margin around it, of a video that fills the viewfinder", () => {
  const finder = { width: 360, height: 212 };
  const box = { x: 59, y: 50, width: 242, height: 112 };
  expect(partOf({ width: 720, height: 1280 }, finder, box)).toEqual({ x: 45, y: 494, width: 629, height: 291, scale: 1 });
  const wide = partOf({ width: 1920, height: 1080 }, finder, box);
  expect(wide.scale * wide.width).toBeCloseTo(1280);
  const outside = partOf({ width: 640, height: 480 }, finder, { x: 0, y: 0, width: 360, height: 212 });
  expect([outside.x, outside.width]).toEqual([0, 640]);
});

/** Shows codes at moments, and nothing in the frames between; returns what became of each. */
function shown(frames: [at: number, text: string, isSure?: boolean, isCentred?: boolean][], known: string[] = [], everyMs = 50): (string | null)[] {
  let sightings: Sightings = NOTHING_SEEN;
  let last = 0;
  return frames.map(([at, text, isSure = true, isCentred = true]) => {
    for (last += everyMs; last < at; last += everyMs) sightings = look(sightings, last, null, () => false).sightings;
    last = at;
    const one = { seen: seen(text, 0, 0, isSure), isCentred };
    const looked = look(sightings, at, one, (text) => known.includes(text));
    sightings = looked.sightings;
    return looked.verdict;
  });
}

describe("a code in view", () => {
  test("is one scan as long as it stays there", () => {
    expect(shown([[0, "A"], [100, "A"], [900, "A"], [1_700, "A"]])).toEqual(["read", null, null, null]);
  });

  test("that a check digit alone vouches for is believed when a second frame agrees", () => {
    expect(shown([[0, "4006381333931", false], [100, "4006381333931", false]])).toEqual([null, "read"]);
  });

  test("that one frame said and no other is no scan", () => {
    expect(shown([[0, "4006381333931", false], [100, "4006381333948", false], [2_000, "4006381333931", false]])).toEqual([null, null, null]);
  });

  test("that the master data know needs no second frame", () => {
    expect(shown([[0, "4006381333931", false]], ["4006381333931"])).toEqual(["read"]);
  });

  test("away from the middle needs one frame more", () => {
    expect(shown([[0, "A", true, false], [100, "A", true, false]])).toEqual([null, "read"]);
  });

  test("that is back within moments is left out, and it is said", () => {
    expect(shown([[0, "A"], [1_800, "A"], [1_900, "A"]])).toEqual(["read", "again", null]);
  });

  test("that a slow device found again late has not left", () => {
    expect(shown([[0, "A"], [3_000, "A"], [6_000, "A"]], [], 500)).toEqual(["read", null, null]);
  });

  test("that is back later is the next label like it", () => {
    expect(shown([[0, "A"], [3_000, "A"]])).toEqual(["read", "read"]);
  });

  test("that is back after another one was read is meant again", () => {
    expect(shown([[0, "A"], [500, "B"], [1_800, "A"]])).toEqual(["read", "read", "read"]);
  });

  test("beside which another one was read for a moment is still the same", () => {
    expect(shown([[0, "A"], [300, "B"], [600, "A"]])).toEqual(["read", "read", null]);
  });
});

describe("the ladder", () => {
  const climb = (frames: number, found: (climb: Climb) => ReturnType<typeof passesOf>[number] | null): Climb[] => {
    const climbs = [BELOW];
    for (let frame = 0; frame < frames; frame += 1) climbs.push(climbed(climbs.at(-1)!, found(climbs.at(-1)!)));
    return climbs;
  };

  test("is never climbed whole in one frame, and begins each with the quick look", () => {
    for (const at of climb(40, () => null)) {
      expect(passesOf(at)).toHaveLength(2);
      expect(passesOf(at)[0]).toBe(FAST);
    }
  });

  test("is climbed to its end while nothing is found", () => {
    const tried = new Set(climb(LADDER.length - 1, () => null).map((at) => passesOf(at)[1]!));
    expect(tried).toEqual(new Set(LADDER));
  });

  test("looks again where it has just found something, so that a second frame can agree", () => {
    const at = climb(6, () => null).at(-1)!;
    const helpful = passesOf(at)[1]!;
    expect(passesOf(climbed(at, helpful))[1]).toBe(helpful);
    let later = climbed(at, helpful);
    for (let frame = 0; frame < 8; frame += 1) later = climbed(later, null);
    expect(later.helped).toBeNull();
  });

  test("looks hard every third time or sooner", () => {
    const hard = LADDER.map((pass) => pass.isHard && !pass.isOfBars);
    expect([...hard, ...hard].join().includes("false,false,false")).toBe(false);
  });
});

describe("a picture", () => {
  const drawn = (width: number, height: number, grey: (x: number, y: number) => number): Picture => ({
    width, height, data: Uint8ClampedArray.from({ length: width * height }, (_, i) => grey(i % width, Math.floor(i / width))),
  });
  const darkest = ({ data, width }: Picture): { x: number; y: number } => {
    const at = data.indexOf(Math.min(...data));
    return { x: at % width, y: Math.floor(at / width) };
  };
  const dot = drawn(41, 31, (x, y) => (Math.hypot(x - 30, y - 10) < 3 ? 0 : 200));

  test.each([
    ["turned by 22.5", turned(dot, 22.5)], ["turned by -45", turned(dot, -45)], ["turned by 90", turned(dot, 90)],
    ["doubled", doubled(dot)], ["its middle", middle(dot, 0.8)], ["squashed", squashed(dot, 2, 0)],
  ])("%s leads what is found back to where it lies", (_, { picture, back }) => {
    const found = back(darkest(picture));
    expect(Math.hypot(found.x - 30, found.y - 10)).toBeLessThan(4.5);
  });

  test("of bars loses its grain when rows are laid upon each other", () => {
    const grain = drawn(40, 12, (x, y) => (x % 10 < 5 ? 60 : 180) + (((x * 7 + y * 13) % 5) - 2) * 20);
    const rows = squashed(grain, 12, 0).picture;
    const bar = [...rows.data].filter((_, x) => x % 20 > 1 && x % 20 < 8);
    expect(Math.max(...bar) - Math.min(...bar)).toBeLessThan(25);
  });

  test("is grey as an eye sees its colours", () => {
    expect([...greyOf(Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 255, 255, 255, 255, 255), 3, 1).data]).toEqual([76, 149, 255]);
  });
});

test("symbologies without checks are read only where somebody asked for them", () => {
  expect(formatsOf([])).not.toContain("Code39");
  expect(formatsOf([])).not.toContain("ITF14");
  expect(formatsOf(["Code39", "Telepen"])).toContain("Code39");
  expect(formatsOf(["Code39", "Telepen"])).not.toContain("Telepen");
});

describe("the running list", () => {
  const band = (quantity: number): Band => ({ signal: "done", say: "", values: {}, wrote: { quantity, code: "PA-529S" }, ways: [] });
  const entry = (answer: Entry["answer"]): Entry => ({ wall: 0, text: "x", kind: "read", answer });

  test("has the change and the balance that a task wrote", () => {
    expect(answerOf([], band(12), 36)).toEqual({ signal: "done", code: "PA-529S", change: 12, balance: 36 });
  });

  test("of a count has the strokes of the label, and what it has come to", () => {
    const first = entry(answerOf([], band(1), null));
    expect(answerOf([first], band(3), null)).toMatchObject({ change: 2, balance: 3 });
  });

  test("has no quantity where nothing is written", () => {
    const asked: Band = { signal: "look", say: "", values: {}, wrote: null, ways: [] };
    expect(answerOf([], asked, null)).toEqual({ signal: "look", code: null, change: null, balance: null });
  });

  test("is no longer than anybody reads", () => {
    let list: Entry[] = [];
    for (let n = 0; n < 100; n += 1) list = noted(list, entry(null));
    expect(list.length).toBe(40);
  });
});

test.each([
  ["NotAllowedError", "denied"], ["NotFoundError", "none"], ["NotReadableError", "busy"], ["TypeError", "failed"],
])("%s of the browser is told as %s", (name, trouble) => {
  expect(troubleOf({ name }, true)).toBe(trouble);
  expect(troubleOf({ name }, false)).toBe("insecure");
});

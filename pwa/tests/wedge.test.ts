/** [G5] Scan or typing: decided by what comes when. */
import { describe, expect, it } from "vitest";
import { hear, inField, ORDINARY, patient, QUIET, type Ear, type Heard, type Profile } from "../src/scan/wedge";

interface Outcome {
  scans: string[];
  swallowed: string[];
}

function play(events: Heard[], profile: Profile = ORDINARY): Outcome {
  let ear: Ear = QUIET;
  const outcome: Outcome = { scans: [], swallowed: [] };
  for (const heard of events) {
    const step = hear(ear, heard, profile);
    ear = step.ear;
    if (step.scan !== null) outcome.scans.push(step.scan);
    if (step.swallow && heard.kind === "key") outcome.swallowed.push(heard.key);
  }
  return outcome;
}

function keys(text: string, everyMs: number, from = 0): Heard[] {
  return [...text].map((key, n) => ({ kind: "key", key, ctrl: false, at: from + n * everyMs }));
}

const enter = (at: number): Heard => ({ kind: "key", key: "Enter", ctrl: false, at });

describe("a wedge scanner", () => {
  it("is recognised by its speed and its Enter, which nobody else sees", () => {
    expect(play([...keys("06-B-10", 10), enter(70)])).toEqual({ scans: ["06-B-10"], swallowed: ["Enter"] });
  });

  it("that ends with Tab is recognised", () => {
    expect(play([...keys("BE-2908", 5), { kind: "key", key: "Tab", ctrl: false, at: 40 }]).scans).toEqual(["BE-2908"]);
  });

  it("without a suffix is recognised by the silence after it", () => {
    expect(play([...keys("BE-2908", 5), { kind: "idle", at: 140 }]).scans).toEqual(["BE-2908"]);
  });

  it("with Shift, minus signs and spaces is taken as it is, and presses no button", () => {
    const shifted = keys("A b-C", 8).flatMap((heard): Heard[] => [{ kind: "key", key: "Shift", ctrl: false, at: heard.at }, heard]);
    expect(play([...shifted, enter(45)])).toEqual({ scans: ["A b-C"], swallowed: [" ", "Enter"] });
  });

  it.each([
    ["a separator character", { kind: "text", text: "\x1d", at: 50 }],
    ["F8", { kind: "key", key: "F8", ctrl: false, at: 50 }],
    ["Ctrl+]", { kind: "key", key: "]", ctrl: true, at: 50 }],
  ] satisfies [string, Heard][])("may send %s for the separator", (_, separator) => {
    expect(play([...keys("10K09", 10), separator, ...keys("1727", 10, 60), enter(100)]).scans).toEqual(["10K09\x1d1727"]);
  });

  it("behind an input method may come as one text", () => {
    expect(play([{ kind: "text", text: "06-B-10", at: 0 }, enter(3)]).scans).toEqual(["06-B-10"]);
  });

  it("may send ten scans in a second", () => {
    const ten = [...Array(10).keys()].flatMap((n) => [...keys(`CODE-${n}`, 5, n * 100), enter(n * 100 + 35)]);
    expect(play(ten).scans.length).toBe(10);
  });

  it("whose suffix is known is not cut in two by a page that was busy", () => {
    const stretched = [...keys("0", 5), ...keys("7-FL-09", 5, 250), enter(300)];
    expect(play(stretched, patient(ORDINARY)).scans).toEqual(["07-FL-09"]);
    expect(play([...keys("A1", 5), ...keys("-09", 5, 250), enter(300)], patient(ORDINARY)).scans).toEqual(["A1-09"]);
  });

  it.each(["7", "A1", "B12"])("may send the short code %s, where nobody types", (code) => {
    expect(play([...keys(code, 8), enter(code.length * 8)], patient(ORDINARY))).toEqual({ scans: [code], swallowed: ["Enter"] });
    expect(play([...keys(code, 8), enter(code.length * 8)]).scans).toEqual([code]);
    expect(play([...keys(code, 90), enter(code.length * 90)], patient(ORDINARY)).scans).toEqual([code]);
  });

  it("that is very slow does not leave its end as a short code, and presses nothing", () => {
    const slow = [...keys("06-B-10", 450), enter(7 * 450)];
    expect(play(slow, patient(ORDINARY))).toEqual({ scans: [], swallowed: ["Enter"] });
  });

  it("that ends with CR and LF presses nothing with the second of them", () => {
    const lineEnd = (key: string, at: number): Heard => ({ kind: "key", key, ctrl: true, at });
    expect(play([...keys("06-B-10", 10), enter(70), enter(74)])).toEqual({ scans: ["06-B-10"], swallowed: ["Enter", "Enter"] });
    expect(play([...keys("06-B-10", 10), lineEnd("m", 70), lineEnd("j", 74)])).toEqual({ scans: ["06-B-10"], swallowed: ["m", "j"] });
  });

  it("whose Enter comes late, after the silence had ended its scan, presses nothing", () => {
    const late = [...keys("06-B-10", 10), { kind: "idle", at: 470 } satisfies Heard, enter(500)];
    expect(play(late, patient(ORDINARY))).toEqual({ scans: ["06-B-10"], swallowed: ["Enter"] });
  });

  it("may send control characters inside a code, which cut nothing off", () => {
    const rs: Heard = { kind: "key", key: "^", ctrl: true, at: 30 };
    expect(play([...keys("[)>", 10), rs, ...keys("06K1", 10, 40), enter(80)])).toEqual({ scans: ["[)>\x1e06K1"], swallowed: ["^", "Enter"] });
  });

  it("with a prefix may be slow", () => {
    const profile = { ...ORDINARY, prefix: "~" };
    expect(play([...keys("~AB", 90), enter(250)], profile).scans).toEqual(["AB"]);
  });
});

describe("a hand", () => {
  it("that types where nobody else does presses no key with its Enter", () => {
    expect(play([...keys("06", 600), enter(1_800)], patient(ORDINARY))).toEqual({ scans: [], swallowed: ["Enter"] });
  });

  it("that presses Enter alone, long after a scan, presses the key that has the focus", () => {
    expect(play([...keys("06-B-10", 10), enter(70), enter(1_000)], patient(ORDINARY)).swallowed).toEqual(["Enter"]);
  });

  it("is not a scanner, however it ends", () => {
    expect(play([...keys("06-B-10", 120), enter(900)])).toEqual({ scans: [], swallowed: [] });
  });

  it("that types three characters quickly is not a scanner", () => {
    expect(play([...keys("123", 20), enter(70)])).toEqual({ scans: [], swallowed: [] });
  });

  it("that corrects itself is not a scanner", () => {
    const backspace: Heard = { kind: "key", key: "Backspace", ctrl: false, at: 45 };
    expect(play([...keys("1234", 10), backspace, enter(60)]).scans).toEqual([]);
  });

  it("that copies and pastes is left alone", () => {
    expect(play([{ kind: "key", key: "c", ctrl: true, at: 0 }, { kind: "key", key: "v", ctrl: true, at: 30 }, enter(60)])).toEqual({ scans: [], swallowed: [] });
  });

  it("that began to type before a scan came does not end up in it", () => {
    expect(play([...keys("ab", 150), ...keys("06-B-10", 10, 400), enter(470)]).scans).toEqual(["06-B-10"]);
  });
});

describe("in a text field", () => {
  const field = inField(ORDINARY);

  it("a scan is a burst that ends with Enter in the same rhythm", () => {
    expect(play([...keys("BA-8327", 10), enter(70)], field)).toEqual({ scans: ["BA-8327"], swallowed: ["Enter"] });
    expect(play([...keys("B8899", 10), enter(900)], field)).toEqual({ scans: [], swallowed: [] });
  });

  it("silence after quick letters is a hand that thinks", () => {
    expect(play([...keys("tion", 30), { kind: "idle", at: 300 }], field).scans).toEqual([]);
  });

  it("silence ends a scan of a scanner that sends no suffix, when no hand could be so quick", () => {
    const silent = inField(ORDINARY, false);
    expect(play([...keys("BA-8327", 5), { kind: "idle", at: 200 }], silent).scans).toEqual(["BA-8327"]);
    expect(play([...keys("BA-8327", 30), { kind: "idle", at: 400 }], silent).scans).toEqual([]);
  });

  it("a space typed quickly is kept", () => {
    expect(play(keys("no box", 20), field).swallowed).toEqual([]);
  });
});

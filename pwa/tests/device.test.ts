/** The device's own parts: clock, vault, pruning and the rhythm of syncing. */
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { DeviceClock } from "../src/device/clock";
import { pinIsRight, Vault } from "../src/device/vault";
import { lossOf, remember } from "../src/device/witness";
import { mayForget } from "../src/outbox/pruning";
import { Loop, type Reached } from "../src/push/loop";
import { Offline, Problem } from "../src/push/wire";
import { Store, type Kept } from "../src/store/store";

describe("the clock", () => {
  const clockOf = (times: { wall: number; mono: number }): DeviceClock => {
    let segments = 0;
    return new DeviceClock(() => times.wall, () => times.mono, () => `s${++segments}`, (seen) => kept.push(seen));
  };
  let kept: number[] = [];
  beforeEach(() => (kept = []));

  it("keeps its segment while both clocks run", () => {
    const times = { wall: 10_000, mono: 5 };
    const clock = clockOf(times);
    Object.assign(times, { wall: 70_200, mono: 60_005 });
    expect(clock.segment()).toBe("0-s1");
  });

  it.each([
    ["back", 8_000, "1-s2"],
    ["back by more than the error bar allows", 9_800, "1-s2"],
    ["forward, or slept", 14_000, "0-s2"],
  ])("begins a segment when the wall clock stepped %s", (_, wall, name) => {
    const times = { wall: 10_000, mono: 5 };
    const clock = clockOf(times);
    Object.assign(times, { wall, mono: 105 });
    expect(clock.segment()).toBe(name);
    expect(clock.segment()).toBe(name);
    expect(kept).toEqual(name.startsWith("1") ? [1] : []);
  });

  it("begins a segment when the page wakes up, and counts on from the pages before", () => {
    const times = { wall: 10_000, mono: 5 };
    const clock = clockOf(times);
    clock.resume();
    expect(clock.segment()).toBe("0-s2");
    clock.remember(3);
    expect(clock.segment()).toBe("3-s3");
    Object.assign(times, { wall: 5_000, mono: 10 });
    clock.resume();
    expect(clock.segment()).toBe("4-s5");
    expect(kept).toEqual([4]);
  });
});

describe("the vault", () => {
  it("opens what it sealed, after a restart too, with a key that cannot be taken out", async () => {
    const store = new Store("vault");
    const sealed = await new Vault(store).seal("token");
    expect(await new Vault(store).open(sealed)).toBe("token");
    expect((await store.meta<CryptoKey>("vault"))?.extractable).toBe(false);
  });

  it("looks for its key again when it could not be read once", async () => {
    const store = new Store("vault-away");
    const sealed = await new Vault(store).seal("token");
    const vault = new Vault(store);
    const read = store.meta.bind(store);
    store.meta = () => Promise.reject(new DOMException("gone for a moment", "UnknownError"));
    await expect(vault.open(sealed)).rejects.toThrow();
    store.meta = read;
    expect(await vault.open(sealed)).toBe("token");
  });

  it("knows a PIN by the server's verifier", async () => {
    // hashlib.pbkdf2_hmac("sha256", b"2580", b"0123456789abcdef", 1000)
    const verifier = "pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg==$FW5/B4dM4mDft/2Bxip8C66spqFO/eexP1brA4dwbqc=";
    expect(await pinIsRight(verifier, "2580")).toBe(true);
    expect(await pinIsRight(verifier, "2581")).toBe(false);
    expect(await pinIsRight("", "7305")).toBe(false);
  });
});

it("a memory that could not be opened is opened at the next try", async () => {
  const refused = indexedDB.open("newer", 99);
  await new Promise((opened) => (refused.onsuccess = opened));
  refused.result.close();
  const store = new Store("newer");
  await expect(store.meta("chain")).rejects.toThrow();
  await new Promise((gone) => (indexedDB.deleteDatabase("newer").onsuccess = gone));
  await store.setMeta("chain", 1);
  expect(await store.meta("chain")).toBe(1);
});

describe("what was sent", () => {
  const day = 24 * 3_600_000;
  const row = (acked: number | null, seq = 5): Kept =>
    ({ replica: "r", seq: 1, id: "i", text: "", hash: "", acked, verdict: { ledger_seq: seq } }) as Kept;

  it.each([
    ["is never forgotten before it is acknowledged", row(null), [1, 9], false],
    ["is kept three days even when two backups have it", row(98 * day), [1, 9], false],
    ["is forgotten after three days when two backups have it", row(96 * day), [1, 9], true],
    ["is kept while the second backup does not have it", row(1, 10), [1, 9], false],
    ["is kept when the backup is of another epoch", row(1), [2, 9], false],
    ["is kept thirty days where no backup is named", row(71 * day), null, false],
    ["is forgotten after thirty days where no backup is named", row(69 * day), null, true],
  ] as [string, Kept, [number, number] | null, boolean][])("%s", (_, kept, durable, forgotten) => {
    expect(mayForget(kept, 100 * day, 1, durable)).toBe(forgotten);
  });
});

describe("the rhythm", () => {
  function loopOf(outcomes: (number | Error)[]): { loop: Loop; waits: number[]; states: Reached[]; fire(): Promise<void> } {
    const waits: number[] = [];
    const states: Reached[] = [];
    let next: () => void = () => undefined;
    const loop = new Loop({
      cycle: () => {
        const outcome = outcomes.shift() ?? 0;
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      },
      alone: (work) => work(),
      random: () => 1,
      later: (work, ms) => {
        waits.push(ms);
        next = work;
        return () => undefined;
      },
      changed: (state) => states.push(state),
    });
    return { loop, waits, states, fire: () => { next(); return loop.wake(); } };
  }

  it("backs off from one second to a minute, and starts again after a success", async () => {
    const away = (): Offline => new Offline();
    const { loop, waits } = loopOf([...Array(8)].map(away).concat([]) as Error[]);
    for (let n = 0; n < 9; n++) await loop.wake();
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 20_000]);
  });

  it("waits as long as the server asks", async () => {
    const { loop, waits, states } = loopOf([new Problem(429, { detail: "Wait 30 s." }, 30_000), 5_000]);
    await loop.wake();
    await loop.wake();
    expect(waits).toEqual([30_000, 5_000]);
    expect(states).toEqual([
      { online: true, refused: false, problem: "Wait 30 s." },
      { online: true, refused: false, problem: null },
    ]);
  });

  it("says when the device is not let in, and goes on trying", async () => {
    const { loop, waits, states } = loopOf([new Problem(401, { detail: "Ask for a code." }, null)]);
    await loop.wake();
    expect(states).toEqual([{ online: true, refused: true, problem: "Ask for a code." }]);
    expect(waits.length).toBe(1);
  });

  it("runs once more for what was written during a sync", async () => {
    let runs = 0;
    let finish: () => void = () => undefined;
    const loop = new Loop({
      cycle: () => {
        runs += 1;
        return new Promise((resolve) => (finish = () => resolve(0)));
      },
      alone: (work) => work(), random: () => 1, later: () => () => undefined, changed: () => undefined,
    });
    const first = loop.wake();
    const second = loop.wake();
    void loop.wake();
    finish();
    await first;
    await Promise.resolve().then(() => undefined);
    finish();
    await second;
    expect(runs).toBe(2);
  });
});

describe("a device whose storage is gone", () => {
  const seen = new Map<string, string>();
  Object.assign(globalThis, {
    localStorage: { getItem: (key: string) => seen.get(key) ?? null, setItem: (key: string, text: string) => void seen.set(key, text) },
  });
  const before = { replica: "a".repeat(32), seq: 7, prev: null };

  it("reports what it had before, by what lies outside the database", () => {
    seen.clear();
    remember({ ...before, name: "H1" });
    expect(lossOf({ before: null }, false)).toEqual({ replica: before.replica, seq: 7 });
  });

  it("reports what it had in memory, where it was lost while it ran", () => {
    seen.clear();
    expect(lossOf({ before }, true)).toEqual({ replica: before.replica, seq: 7 });
  });

  it("reports that it had something, where only its enrolment is left", () => {
    seen.clear();
    expect(lossOf({ before: null }, true)).toEqual({ replica: null, seq: 0 });
  });

  it.each(["", "{", '{"replica":"x","seq":1}', '{"replica":1}'])("trusts nothing else that lies there: %s", (text) => {
    seen.set("bincard-witness", text);
    expect(lossOf({ before: null }, true)).toEqual({ replica: null, seq: 0 });
  });

  it("has lost nothing when it is new, or when its chain is there", () => {
    seen.clear();
    expect(lossOf({ before: null }, false)).toBeNull();
    expect(lossOf(null, true)).toBeNull();
  });
});

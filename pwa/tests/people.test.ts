/** Signing in: by the server where there is one, by the roster where there is none. */
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { feedKey } from "../src/core/hashing";
import { SiteView } from "../src/core/site-view";
import type { Person, Row } from "../src/core/types.gen";
import { People, SignInRefused } from "../src/device/people";
import { Vault } from "../src/device/vault";
import { Offline, Problem, type Wire } from "../src/push/wire";
import { Store } from "../src/store/store";

const encoder = new TextEncoder();
let stores = 0;

async function verifierOf(pin: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(pin), "PBKDF2", false, ["deriveBits"]);
  const salt = encoder.encode("0123456789abcdef");
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 10 }, key, 256);
  return `pbkdf2-sha256$10$${btoa("0123456789abcdef")}$${btoa(String.fromCharCode(...new Uint8Array(bits)))}`;
}

/** A server that knows one PIN, or a network that is away. */
function wireOf(pin: string | null): Wire {
  return {
    post<T>(_path: string, text: string): Promise<T> {
      if (pin === null) return Promise.reject(new Offline());
      const told = JSON.parse(text) as { pin: string };
      if (told.pin !== pin) return Promise.reject(new Problem(401, { detail: "Wrong PIN. 4 tries left." }, null));
      return Promise.resolve({ person: "1001", name: "Liu Mei", role: "worker", session: "s-1" } as T);
    },
    get: () => Promise.reject(new Offline()),
    listen: () => Promise.resolve(),
  };
}

async function deviceOf(pin: string | null, role: Person["role"] = "worker"): Promise<{ people: People; store: Store; kept: Row[]; clock: { now: number } }> {
  const store = new Store(`people-${++stores}`);
  const view = new SiteView();
  const clock = { now: 1_000 };
  const people = new People(store, new Vault(store), view, wireOf(pin), () => clock.now);
  const person: Person = { person: "1001", name: "Liu Mei", role, badge: "B1001", language: "zh", verifier: await verifierOf("7305"), active: true, adjust_limit: null };
  const kept = await people.hide([["person", feedKey("1001"), 1, person]]);
  view.replica.apply(kept);
  return { people, store, kept, clock };
}

describe("without a network", () => {
  it("the roster lets a person in by badge or number, without a session", async () => {
    const { people } = await deviceOf(null);
    await people.signIn({ badge: "B1001" }, "7305");
    expect([people.signedIn?.person, people.signedIn?.language, await people.session()]).toEqual(["1001", "zh", null]);
    await people.signIn({ person: "1001" }, "7305");
    expect(people.signedIn?.name).toBe("Liu Mei");
  });

  it("five wrong PINs lock the person out for five minutes", async () => {
    const { people, clock } = await deviceOf(null);
    for (let n = 0; n < 5; n++) await expect(people.signIn({ person: "1001" }, "0000")).rejects.toMatchObject({ code: "wrong_pin" });
    await expect(people.signIn({ person: "1001" }, "7305")).rejects.toMatchObject({ code: "locked" });
    clock.now += 5 * 60_000;
    await people.signIn({ person: "1001" }, "7305");
    expect(people.signedIn?.person).toBe("1001");
  });

  it("a clock that was set back does not lock anybody out for longer", async () => {
    const { people, clock } = await deviceOf(null);
    clock.now = Date.parse("2036-11-21");
    for (let n = 0; n < 5; n++) await expect(people.signIn({ person: "1001" }, "0000")).rejects.toMatchObject({ code: "wrong_pin" });
    clock.now = Date.parse("2026-11-21");
    await people.signIn({ person: "1001" }, "7305");
    expect(people.signedIn?.person).toBe("1001");
  });

  it("PINs that are tried at once are counted one by one", async () => {
    const { people } = await deviceOf(null);
    const tries = Array.from({ length: 6 }, (_, n) => people.signIn({ person: "1001" }, n < 5 ? "0000" : "7305"));
    const refused = (await Promise.allSettled(tries)).map((one) => one.status === "rejected" && (one.reason as SignInRefused).code);
    expect(refused).toEqual([...Array<string>(5).fill("wrong_pin"), "locked"]);
  });

  it("a badge that nobody on the roster has is refused with a sentence", async () => {
    const { people } = await deviceOf(null);
    await expect(people.signIn({ badge: "B9999" }, "7305")).rejects.toThrow("Nobody on this device's list");
    await expect(people.signIn({ badge: "B9999" }, "7305")).rejects.toBeInstanceOf(SignInRefused);
  });

  it("a supervisor's consent needs a supervisor", async () => {
    expect(await (await deviceOf(null)).people.consent({ badge: "B1001" }, "7305")).toBeNull();
    expect(await (await deviceOf(null, "supervisor")).people.consent({ badge: "B1001" }, "7305")).toBe("1001");
  });
});

describe("with a network", () => {
  it("the server decides, and its sentence is shown", async () => {
    const { people } = await deviceOf("7777");
    await expect(people.signIn({ person: "1001" }, "7305")).rejects.toThrow("4 tries left");
    await people.signIn({ person: "1001" }, "7777");
    expect(await people.session()).toBe("s-1");
  });
});

it("a PIN's verifier is never kept in the clear", async () => {
  const { kept, store } = await deviceOf(null);
  expect((kept[0]?.[3] as Person).verifier).toBe("");
  const meta = await store.read(["meta"], (tx) => tx.objectStore("meta").getAll());
  expect(JSON.stringify(meta)).not.toContain("pbkdf2");
});

it("who is signed in stays signed in over a restart", async () => {
  const { people, store } = await deviceOf(null);
  await people.signIn({ person: "1001" }, "7305");
  const again = new People(store, new Vault(store), new SiteView(), wireOf(null), () => 1);
  await again.load();
  expect(again.signedIn?.person).toBe("1001");
});

/** Signing in: by the server where there is one, by what this device may check where there is none. */
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { bodyOf } from "../src/core/envelope";
import { feedKey, sha256Hex } from "../src/core/hashing";
import { proofOf } from "../src/core/proofs";
import { SiteView } from "../src/core/site-view";
import type { Did, Person, Result } from "../src/core/types.gen";
import { People, SignInRefused } from "../src/device/people";
import { Proofs } from "../src/device/proofs";
import { Vault } from "../src/device/vault";
import type { Operation } from "../src/outbox/operation";
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

/** A server with a worker and a supervisor, whose network comes and goes. */
class Server implements Wire {
  isAway = false;
  pins: Record<string, string> = { "1001": "7305", "2001": "639274" };
  stamps: Record<string, string> = { "1001": "w1", "2001": "s1" };
  sessions = 0;
  asked: string[] = [];
  rosters = 0;

  async post<T>(path: string, text: string): Promise<T> {
    if (this.isAway) throw new Offline();
    this.asked.push(`${path} ${text}`);
    if (path === "/api/sign-out") return { ended: true } as T;
    const told = JSON.parse(text) as { pin: string; person: string; new_pin?: string };
    if (this.pins[told.person] !== told.pin) throw new Problem(401, { detail: "Wrong PIN. 4 tries left." }, null);
    const isSupervisor = told.person === "2001";
    const stamp = this.stamps[told.person] ?? "";
    return {
      person: told.person, name: "Somebody", role: isSupervisor ? "supervisor" : "worker",
      session: `bs1.p${++this.sessions}.m`, expires: 1e9, key: `key${this.sessions}`, stamp, secret: isSupervisor ? "only-here" : "",
    } as T;
  }

  async get<T>(path: string): Promise<T> {
    if (this.isAway || path !== "/sync/roster") throw new Offline();
    this.rosters++;
    return { workers: [["1001", this.stamps["1001"], await verifierOf(this.pins["1001"] ?? "")]] } as T;
  }

  listen(): Promise<void> {
    return Promise.resolve();
  }
}

const person = (number: string, role: Person["role"], pin_stamp: string): Person => ({
  person: number, name: "Somebody", role, badge: `B${number}`, language: "zh", pin_stamp, active: true, adjust_limit: null,
});

class Device {
  readonly store = new Store(`people-${++stores}`);
  readonly view = new SiteView();
  readonly server: Server;
  readonly people: People;
  now = 1_000;

  constructor(server: Server) {
    this.server = server;
    this.people = new People(this.store, new Vault(this.store), this.view, server, () => this.now);
  }

  /** The feed brings the people as the server has them, and the roster follows. */
  async pull(version = 1): Promise<void> {
    const { stamps } = this.server;
    const people = [person("1001", "worker", stamps["1001"] ?? ""), person("2001", "supervisor", stamps["2001"] ?? "")];
    const rows = people.map((row) => ["person", feedKey(row.person), version, row] as [string, string, number, Person]);
    await this.people.pins.saw(rows);
    this.view.replica.apply(rows);
    await this.people.pins.refresh();
  }

  again(): People {
    return new People(this.store, new Vault(this.store), this.view, this.server, () => this.now);
  }
}

async function enrolled(): Promise<Device> {
  const device = new Device(new Server());
  await device.people.load();
  await device.pull();
  return device;
}

async function away(): Promise<Device> {
  const device = await enrolled();
  device.server.isAway = true;
  return device;
}

const refusal = (code: string) => ({ code });

describe("without a network", () => {
  it("a worker signs in on any device, and it is marked as the roster's word", async () => {
    const { people } = await away();
    await people.signIn({ badge: "B1001" }, "7305");
    expect([people.signedIn?.person, people.signedIn?.how, await people.session(), await people.prover()]).toEqual(["1001", "roster", null, null]);
    await people.signIn({ person: "1001" }, "7305");
    expect(people.signedIn?.language).toBe("zh");
  });

  it("a supervisor signs in only where she did so with a network before", async () => {
    const device = await enrolled();
    device.server.isAway = true;
    await expect(device.people.signIn({ person: "2001" }, "639274")).rejects.toMatchObject(refusal("needs_network_to_decide"));
    device.server.isAway = false;
    await device.people.signIn({ person: "2001" }, "639274");
    device.server.isAway = true;
    await device.people.signIn({ person: "2001" }, "639274");
    expect([device.people.signedIn?.how, device.people.signedIn?.session]).toEqual(["device", null]);
    await expect(device.people.signIn({ person: "2001" }, "639275")).rejects.toMatchObject(refusal("wrong_pin"));
  });

  it("what a device knew of a PIN ends with that PIN", async () => {
    const device = await enrolled();
    await device.people.signIn({ person: "2001" }, "639274");
    device.server.pins = { "1001": "5283", "2001": "830562" };
    device.server.stamps = { "1001": "w2", "2001": "s2" };
    await device.pull(2);
    device.server.isAway = true;
    await expect(device.people.signIn({ person: "2001" }, "639274")).rejects.toMatchObject(refusal("needs_network_to_decide"));
    await expect(device.people.signIn({ person: "1001" }, "7305")).rejects.toMatchObject(refusal("wrong_pin"));
    await device.people.signIn({ person: "1001" }, "5283");
    const keys = await device.store.read(["meta"], (tx) => tx.objectStore("meta").getAllKeys());
    expect(keys.filter((key) => key.startsWith("pin/"))).toEqual(["pin/1001"]);
  });

  it("verifiers that an earlier app kept are wiped", async () => {
    const device = new Device(new Server());
    await device.store.setMeta("verifier/2001", "sealed");
    await device.people.load();
    await device.pull();
    expect(await device.store.meta("verifier/2001")).toBeUndefined();
  });

  it("a promoted worker's verifier opens nothing any more", async () => {
    const device = await away();
    device.view.replica.apply([["person", feedKey("1001"), 9, person("1001", "supervisor", "w1")]]);
    await expect(device.people.signIn({ person: "1001" }, "7305")).rejects.toMatchObject(refusal("needs_network_to_decide"));
  });

  it("the roster is fetched when people change, not with every sync", async () => {
    const device = await enrolled();
    await device.people.pins.refresh();
    expect(device.server.rosters).toBe(1);
    await device.pull(2);
    expect(device.server.rosters).toBe(2);
  });

  it("five wrong PINs lock the person out, each five more for twice as long", async () => {
    const device = await away();
    for (const minutes of [5, 10, 20]) {
      for (let n = 0; n < 5; n++) await expect(device.people.signIn({ person: "1001" }, "0000")).rejects.toMatchObject(refusal("wrong_pin"));
      device.now += minutes * 60_000 - 1;
      await expect(device.people.signIn({ person: "1001" }, "7305")).rejects.toMatchObject(refusal("locked"));
      device.now += 1;
    }
    await device.people.signIn({ person: "1001" }, "7305");
    expect(device.people.signedIn?.person).toBe("1001");
  });

  it("a clock that is set back, or another page, ends no lock", async () => {
    const device = await away();
    device.now = Date.parse("2026-11-21T10:00Z");
    for (let n = 0; n < 5; n++) await expect(device.people.signIn({ person: "1001" }, "0000")).rejects.toMatchObject(refusal("wrong_pin"));
    device.now -= 24 * 3_600_000;
    const people = device.again();
    await people.load();
    await expect(people.signIn({ person: "1001" }, "7305")).rejects.toThrow("Wait 5 min");
    device.now += 3 * 60_000;
    await expect(people.signIn({ person: "1001" }, "7305")).rejects.toThrow("Wait 2 min");
    device.now += 2 * 60_000;
    await people.signIn({ person: "1001" }, "7305");
    expect(people.signedIn?.person).toBe("1001");
  });

  it("PINs that are tried at once are counted one by one", async () => {
    const { people } = await away();
    const tries = Array.from({ length: 6 }, (_, n) => people.signIn({ person: "1001" }, n < 5 ? "0000" : "7305"));
    const refused = (await Promise.allSettled(tries)).map((one) => one.status === "rejected" && (one.reason as SignInRefused).code);
    expect(refused).toEqual([...Array<string>(5).fill("wrong_pin"), "locked"]);
  });

  it("a badge that nobody on the roster has is refused with a sentence", async () => {
    const { people } = await away();
    await expect(people.signIn({ badge: "B9999" }, "7305")).rejects.toThrow("Nobody on this device's list");
    await expect(people.signIn({ badge: "B9999" }, "7305")).rejects.toBeInstanceOf(SignInRefused);
  });
});

describe("a supervisor's consent", () => {
  it("says who checked it: the server, this device, or nobody", async () => {
    const device = await enrolled();
    const ask = () => device.people.consent({ person: "2001" }, "639274");
    device.server.isAway = true;
    expect(await ask()).toEqual({ actor: "2001", checked: "nobody" });
    device.server.isAway = false;
    expect(await ask()).toEqual({ actor: "2001", checked: "server" });
    device.server.isAway = true;
    expect(await ask()).toEqual({ actor: "2001", checked: "device" });
    expect(device.people.signedIn).toBeNull();
  });

  it("is never a worker's", async () => {
    const device = await enrolled();
    expect(await device.people.consent({ person: "1001" }, "7305")).toBeNull();
    device.server.isAway = true;
    expect(await device.people.consent({ person: "1001" }, "7305")).toBeNull();
  });
});

describe("with a network", () => {
  it("the server decides, and its sentence is shown", async () => {
    const { people } = await enrolled();
    await expect(people.signIn({ person: "1001" }, "0000")).rejects.toThrow("4 tries left");
    await people.signIn({ person: "1001" }, "7305");
    expect(await people.session()).toBe("bs1.p1.m");
  });

  it("the server hears of every session that is over, once it can", async () => {
    const device = await enrolled();
    await device.people.signIn({ person: "2001" }, "639274");
    device.server.isAway = true;
    await device.people.signOut();
    await expect(device.people.endSessions()).rejects.toBeInstanceOf(Offline);
    device.server.isAway = false;
    const people = device.again();
    await people.load();
    await people.signIn({ person: "1001" }, "7305");
    await people.signIn({ person: "2001" }, "639274");
    await people.endSessions();
    const ended = device.server.asked.filter((one) => one.startsWith("/api/sign-out"));
    expect(ended).toEqual(['/api/sign-out {"session":"bs1.p1.m"}', '/api/sign-out {"session":"bs1.p2.m"}']);
  });
});

describe("the lock", () => {
  it("outlives a page, and the same person goes on in the same session without a network", async () => {
    const device = await enrolled();
    await device.people.signIn({ person: "2001" }, "639274");
    await device.people.lock();
    const people = device.again();
    await people.load();
    expect(people.isLocked).toBe(true);
    device.server.isAway = true;
    await expect(people.signIn({ person: "2001" }, "111111")).rejects.toMatchObject(refusal("wrong_pin"));
    await people.signIn({ person: "2001" }, "639274");
    expect([people.isLocked, await people.session()]).toEqual([false, "bs1.p1.m"]);
  });

  it("another person behind it ends the session", async () => {
    const device = await enrolled();
    await device.people.signIn({ person: "2001" }, "639274");
    await device.people.lock();
    device.server.isAway = true;
    await device.people.signIn({ person: "1001" }, "7305");
    expect([device.people.signedIn?.person, await device.people.session()]).toEqual(["1001", null]);
  });
});

describe("proofs", () => {
  const close: Did = { verb: "close", document: "PO-1" };
  const operation = (id: string, actor: string, did: Did = close, more: Partial<Operation> = {}): Operation => {
    const text = `{"link":{},"body":${JSON.stringify({ id, actor, did })}}`;
    return { replica: "r", seq: 1, prev: null, id, text, hash: "", verdict: null, acked: null, body: JSON.parse(bodyOf(text)), ...more } as Operation;
  };

  function made(device: Device, operations: Operation[], later: Record<string, Result> = {}): Proofs {
    return new Proofs({ store: device.store, people: device.people, operations: () => operations, later: (id) => later[id], now: () => device.now });
  }

  it("are what the server computes", () => {
    expect(proofOf("session-key", "payload", "0".repeat(64))).toBe("bp1.payload.zNO8-370QKFrm3xt1125sQ-vlUlHgUIy6DpozZWcoLg");
  });

  it("are made for decisions of whoever is signed in, and for no facts", async () => {
    const device = await enrolled();
    const fact = { verb: "reverse", target: "x", reason: "undo" } as Did;
    const operations = [operation("mine", "2001"), operation("other", "2002"), operation("fact", "2001", fact)];
    const proofs = made(device, operations);
    await device.people.signIn({ person: "2001" }, "639274");
    await proofs.make();
    const content = sha256Hex(bodyOf(operations[0]!.text));
    expect(proofs.with(operations)).toEqual([["mine", proofOf("key1", "p1", content)]]);
    expect(operations.map((row) => proofs.waits(row))).toEqual([false, true, false]);
  });

  it("wait for a sign-in with a network, and outlive a page", async () => {
    const device = await away();
    const operations = [operation("mine", "2001")];
    const proofs = made(device, operations);
    await device.people.signIn({ person: "1001" }, "7305");
    await proofs.make();
    expect([proofs.with(operations), proofs.waits(operations[0]!)]).toEqual([[], true]);
    device.server.isAway = false;
    await device.people.signIn({ person: "2001" }, "639274");
    await proofs.make();
    const again = made(device, operations);
    await again.load();
    expect(again.with(operations)).toHaveLength(1);
  });

  it("are told once for a decision that went without", async () => {
    const device = await enrolled();
    const flags = [{ code: "NOT_PROVED", discrepancy: "NOT_PROVED/late" }];
    const parked = operation("late", "2001", close, { acked: 5, verdict: { outcome: "parked", flags } as unknown as Operation["verdict"] });
    const later: Record<string, Result> = {};
    const proofs = made(device, [parked], later);
    await proofs.make();
    expect([proofs.with([]), proofs.waits(parked)]).toEqual([[], true]);
    await device.people.signIn({ person: "2001" }, "639274");
    await proofs.make();
    const told = proofs.with([]);
    expect(told).toHaveLength(1);
    proofs.took(told);
    expect(proofs.with([])).toEqual([]);
    later["late"] = { operation: "late", outcome: "accepted", reversed: false, flags: [] };
    expect(proofs.waits(parked)).toBe(false);
  });

  it("of a session that is over count for nothing", async () => {
    const device = await enrolled();
    const operations = [operation("mine", "2001")];
    const proofs = made(device, operations);
    await device.people.signIn({ person: "2001" }, "639274");
    await proofs.make();
    device.now = 1e9;
    expect(proofs.waits(operations[0]!)).toBe(true);
  });
});

it("nothing that a PIN could be guessed by is kept in the clear", async () => {
  const device = await enrolled();
  await device.people.signIn({ person: "2001" }, "639274");
  const meta = await device.store.read(["meta"], (tx) => tx.objectStore("meta").getAll());
  expect(JSON.stringify(meta)).not.toMatch(/pbkdf2|only-here|bs1|key1/);
});

it("who is signed in stays signed in over a restart", async () => {
  const device = await away();
  await device.people.signIn({ person: "1001" }, "7305");
  const again = device.again();
  await again.load();
  expect(again.signedIn?.person).toBe("1001");
});

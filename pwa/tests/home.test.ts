/** What a code makes of a device, and whose work lies on it. */
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { Home } from "../src/device/home";
import { Vault } from "../src/device/vault";
import type { Draft } from "../src/core/flow";
import { Store } from "../src/store/store";
import { FakeServer } from "./fake-server";
import { Handheld, KEY } from "./handheld";

let names = 0;

/** A device whose codes are for the site that they name: `code/SITE`. */
class Enrolling {
  asked: { path: string; body: Record<string, unknown> }[] = [];
  readonly name = `home-${++names}`;
  home!: Home;
  handheld!: Handheld;
  sends = 0;

  static async on(handheld: Handheld): Promise<Enrolling> {
    const made = new Enrolling();
    made.handheld = handheld;
    const identity = new Store(made.name);
    made.home = new Home(handheld.store, identity, new Vault(identity), handheld.outbox, {
      carried: () => 0,
      send: async () => {
        made.sends++;
        await handheld.push.run().catch(() => undefined);
      },
      post: <T,>(path: string, body: unknown) => Promise.resolve(made.answer(path, body as Record<string, string>) as T),
    });
    await made.home.load();
    return made;
  }

  private answer(path: string, body: Record<string, string>): unknown {
    this.asked.push({ path, body });
    const [device = "", site = ""] = body["code"]!.split("/");
    return { device, name: `the ${device}`, site, site_name: site, token: `bc1.${device}.${site}.mac` };
  }
}

const joined = async (server: FakeServer): Promise<Enrolling> => {
  const device = await Enrolling.on(await Handheld.on(server));
  await device.home.join("d1/FACTORY");
  return device;
};

describe("[S11] a code that is opened on a working device", () => {
  it("is looked at, and says what the device is and what it would become", async () => {
    const { home, handheld, asked } = await joined(new FakeServer());
    await handheld.receive(1);
    expect(await home.look("d2/ELSEWHERE")).toEqual({
      name: "the d2", site: "ELSEWHERE", siteName: "ELSEWHERE", was: { name: "the d1", site: "FACTORY" }, isOther: true, unsent: 1,
    });
    expect(await home.look("d2/FACTORY")).toMatchObject({ isOther: false, unsent: 0 });
    expect(asked.map(({ path }) => path)).toEqual(["/api/enrol", "/api/enrol/look", "/api/enrol/look"]);
    expect(home.enrolment?.device).toBe("d1");
  });

  it("takes nothing unsent to another site: it is sent first, else the code stays good", async () => {
    const server = new FakeServer();
    const { home, handheld, asked } = await joined(server);
    await handheld.receive(1);
    server.isAway = true;
    await expect(home.join("d2/ELSEWHERE")).rejects.toThrow("not sent yet");
    expect([home.enrolment?.site, asked.at(-1)?.path]).toEqual(["FACTORY", "/api/enrol/look"]);
    server.isAway = false;
    expect(await home.join("d2/ELSEWHERE")).toBe(true);
    expect([home.enrolment?.site, server.pushes.flatMap(({ operations }) => operations).length]).toEqual(["ELSEWHERE", 1]);
  });

  it("takes no scan away that nobody has used", async () => {
    const { home, handheld } = await joined(new FakeServer());
    await handheld.scan("06-B-10");
    await expect(home.join("d2/ELSEWHERE")).rejects.toThrow("scanned and not used");
  });

  it("leaves nothing of the old site: the store is empty, and another replica begins", async () => {
    const server = new FakeServer();
    const { home, handheld } = await joined(server);
    await handheld.receive(1);
    await handheld.sync();
    const { replica } = handheld.outbox.chain;
    await home.join("d2/ELSEWHERE");
    const again = await handheld.restarted(server);
    expect([again.outbox.operations, again.outbox.chain.seq, again.feed.position.cursor, again.outbox.begun]).toEqual([[], 0, "", null]);
    expect(again.outbox.chain.replica).not.toBe(replica);
  });

  it("finishes a move that was killed in the middle when the page starts", async () => {
    const { home, handheld } = await joined(new FakeServer());
    home.enrolment = { ...home.enrolment!, site: "ELSEWHERE", device: "d2" };
    const { replica } = handheld.outbox.chain;
    await home.settle();
    expect([home.isAstray, handheld.outbox.chain.replica === replica]).toEqual([false, false]);
  });
});

describe("[S11] envelopes of another site", () => {
  it("are never pushed by the token of this one, whatever the device became", async () => {
    const server = new FakeServer();
    const { home, handheld } = await joined(server);
    const did = { verb: "receive", key: KEY, quantity: 9, from: { location: "supplier/1" }, to: { location: "DOCK" } } as const;
    const draft: Draft = { did, task: null, assumed: [], captures: [], consent: null };
    await handheld.outbox.write([draft], null, { ...handheld.context(), site: "ELSEWHERE" });
    await handheld.push.run(false, true);
    expect(server.pushes.flatMap(({ operations }) => operations)).toEqual([]);
    expect(handheld.outbox.unsent.length).toBe(1);
    // An app of before took them along: they belong to where they were written.
    await handheld.store.setMeta("home", undefined);
    await home.load();
    home.enrolment = { device: "d1", name: "", site: "FACTORY", token: await new Vault(handheld.store).seal("t") };
    await home.settle();
    expect([home.isAstray, home.site]).toEqual([true, "ELSEWHERE"]);
  });
});

describe("[S10] a device that is enrolled again at its site", () => {
  it("proves what it was, and goes on under its chain until that is sent", async () => {
    const server = new FakeServer();
    const { home, handheld, asked } = await joined(server);
    await handheld.receive(1);
    server.isAway = true;
    const { replica } = handheld.outbox.chain;
    expect(await home.join("d2/FACTORY")).toBe(false);
    expect(asked.at(-1)?.body["former"]).toBe("bc1.d1.FACTORY.mac");
    expect([home.isHandingOver, handheld.outbox.chain.replica, handheld.outbox.unsent.length]).toEqual([true, replica, 1]);
    await home.handOver();
    expect([home.isHandingOver, handheld.outbox.chain.replica]).toEqual([true, replica]);
    server.isAway = false;
    await handheld.push.run(true, true);
    expect(server.pushes.at(-1)).toMatchObject({ replica, unsent: 0, leaving: true });
    await home.handOver();
    expect([home.isHandingOver, handheld.outbox.chain.seq]).toEqual([false, 0]);
    expect(handheld.outbox.chain.replica).not.toBe(replica);
    expect(handheld.outbox.operations.length).toBe(1);
  });
});

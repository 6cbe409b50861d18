/**
 * By what this device checks a PIN without a network. Workers: the site's roster, fetched when it
 * has changed, as any of them must be able to work here. Everybody with more rights: only by a
 * secret that the server gave this device when they signed in on it, under the PIN of then.
 */
import { decides } from "../core/rights";
import type { SiteView } from "../core/site-view";
import type { Person, Roster, Row } from "../core/types.gen";
import type { Wire } from "../push/wire";
import type { Store } from "../store/store";
import { pinIsRight, verifierOf, type Sealed, type Vault } from "./vault";

export type How = "device" | "roster";

interface Kept {
  /** Names the PIN that it is for. */
  stamp: string;
  how: How;
  verifier: Sealed;
}

const PREFIX = "pin/";
/** Where an earlier app kept everybody's. */
const OF_BEFORE = "verifier/";
const FRESH = "roster";

export class OfflinePins {
  private readonly store: Store;
  private readonly vault: Vault;
  private readonly view: SiteView;
  private readonly wire: Wire;
  private isFresh = false;

  constructor(store: Store, vault: Vault, view: SiteView, wire: Wire) {
    this.store = store;
    this.vault = vault;
    this.view = view;
    this.wire = wire;
  }

  async load(): Promise<void> {
    this.isFresh = (await this.store.meta<boolean>(FRESH)) ?? false;
  }

  /** Rows of the feed as they come: whenever people change, so may what is kept of them. */
  async saw(rows: readonly Row[]): Promise<void> {
    if (!this.isFresh || !rows.some(([kind]) => kind === "person")) return;
    await this.store.setMeta(FRESH, false);
    this.isFresh = false;
  }

  /** Fetches the workers' verifiers when people have changed, and forgets what is outdated. */
  async refresh(): Promise<void> {
    if (this.isFresh) return;
    // What changes meanwhile makes it stale again.
    this.isFresh = true;
    try {
      const { workers } = await this.wire.get<Roster>("/sync/roster");
      const fresh = await Promise.all(workers.map(async ([person, stamp, text]): Promise<[string, Kept]> =>
        [person, { stamp, how: "roster", verifier: await this.vault.seal(text) }]));
      await this.replace(new Map(fresh));
    } catch (error) {
      this.isFresh = false;
      throw error;
    }
  }

  /** An online sign-in of somebody who may decide: from now on this device knows the PIN by itself. */
  async learn(person: string, pin: string, { secret, stamp }: { secret: string; stamp: string }): Promise<void> {
    if (!secret) return;
    const verifier = await this.vault.seal(await verifierOf(pin, secret));
    await this.store.setMeta(PREFIX + person, { stamp, how: "device", verifier } satisfies Kept);
  }

  /** How a PIN was found right; "wrong", or null when nothing here can tell. */
  async check(person: Person, pin: string): Promise<How | "wrong" | null> {
    const kept = await this.store.meta<Kept>(PREFIX + person.person);
    if (!kept || !isOf(kept, person)) return null;
    return (await pinIsRight(await this.vault.open(kept.verifier), pin)) ? kept.how : "wrong";
  }

  private async replace(fresh: ReadonlyMap<string, Kept>): Promise<void> {
    await this.store.keep(["meta"], async (tx) => {
      const meta = tx.objectStore("meta");
      for (const key of (await meta.getAllKeys()).filter((one) => one.startsWith(OF_BEFORE))) void meta.delete(key);
      for (const key of (await meta.getAllKeys()).filter((one) => one.startsWith(PREFIX))) {
        const [kept, person] = [(await meta.get(key)) as Kept, this.view.person(key.slice(PREFIX.length))];
        if (kept.how === "roster" || !person || !isOf(kept, person)) void meta.delete(key);
      }
      for (const [person, kept] of fresh) void meta.put(kept, PREFIX + person);
      void meta.put(true, FRESH);
    });
  }
}

/** Of a person who still works here, for the PIN of now, and never by the roster for who may decide. */
function isOf(kept: Kept, person: Person): boolean {
  const isCurrent = !person.pin_stamp || person.pin_stamp === kept.stamp;
  return person.active && isCurrent && (kept.how === "device" || !decides(person.role));
}

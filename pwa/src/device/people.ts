/**
 * Who works at this device. Online the server decides, counts the tries and gives a session;
 * without a network the device checks what it may (`OfflinePins`), and that opens no more than a
 * worker's rights: whatever is decided waits until its person has signed in online.
 */
import { decides } from "../core/rights";
import type { SiteView } from "../core/site-view";
import type { Consent, Person } from "../core/types.gen";
import { Offline, Problem, type Wire } from "../push/wire";
import type { Store } from "../store/store";
import { Turns } from "../store/turns";
import { OfflinePins } from "./offline-pins";
import { sentence, type Sentence } from "./sentences";
import { TriesHere } from "./tries";
import type { Sealed, Vault } from "./vault";

export interface SignedIn {
  person: string;
  name: string;
  role: "worker" | "supervisor";
  language: "en" | "zh";
  /** Before the server's eyes, by this device alone, or by the roster that lies on every one. */
  how?: "server" | "device" | "roster";
  /** The server's session, sealed; null after an offline sign-in. */
  session: Sealed | null;
  /** What proves the session's decisions, sealed. */
  key?: Sealed | null;
  /** Server time at which both end. */
  expires?: number;
}

export type Who = { badge: string } | { person: string };

interface Told {
  person: string;
  name: string;
  role: SignedIn["role"];
  secret: string;
  stamp: string;
}

interface ToldSession extends Told {
  session: string;
  key: string;
  expires: number;
}

/** A sign-in that failed, with a sentence for the worker. */
export class SignInRefused extends Error {
  readonly code: Sentence;

  constructor(code: Sentence, minutes = 0) {
    super(sentence(code, minutes));
    this.code = code;
  }
}

export class People {
  signedIn: SignedIn | null = null;
  /** The screen is shut until the same person gives the PIN again, or somebody else signs in. */
  isLocked = false;
  readonly pins: OfflinePins;
  private readonly tries: TriesHere;
  private readonly store: Store;
  private readonly vault: Vault;
  private readonly view: SiteView;
  private readonly wire: Wire;
  /** Each try is counted before the next one is heard. */
  private readonly turns = new Turns();
  /** Sessions that are over here, and of which the server has not heard. */
  private endings: Sealed[] = [];

  constructor(store: Store, vault: Vault, view: SiteView, wire: Wire, now: () => number) {
    this.store = store;
    this.vault = vault;
    this.view = view;
    this.wire = wire;
    this.pins = new OfflinePins(store, vault, view, wire);
    this.tries = new TriesHere(store, now);
  }

  async load(): Promise<void> {
    this.signedIn = (await this.store.meta<SignedIn | null>("person")) ?? null;
    this.isLocked = (await this.store.meta<boolean>("locked")) ?? false;
    this.endings = (await this.store.meta<Sealed[]>("endings")) ?? [];
    await this.pins.load();
  }

  /** `newPin` takes the place of one that is too short by now. */
  async signIn(who: Who, pin: string, newPin?: string): Promise<void> {
    const signedIn = (await this.online(who, pin, newPin)) ?? (await this.offline(who, pin));
    const before = this.signedIn;
    // The same person behind the lock, without a network: the session goes on.
    const goesOn = this.isLocked && before?.person === signedIn.person && signedIn.session === null;
    await this.keep(goesOn ? before : signedIn);
  }

  /** Somebody's word for one operation of another; nobody is signed in by it. Null: it is no supervisor. */
  async consent(who: Who, pin: string): Promise<Omit<Consent, "at"> | null> {
    const told = await this.asked<Told>("/api/consent", { ...who, pin });
    if (told) {
      await this.pins.learn(told.person, pin, told);
      return decides(told.role) ? { actor: told.person, checked: "server" } : null;
    }
    try {
      const { person, role } = await this.offline(who, pin);
      return decides(role) ? { actor: person, checked: "device" } : null;
    } catch (error) {
      // She is not known here: what is written says that nobody could check it.
      if (!(error instanceof SignInRefused) || error.code !== "needs_network_to_decide") throw error;
      return { actor: this.find(who)?.person ?? "", checked: "nobody" };
    }
  }

  async signOut(): Promise<void> {
    await this.keep(null);
  }

  async lock(): Promise<void> {
    if (!this.signedIn || this.isLocked) return;
    this.isLocked = true;
    await this.store.setMeta("locked", true);
  }

  async session(): Promise<string | null> {
    const sealed = this.signedIn?.session;
    return sealed ? this.vault.open(sealed) : null;
  }

  /** By what the present session proves what its person decides; null when it is none of the server's. */
  async prover(): Promise<{ person: string; session: string; key: string; expires: number } | null> {
    const { person, session, key, expires = 0 } = this.signedIn ?? {};
    if (!person || !session || !key) return null;
    return { person, session: await this.vault.open(session), key: await this.vault.open(key), expires };
  }

  /** Tells the server which sessions are over. After the push: what they proved is to count. */
  async endSessions(): Promise<void> {
    while (this.endings[0]) {
      const [first, ...rest] = this.endings;
      const session = await this.vault.open(first);
      await this.wire.post("/api/sign-out", JSON.stringify({ session })).catch((error: unknown) => {
        // What it does not know any more has ended; else it hears of it later.
        if (!(error instanceof Problem) || error.status >= 429) throw error;
      });
      this.endings = rest;
      await this.store.setMeta("endings", rest);
    }
  }

  private async online(who: Who, pin: string, newPin?: string): Promise<SignedIn | null> {
    const told = await this.asked<ToldSession>("/api/sign-in", { ...who, pin, ...(newPin && { new_pin: newPin }) });
    if (!told) return null;
    const { person, name, role, expires } = told;
    await this.pins.learn(person, newPin ?? pin, told);
    const [session, key] = await Promise.all([this.vault.seal(told.session), this.vault.seal(told.key)]);
    return { person, name, role, language: this.languageOf(person), how: "server", session, key, expires };
  }

  /** Null when no server answers. */
  private async asked<T>(path: string, body: object): Promise<T | null> {
    try {
      return await this.wire.post<T>(path, JSON.stringify(body));
    } catch (error) {
      if (error instanceof Offline || (error instanceof Problem && error.status >= 500)) return null;
      throw error;
    }
  }

  private offline(who: Who, pin: string): Promise<SignedIn> {
    return this.turns.take(async () => {
      const person = this.find(who);
      if (!person?.active) throw new SignInRefused("unknown_person");
      const left = await this.tries.left(person.person);
      if (left > 0) throw new SignInRefused("locked", Math.ceil(left / 60_000));
      const how = await this.pins.check(person, pin);
      if (how === null) throw new SignInRefused(decides(person.role) ? "needs_network_to_decide" : "needs_network");
      await this.tries.count(person.person, how !== "wrong");
      if (how === "wrong") throw new SignInRefused("wrong_pin");
      const { name, role } = person;
      return { person: person.person, name, role, language: this.languageOf(person.person), how, session: null };
    });
  }

  private find(who: Who): Person | undefined {
    return "badge" in who ? this.view.personOfBadge(who.badge) : this.view.person(who.person);
  }

  private languageOf(person: string): SignedIn["language"] {
    return this.view.person(person)?.language.startsWith("zh") ? "zh" : "en";
  }

  private async keep(signedIn: SignedIn | null): Promise<void> {
    const over = this.signedIn?.session;
    if (over && signedIn?.session !== over) this.endings = [...this.endings, over];
    this.signedIn = signedIn;
    this.isLocked = false;
    await this.store.keep(["meta"], (tx) => {
      const meta = tx.objectStore("meta");
      void meta.put(signedIn, "person");
      void meta.put(false, "locked");
      void meta.put(this.endings, "endings");
    });
  }
}

/**
 * Who works at this device. Online the server decides and counts the tries; offline the roster's
 * verifier does: accountability, not strong authentication, and the server checks rights again.
 */
import type { SiteView } from "../core/site-view";
import type { Person, Row } from "../core/types.gen";
import { Offline, Problem, type Wire } from "../push/wire";
import type { Store } from "../store/store";
import { Turns } from "../store/turns";
import { sentence, type Sentence } from "./sentences";
import { pinIsRight, type Sealed, type Vault } from "./vault";

export interface SignedIn {
  person: string;
  name: string;
  role: "worker" | "supervisor";
  language: "en" | "zh";
  /** The server's session, sealed; null after an offline sign-in. */
  session: Sealed | null;
}

export type Who = { badge: string } | { person: string };

interface Tries {
  wrong: number;
  until: number;
}

const TRIES_MAX = 5;
const LOCKED_MS = 5 * 60_000;

/** A sign-in that failed, with a sentence for the worker. */
export class SignInRefused extends Error {
  readonly code: Sentence;

  constructor(code: Sentence) {
    super(sentence(code));
    this.code = code;
  }
}

export class People {
  signedIn: SignedIn | null = null;
  private readonly store: Store;
  private readonly vault: Vault;
  private readonly view: SiteView;
  private readonly wire: Wire;
  private readonly now: () => number;
  /** Each try is counted before the next one is heard. */
  private readonly turns = new Turns();

  constructor(store: Store, vault: Vault, view: SiteView, wire: Wire, now: () => number) {
    this.store = store;
    this.vault = vault;
    this.view = view;
    this.wire = wire;
    this.now = now;
  }

  async load(): Promise<void> {
    this.signedIn = (await this.store.meta<SignedIn | null>("person")) ?? null;
  }

  async signIn(who: Who, pin: string): Promise<void> {
    await this.keep((await this.online(who, pin)) ?? (await this.offline(who, pin)));
  }

  /** A supervisor's word for one operation; nobody is signed in by it. */
  async consent(who: Who, pin: string): Promise<string | null> {
    const asked = await this.offline(who, pin).catch((error: unknown) => {
      if (error instanceof SignInRefused && error.code === "needs_network") return this.online(who, pin);
      throw error;
    });
    return asked?.role === "supervisor" ? asked.person : null;
  }

  async signOut(): Promise<void> {
    await this.keep(null);
  }

  async session(): Promise<string | null> {
    const sealed = this.signedIn?.session;
    return sealed ? this.vault.open(sealed) : null;
  }

  /** Seals the verifiers of roster rows, which then travel on without them. */
  async hide(rows: Row[]): Promise<Row[]> {
    if (!rows.some(([kind]) => kind === "person")) return rows;
    return Promise.all(rows.map(async (row): Promise<Row> => {
      const [kind, key, version, payload] = row;
      if (kind !== "person" || payload === null) return row;
      const person = payload as Person;
      if (person.verifier) await this.store.setMeta(`verifier/${person.person}`, await this.vault.seal(person.verifier));
      return [kind, key, version, { ...person, verifier: "" }];
    }));
  }

  private async online(who: Who, pin: string): Promise<SignedIn | null> {
    try {
      const told = await this.wire.post<{ person: string; name: string; role: SignedIn["role"]; session: string }>(
        "/api/sign-in", JSON.stringify({ ...who, pin }));
      const { person, name, role, session } = told;
      return { person, name, role, language: this.languageOf(person), session: await this.vault.seal(session) };
    } catch (error) {
      if (error instanceof Offline || (error instanceof Problem && error.status >= 500)) return null;
      throw error;
    }
  }

  private offline(who: Who, pin: string): Promise<SignedIn> {
    return this.turns.take(async () => {
      const person = "badge" in who ? this.view.personOfBadge(who.badge) : this.view.person(who.person);
      if (!person?.active) throw new SignInRefused("unknown_person");
      const tries = (await this.store.meta<Tries>(`tries/${person.person}`)) ?? { wrong: 0, until: 0 };
      const left = tries.until - this.now();
      // More than a lock ever lasts: the clock was set back.
      if (left > 0 && left <= LOCKED_MS) throw new SignInRefused("locked");
      const sealed = await this.store.meta<Sealed>(`verifier/${person.person}`);
      if (!sealed) throw new SignInRefused("needs_network");
      const right = await pinIsRight(await this.vault.open(sealed), pin);
      await this.store.setMeta(`tries/${person.person}`, this.counted(tries, right));
      if (!right) throw new SignInRefused("wrong_pin");
      const { name, role } = person;
      return { person: person.person, name, role, language: this.languageOf(person.person), session: null };
    });
  }

  private counted(tries: Tries, right: boolean): Tries {
    const wrong = right ? 0 : tries.wrong + 1;
    return wrong >= TRIES_MAX ? { wrong: 0, until: this.now() + LOCKED_MS } : { wrong, until: 0 };
  }

  private languageOf(person: string): SignedIn["language"] {
    return this.view.person(person)?.language.startsWith("zh") ? "zh" : "en";
  }

  private async keep(signedIn: SignedIn | null): Promise<void> {
    this.signedIn = signedIn;
    await this.store.setMeta("person", signedIn);
  }
}

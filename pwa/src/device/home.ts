/**
 * What this device is, and whose work lies on it. An enrolment never moves a device by itself: it
 * asks what a code is for, and takes what is unsent to no other site (S11). Enrolled again at its own
 * site, the phone proves what it was and goes on; the chain of before ends once it is empty (S10).
 */
import type { Offer } from "../engine.types";
import type { Outbox } from "../outbox/outbox";
import type { Store } from "../store/store";
import { sentence } from "./sentences";
import type { Enrolment, Vault } from "./vault";

/** Whose work a store holds. */
interface Tie {
  site: string;
  device: string;
}

export interface HomeParts {
  /** How much of other devices it carries and has not sent. */
  carried(): number;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Sends what can be sent, as what the device is now. */
  send(): Promise<unknown>;
}

export class Home {
  enrolment: Enrolment | null = null;
  private tie: Tie | null = null;
  private readonly store: Store;
  private readonly identity: Store;
  private readonly vault: Vault;
  private readonly outbox: Outbox;
  private readonly parts: HomeParts;

  /** `identity` lies apart from the work: when that database is lost, the device still knows who it is. */
  constructor(store: Store, identity: Store, vault: Vault, outbox: Outbox, parts: HomeParts) {
    this.store = store;
    this.identity = identity;
    this.vault = vault;
    this.outbox = outbox;
    this.parts = parts;
  }

  /** How much here is not sent, or scanned and not used. */
  private get waiting(): number {
    return this.outbox.unsent.length + this.outbox.captures.size + this.parts.carried();
  }

  async load(): Promise<void> {
    this.enrolment = (await this.identity.meta<Enrolment>("enrolment")) ?? null;
    this.tie = (await this.store.meta<Tie>("home")) ?? null;
  }

  /** The site of the work that lies here. */
  get site(): string {
    return this.tie?.site ?? this.enrolment?.site ?? "";
  }

  /** What lies here is of another site than the device: it is never pushed there. */
  get isAstray(): boolean {
    return this.enrolment !== null && this.site !== this.enrolment.site;
  }

  /** The phone was enrolled again, and still goes on as what it was before. */
  get isHandingOver(): boolean {
    return this.enrolment !== null && this.tie !== null && !this.isAstray && this.tie.device !== this.enrolment.device;
  }

  async token(): Promise<string | null> {
    return this.enrolment && this.vault.open(this.enrolment.token);
  }

  /** Ties the work to the device; a store of another site in which nothing waits is emptied. */
  async settle(): Promise<void> {
    const { enrolment } = this;
    if (!enrolment) return;
    if (!this.tie) {
      // An app of before asked nobody: what it took along belongs to where it was written.
      const written = this.outbox.unsent[0]?.body.site ?? enrolment.site;
      return this.bind({ site: written, device: enrolment.device });
    }
    if (this.isAstray && this.waiting === 0) await this.begin(true);
  }

  /** What a code would make of this device. */
  async look(code: string): Promise<Offer> {
    const told = await this.parts.post<{ name: string; site: string; site_name: string }>("/api/enrol/look", { code });
    const was = this.enrolment && { name: this.enrolment.name, site: this.site };
    const isOther = was !== null && was.site !== told.site;
    return { name: told.name, site: told.site, siteName: told.site_name, was, isOther, unsent: isOther ? this.waiting : 0 };
  }

  /** Takes a code; says whether the store was emptied for it. */
  async join(code: string): Promise<boolean> {
    if (this.enrolment) await this.mayMove(code);
    const former = await this.token();
    const told = await this.parts.post<{ device: string; name: string; token: string; site: string }>("/api/enrol",
      { code, agent: navigator.userAgent.slice(0, 300), ...(former !== null && { former }) });
    const { token, device, name, site } = told;
    const was = this.site;
    this.enrolment = { device, name, site, token: await this.vault.seal(token) };
    await this.identity.setMeta("enrolment", this.enrolment);
    await this.settle();
    return was !== "" && was !== site;
  }

  /** Ends the chain of before, all of which is sent. */
  handOver(): Promise<void> {
    return this.begin(false);
  }

  private async mayMove(code: string): Promise<void> {
    await this.parts.send();
    const offer = await this.look(code);
    if (offer.isOther && offer.unsent) throw new Error(sentence("unsent_first"));
  }

  private async begin(empty: boolean): Promise<void> {
    const { site, device } = this.enrolment!;
    const tie = { site, device };
    if (await this.outbox.beginAnew(empty, { home: tie })) this.tie = tie;
  }

  private async bind(tie: Tie): Promise<void> {
    await this.store.setMeta("home", tie);
    this.tie = tie;
  }
}

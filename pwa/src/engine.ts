/**
 * Joins the parts behind the one door of the screens: journal and outbox, push, feed, replica,
 * people. `createEngine` brings back what the device keeps, then syncs whenever it can.
 */
import type { Capture, Draft } from "./core/flow";
import type { Meaning } from "./core/meaning";
import { ID_RANDOM_BYTES, operationId, wholeText } from "./core/hashing";
import { SiteView } from "./core/site-view";
import type { Consent, Result } from "./core/types.gen";
import type { View } from "./core/view";
import { DeviceClock } from "./device/clock";
import { Home } from "./device/home";
import { LotNumbers } from "./device/lot-numbers";
import { Leaving } from "./device/leaving";
import { People, type Who } from "./device/people";
import { Proofs } from "./device/proofs";
import { newReplica, random } from "./device/random";
import { Scanners } from "./device/scanners";
import { language, sentence } from "./device/sentences";
import { alone, Tab } from "./device/tab";
import { startAgain, wakeWithThePage } from "./device/wakes";
import { Updates } from "./device/updates";
import { Vault } from "./device/vault";
import { enrolledAgain, lossOf, remember } from "./device/witness";
import { statusOf } from "./engine.status";
import { NotRecorded, type Engine, type EngineOptions, type Offer, type Status, type Written } from "./engine.types";
import { baseOf, Feed, ownDecisions } from "./feed/feed";
import { Poke } from "./feed/poke";
import { written, type Context, type Operation } from "./outbox/operation";
import { Outbox } from "./outbox/outbox";
import { Pruning } from "./outbox/pruning";
import { later, Loop, type Reached } from "./push/loop";
import { Push } from "./push/push";
import { HttpWire, Offline, Problem } from "./push/wire";
import { Rescues } from "./rescue/rescue";
import { Store } from "./store/store";

const HEARTBEAT_MS = 60_000;

export async function createEngine(options: EngineOptions = {}): Promise<DeviceEngine> {
  const engine = new DeviceEngine(options);
  await engine.start();
  return engine;
}

export class DeviceEngine implements Engine {
  readonly view: View & SiteView = new SiteView();
  private readonly app: string;
  private readonly store: Store;
  /** Apart from the work: when the one database is lost, the device still knows who it is. */
  private readonly identity: Store;
  private readonly vault: Vault;
  private readonly home: Home;
  private readonly clock: DeviceClock;
  private readonly wire: HttpWire;
  private readonly outbox: Outbox;
  private readonly push: Push;
  private readonly feed: Feed;
  readonly rescue: Rescues;
  private readonly people: People;
  private readonly scanners: Scanners;
  private readonly proofs: Proofs;
  private readonly leaving: Leaving;
  private readonly lots: LotNumbers;
  private readonly loop: Loop;
  private readonly poke: Poke;
  private readonly tab = new Tab(() => this.lostTheTab(), () => location.reload());
  private readonly updates = new Updates(() => this.changed());
  private readonly listeners = new Set<() => void>();
  private reach: Reached = { online: typeof navigator === "undefined" || navigator.onLine, refused: false, problem: null };
  private sessionEnded = false;
  private persisted: boolean | null = null;
  private readonly pruning = new Pruning();
  private asked = false;

  constructor({ origin = "", database = "bincard", app = "" }: EngineOptions) {
    this.app = app;
    this.store = new Store(database);
    this.identity = new Store(`${database}-device`);
    this.vault = new Vault(this.identity);
    this.scanners = new Scanners(this.identity, this.view, () => this.changed());
    this.wire = new HttpWire(origin, () => this.headers());
    this.outbox = new Outbox(this.store, newReplica, () => this.newId(),
      ({ replica, seq }) => remember({ replica, seq, name: this.home.enrolment?.name ?? "" }));
    this.home = new Home(this.store, this.identity, this.vault, this.outbox, {
      send: () => this.syncNow(), carried: () => this.rescue.waiting.length, post: (path, body) => this.api("POST", path, body),
    });
    this.clock = new DeviceClock(() => Date.now(), () => performance.now(), () => this.newId(),
      (times) => void this.store.setMeta("stepsBack", times).catch(() => undefined));
    this.lots = new LotNumbers(this.store, this.wire, () => this.newId());
    this.people = new People(this.store, this.vault, this.view, this.wire, () => this.now());
    this.proofs = new Proofs({
      store: this.store, people: this.people,
      operations: () => [...this.outbox.operations, ...this.rescue.operations],
      later: (id) => this.later(id), now: () => this.now() + (this.push.heard.offset ?? 0),
    });
    this.leaving = new Leaving({
      store: this.store, identity: this.identity, name: () => this.home.enrolment?.name ?? "",
      left: () => this.outbox.unsent.length + this.outbox.captures.size + this.rescue.waiting.length,
      forgetPicture: () => (this.feed.forget(), this.people.load()), gone: () => location.reload(),
    });
    const sending = {
      store: this.store, outbox: this.outbox, wire: this.wire, clock: this.clock,
      site: () => this.home.enrolment?.site ?? "", cursor: () => this.feed.position.cursor || "0", context: () => this.context(),
      decided: (common: number) => ownDecisions(this.view.replica, common),
    };
    this.push = new Push({ ...sending, proofs: this.proofs });
    this.rescue = new Rescues({
      ...sending, push: this.push, newReplica, newId: () => this.newId(),
      device: () => this.home.enrolment, token: () => this.home.token(),
      written: (operation) => this.written(operation),
      prove: (batch) => this.proofs.with(batch, false),
      changed: () => this.changed(),
      wake: () => void this.loop.wake(),
    });
    this.feed = new Feed({
      store: this.store, outbox: this.outbox, view: this.view, wire: this.wire,
      saw: (rows) => this.people.pins.saw(rows), now: () => this.now(),
      changed: () => this.changed(), restored: () => this.push.run(false, true),
    });
    this.loop = new Loop({
      cycle: () => this.cycle(), alone,
      random: Math.random, later,
      changed: (reach) => this.reached(reach),
    });
    this.poke = new Poke(this.wire, () => void this.loop.wake());
  }

  async start(): Promise<void> {
    await this.tab.enter();
    await Promise.all([this.home, this.outbox, this.rescue].map((part) => part.load()));
    await this.home.settle();
    await Promise.all([this.people, this.proofs, this.lots, this.push, this.scanners].map((part) => part.load()));
    await this.leaving.load();
    await Promise.all([this.noticeLoss(), this.noteOffline()]);
    await this.feed.load();
    this.clock.remember((await this.store.meta<number>("stepsBack")) ?? 0);
    this.persisted = (await navigator.storage?.persisted?.().catch(() => null)) ?? null;
    this.updates.watch();
    wakeWithThePage(() => void this.loop.wake(), () => this.reached({ ...this.reach, online: false }), this.clock);
    this.begin();
  }

  /** For tests and for a tab that was taken over: nothing goes on in the background. */
  async stop(): Promise<void> {
    this.loop.stop();
    this.poke.stop();
    await this.outbox.idle();
    await Promise.all([this.store.close(), this.identity.close()]);
  }

  get status(): Status {
    return statusOf({
      people: this.people, view: this.view, enrolment: this.home.enrolment, isAstray: this.home.isAstray, reach: this.reach, push: this.push,
      unsent: [...this.outbox.unsent, ...this.rescue.waiting], position: this.feed.position, leaving: this.leaving,
      persisted: this.persisted, sessionEnded: this.sessionEnded, now: this.now(),
      scanner: this.scanners.of("wedge"), updateReady: this.updates.ready, secondTab: this.tab.isSecond,
    });
  }

  get segment(): string {
    return this.clock.segment();
  }

  now(): number {
    return this.clock.now();
  }

  newId(): string {
    return operationId(Date.now(), random(ID_RANDOM_BYTES), this.home.enrolment?.device ?? "");
  }

  nextLot(): string {
    return this.lots.next();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async capture(raw: string, source: Capture["source"], symbology: string | null): Promise<Capture> {
    this.mustBeTheOnlyTab();
    const { wall, segment } = this.clock.read();
    return this.outbox.capture({ raw: wholeText(raw).slice(0, 4096), source, symbology, wall, segment });
  }

  meaning = (capture: Capture): Meaning => this.scanners.meaning(capture);
  learn = (capture: Capture, meant: Meaning): void => this.scanners.learn(capture, meant);

  async write(drafts: Draft[], flow: { name: string; state: unknown } | null): Promise<Written[]> {
    this.mustBeTheOnlyTab();
    const context = this.context();
    const state = flow && { ...flow, at: context.wall };
    const made = await this.outbox.write(drafts, state, context, { lots: this.lots.kept });
    // What could not be proved now is proved at the next start, or waits for a sign-in.
    await this.proofs.make().catch(() => undefined);
    this.feed.refold();
    this.changed();
    void this.loop.wake();
    return made.map((operation) => this.written(operation));
  }

  flow(name: string): unknown {
    return this.outbox.flows.get(name)?.state ?? null;
  }

  async keepFlow(name: string, state: unknown): Promise<void> {
    this.mustBeTheOnlyTab();
    this.outbox.keepFlow({ name, state, at: this.now() });
  }

  continueWith(): { name: string; state: unknown } | null {
    const latest = this.outbox.latestFlow();
    return latest && { name: latest.name, state: latest.state };
  }

  /** The newest first. */
  operations(limit: number): Written[] {
    return this.outbox.operations.slice(-limit).reverse().map((operation) => this.written(operation));
  }

  operation(id: string): Written | null {
    const found = this.outbox.find(id);
    return found ? this.written(found) : null;
  }

  unconsumed = (): Capture[] => [...this.outbox.captures.values()];

  async dropCapture(id: number): Promise<void> {
    await this.outbox.drop(id);
    this.changed();
  }

  async undo(id: string, reason: string): Promise<Written> {
    if (!this.outbox.find(id)) throw new Error(sentence("not_here"));
    const did = { verb: "reverse", target: id, reason } as const;
    const [made] = await this.write([{ did, task: null, assumed: [], captures: [], consent: null }], null);
    if (!made) throw new NotRecorded("nothing was written");
    return made;
  }

  readonly lookAt = (code: string): Promise<Offer> => this.home.look(code);

  async enrol(code: string): Promise<void> {
    if (!globalThis.crypto?.subtle) throw new Error(sentence("not_secure"));
    const wasAtWork = this.home.enrolment !== null;
    const isEmptied = await this.home.join(code);
    enrolledAgain();
    this.persisted = (await navigator.storage?.persist?.().catch(() => false)) ?? null;
    this.reached({ ...this.reach, refused: false, problem: null });
    if (isEmptied) return startAgain();
    this.begin();
    // A new device waits for its first picture; one that was at work goes on meanwhile.
    await (wasAtWork ? undefined : this.loop.wake());
  }

  async signIn(who: Who, pin: string, newPin?: string): Promise<void> {
    await this.people.signIn(who, pin, newPin);
    await this.noteOffline();
    this.sessionEnded = false;
    // Decisions that waited for this are proved by it.
    await this.proofs.make().catch(() => undefined);
    this.changed();
    // Also to be waited for again, before it goes where there is no network.
    void this.syncNow();
  }

  async consent(who: Who, pin: string): Promise<Consent | null> {
    const given = await this.people.consent(who, pin);
    return given && { ...given, at: this.now() };
  }

  async lock(): Promise<void> {
    await this.people.lock();
    this.changed();
  }

  wipe = (): Promise<void> => this.leaving.finish();

  /** The outbox stays; with nothing unsent the device also leaves the watermark. */
  async signOut(): Promise<void> {
    await this.people.signOut();
    this.changed();
    void this.syncNow();
  }

  /** Speaks with the server even with nothing to send: somebody may wait to hear that all is here. */
  syncNow(): Promise<void> {
    this.asked = true;
    return this.loop.wake();
  }

  async api<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    try {
      return await (method === "GET" ? this.wire.get<T>(path) : this.wire.post<T>(path, JSON.stringify(body ?? {})));
    } catch (error) {
      if (error instanceof Offline) throw new Offline(sentence("offline"), { cause: error });
      if (error instanceof Problem && error.status === 401 && !path.startsWith("/api/sign-in")) {
        this.sessionEnded = true;
        this.changed();
      }
      throw error;
    }
  }

  applyUpdate = (): void => this.updates.apply();

  takeOver(): void {
    // What the other tab wrote is on the disk: a fresh page reads it all.
    void this.tab.takeOver().then(() => location.reload());
  }

  private async cycle(): Promise<number> {
    if (!this.home.enrolment || this.tab.isSecond) return 0;
    await this.noticeLoss();
    // A clock that was set back must not make it silent: all would wait for this device.
    const beats = this.asked || Math.abs(this.now() - this.push.answeredAt) > HEARTBEAT_MS;
    // Who asks while this push is under way wants another.
    this.asked = false;
    const isEnding = this.home.isHandingOver;
    const wait = await this.push.run(isEnding || !this.people.signedIn, isEnding || beats);
    if (isEnding && !this.outbox.unsent.length) await this.home.handOver();
    await this.people.endSessions();
    await this.rescue.run();
    await this.leaving.watch(() => this.feed.run());
    if (this.push.isOfAnOldEpoch) return 1;
    await this.people.pins.refresh().catch(() => undefined);
    await this.lots.refill(this.outbox.chain.replica).catch(() => undefined);
    await this.pruning.run(this.now(), this.push.heard, [this.outbox, this.rescue]);
    if (this.push.heldBack) throw this.push.heldBack;
    return wait;
  }

  private context(): Context {
    return {
      ...this.clock.read(), site: this.status.site, base: baseOf(this.feed.position.cursor), app: this.app,
      actor: this.people.signedIn?.person ?? this.home.enrolment?.device ?? "device",
      signed: this.people.signedIn?.how ?? null,
    };
  }

  private written(operation: Operation): Written {
    const reversed = this.outbox.operations.some(
      ({ body }) => body.did.verb === "reverse" && body.did.target === operation.id);
    const told = written(operation, this.feed.covers(operation), this.later(operation.id), reversed);
    return this.proofs.waits(operation) ? { ...told, state: "waiting" } : told;
  }

  private later(id: string): Result | undefined {
    return this.view.replica.tables.operation.get(JSON.stringify([id]));
  }

  private async headers(): Promise<Record<string, string>> {
    const session = await this.people.session();
    return {
      "Accept-Language": language(),
      ...(this.home.enrolment && { Authorization: `Bearer ${await this.home.token()}` }),
      ...(session !== null && { "X-Bincard-Session": session }),
    };
  }

  /** Whom the server did not see sign in here, it is told of (R7). */
  private async noteOffline(): Promise<void> {
    const { signedIn } = this.people;
    if (signedIn?.session === null) await this.push.sawOffline(signedIn.person);
  }

  /** A chain that had to be begun anew, on a device that had one: what it had is lost. */
  private async noticeLoss(): Promise<void> {
    await this.push.reportLost(lossOf(this.outbox.begun, this.home.enrolment !== null));
    this.outbox.begun = null;
  }

  private begin(): void {
    if (!this.home.enrolment || this.tab.isSecond) return;
    this.poke.start();
    void this.loop.wake();
  }

  private reached(reach: Reached): void {
    if (reach.online && !this.reach.online) this.poke.hurry();
    this.reach = reach;
    this.changed();
  }

  private lostTheTab(): void {
    this.loop.stop();
    this.poke.stop();
    this.changed();
  }

  private mustBeTheOnlyTab(): void {
    if (this.tab.isSecond) throw new NotRecorded(sentence("second_tab"));
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

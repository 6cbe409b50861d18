/**
 * The one door between the screens and everything that stores, sends or sounds.
 * Screens call these; `main.ts` makes the engine; tests make a fake one.
 */
import type { Capture, Draft } from "./core/flow";
import type { Meaning, Scanner } from "./core/meaning";
import type { Consent, Decision } from "./core/types.gen";
import type { View } from "./core/view";

/** Where an operation is; the words are "on this device", "waits for a sign-in", "on the server", "settled", … */
export type OperationState = "device" | "waiting" | "server" | "settled" | "flagged" | "parked" | "refused";

/** One operation as the outbox and the last band show it. */
export interface Written {
  id: string;
  seq: number;
  verb: string;
  actor: string;
  wall: number;
  state: OperationState;
  flags: string[];
  /** Why an intent was not accepted: a catalogue name. */
  reason: string | null;
  /** How things stood when it was refused. */
  fresh: Decision[];
  item: string | null;
  quantity: number | null;
  from: string | null;
  to: string | null;
  document: string | null;
  reversed: boolean;
}

/** What the status strip shows. Times are device milliseconds. */
export interface Status {
  person: { person: string; name: string; role: "worker" | "supervisor"; language: "en" | "zh" } | null;
  site: string;
  enrolled: boolean;
  /** What no server has: this device's own, and what it carries for others. */
  unsent: number;
  oldestUnsent: number | null;
  online: boolean;
  /** Why the server does not take what is unsent, in its own sentence. */
  problem?: string | null;
  /** When the replica last reached the server's head, null before the first snapshot. */
  stockAt: number | null;
  watermark: number | null;
  persisted: boolean | null;
  clockOffset: number | null;
  /** Whether two backups of the server let this device forget; null before it has said so. */
  durable?: boolean | null;
  /** The server was restored, and this device sends again what it had kept. */
  restored?: { at: number; again: number; left: number } | null;
  /** What is known of the scanner. */
  scanner?: Scanner;
  needsSignIn: boolean;
  updateReady: boolean;
  secondTab: boolean;
  /** What this device was called before its browser cleared it; null when it was not. */
  was: string | null;
  /** Nobody has touched it for a while: the same person gives the PIN again and goes on. */
  locked?: boolean;
  /** The device was revoked: how much of it no server has, null while it may stay. */
  revoked?: number | null;
  /** What a device was called that was revoked, and wiped here. */
  wiped?: string | null;
}

/** What a code would make of this device, and what it is now. */
export interface Offer {
  name: string;
  site: string;
  siteName: string;
  /** Null on a device that is none yet. */
  was: { name: string; site: string } | null;
  isOther: boolean;
  /** What keeps it from going to another site. */
  unsent: number;
}

export class NotRecorded extends Error {}

export interface Engine {
  readonly view: View;
  readonly status: Status;
  /** Called after every change of view, status or operations; returns the way to stop. */
  subscribe(listener: () => void): () => void;

  /** Appends to the scan journal (strict) and resolves when durable. Rejects with NotRecorded. */
  capture(raw: string, source: Capture["source"], symbology: string | null): Promise<Capture>;
  /** What a scan means; the device remembers what it tells of its scanner. */
  meaning(capture: Capture): Meaning;
  /** A worker chose this one among several meanings. */
  learn(capture: Capture, meaning: Meaning): void;
  /** One strict transaction: outbox rows, next seqs, consumed captures, the flow's state. */
  write(drafts: Draft[], flow: { name: string; state: unknown } | null): Promise<Written[]>;
  /** The state of a flow that was left or killed, null when there is none. */
  flow(name: string): unknown;
  keepFlow(name: string, state: unknown): Promise<void>;
  continueWith(): { name: string; state: unknown } | null;

  operations(limit: number): Written[];
  /** One of them by its id, however many came after it. */
  operation(id: string): Written | null;
  unconsumed(): Capture[];
  dropCapture(id: number): Promise<void>;
  undo(id: string, reason: string): Promise<Written>;

  /** Says what a code is for; nothing changes by it. */
  lookAt(code: string): Promise<Offer>;
  enrol(code: string): Promise<void>;
  /** Online where there is a network (counts tries on the server), else by what this device may check. */
  signIn(who: { badge: string } | { person: string }, pin: string, newPin?: string): Promise<void>;
  consent(who: { badge: string } | { person: string }, pin: string): Promise<Consent | null>;
  signOut(): Promise<void>;
  lock(): Promise<void>;
  /** Wipes a revoked device, with what could not be sent. */
  wipe(): Promise<void>;

  syncNow(): Promise<void>;
  /** JSON over /api with device token and session; throws with the problem's sentence. */
  api<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T>;
  readonly rescue: RescueDoor;
  applyUpdate(): void;
  takeOver(): void;
  nextLot(): string;
  newId(): string;
  readonly segment: string;
  now(): number;
}

/** Records of another device that this one carries, as the screen shows them. */
export interface Rescue {
  replica: string;
  name: string;
  made: number;
  unsent: number;
  operations: Written[];
  /** Scanned there, and part of no record: for a person. */
  captures: Capture[];
  /** Why the server does not take it, in its own sentence. */
  problem: string | null;
}

/** How far a series of codes was scanned. */
export interface RescueProgress {
  total: number;
  missing: number[];
  /** Records that were new here, once the series is whole. */
  brought: number | null;
}

/** What leaves this device for another one, and what came in. */
export interface RescueDoor {
  file(): Promise<Blob>;
  /** The texts of a series of codes. */
  codes(): Promise<string[]>;
  /** Brings in a file; resolves with the number of records that are new. Rejects with `RescueRefused`. */
  bring(text: string): Promise<number>;
  isPart(raw: string): boolean;
  /** Takes one scanned code in any order; null when it was not read whole. */
  scan(raw: string): Promise<RescueProgress | null>;
  readonly progress: RescueProgress | null;
  readonly list: Rescue[];
  /** Somebody has seen to a capture. */
  see(replica: string, capture: Capture): Promise<void>;
}

/** The tones and vibrations of look.md; called only after the durable write. */
export interface Voice {
  play(signal: "tick" | "done" | "complete" | "look" | "wrong" | "not_recorded"): void;
  stop(): void;
}

/** Where the server is, which database is this device's, which build the app is. */
export interface EngineOptions {
  origin?: string;
  database?: string;
  app?: string;
}

// Written by `python -m server.generate` from sync/. Change the structs, not this.

/** The server's answer to one operation. Facts are never refused. */
export type Outcome = "posted" | "flagged" | "parked" | "accepted" | "refused";

/** How soon a person must look; information closes itself. */
export type Severity = "I" | "R" | "U";

/** Discrepancy codes, in the order in which an operation's flags are listed. */
export type Code = "INVARIANT" | "NOT_UNDERSTOOD" | "OPERATION_ID_CONFLICT" | "REPLICA_FORK" | "OPERATIONS_LOST" | "RESTORE_GAP" | "TARGET_UNKNOWN" | "ACTOR_NOT_ALLOWED" | "ACTOR_NOT_SEEN" | "RESCUE_UNSIGNED" | "NOT_PROVED" | "CONSENT_UNPROVED" | "WRONG_PINS" | "UNKNOWN_CODE" | "TIME_UNCERTAIN" | "LATE_PERIOD" | "UNIT_CHANGED" | "TASK_MISMATCH" | "LOT_CONFLICT" | "LOT_BLOCKED" | "LOCATION_BLOCKED" | "LOCATION_RULE" | "LOCATION_DOUBT" | "DUPLICATE_SERIAL" | "SERIAL_TWICE" | "NEGATIVE" | "KEY_DOUBT" | "OVER_RECEIPT" | "ORDER_CLOSED" | "PICK_NOT_NEEDED" | "RESERVED_USED" | "OVER_ISSUE" | "UNRELEASED_USED" | "FIFO_DEVIATION" | "FIFO_UNKNOWABLE" | "COUNT_AMBIGUOUS" | "COUNT_DISAGREE" | "COUNT_EXPLAINED" | "FOUND_ELSEWHERE" | "NOT_BLIND" | "OPEN_TASK" | "DOUBLE_CORRECTION" | "OVER_LIMIT" | "LIMIT_IN_PARTS" | "RETURN_UNMATCHED" | "DEVICE_LIMIT" | "COUNT_FULL";

/** A counter of a line. */
export type Counter = "done" | "rejected" | "returned" | "out";

/** What may be done with goods. */
export type Status = "ok" | "quality" | "hold" | "reject";

/** The identity of a lot within its item: equal codes with another expiry are siblings. */
export interface Lot {
  code: string;
  expires?: string | null;
  supplier?: string | null;
}

/** What exactly is held. `None` means none, never unknown: see `assumed` of the envelope. */
export interface Key {
  item: string;
  lot?: Lot | null;
  serial?: string | null;
  status?: Status | null;
  owner?: string | null;
}

/** A location, a container, or a raw code that nobody knew. Exactly one is given. */
export interface Place {
  location?: string | null;
  container?: string | null;
  code?: string | null;
}

/** Where the operation stands in its device's chain. */
export interface Link {
  replica: string;
  seq: number;
  prev?: string | null;
}

/** One operation as it travels; `body` keeps its exact bytes. */
export interface Envelope {
  link: Link;
  body: unknown;
}

/** A supervisor's badge and PIN at the device, before the operation was made. */
export interface Consent {
  actor: string;
  at: number;
  checked?: "server" | "device" | "nobody";
}

/** What the screen was based on: the replica's position in the site's feed. */
export interface Base {
  epoch: number;
  cursor: number;
  hash?: string | null;
}

/** One reading of one code, raw as it came; `segment` where it is not the operation's. */
export interface Scan {
  raw: string;
  source: "camera" | "wedge" | "typed";
  wall: number;
  symbology?: string | null;
  segment?: string | null;
}

/** The document line that the operation works for. */
export interface Task {
  document: string;
  line?: number | null;
}

/** What the worker typed or the label said, before it became base units. */
export interface Entered {
  quantity: string;
  unit: string;
  factor: number;
  unit_version?: number;
}

/** A second measure of the same goods (rolls and metres). */
export interface Second {
  quantity: string;
  unit: string;
}

/** The older lot that the screen advised. */
export interface Older {
  lot: string;
  place: string;
}

/** What the screen showed when it advised: rank 1 is the oldest pickable lot. */
export interface Shown {
  rank: number;
  older?: Older | null;
}

/** Goods came from a supplier or from transit. */
export interface Receive {
  verb: "receive";
  key: Key;
  quantity: number;
  from: Place;
  to: Place;
  entered?: Entered | null;
  produced?: string | null;
  fifo_date?: string | null;
  second?: Second | null;
}

/** Goods went from a dock to their bin; or a whole container did. */
export interface PutAway {
  verb: "putaway";
  to: Place;
  from?: Place | null;
  key?: Key | null;
  quantity?: number | null;
  container?: string | null;
  entered?: Entered | null;
  taken_wall?: number | null;
  second?: Second | null;
}

/** Goods, or a whole container, went from one place to another. */
export interface Move {
  verb: "move";
  to: Place;
  from?: Place | null;
  key?: Key | null;
  quantity?: number | null;
  container?: string | null;
  entered?: Entered | null;
  taken_wall?: number | null;
  second?: Second | null;
}

/** Goods were taken for an order, to its stage or a tote. */
export interface Pick {
  verb: "pick";
  key: Key;
  from: Place;
  to: Place;
  quantity?: number | null;
  entered?: Entered | null;
  taken_wall?: number | null;
  shown?: Shown | null;
  short?: string | null;
  bin_empty?: boolean | null;
  second?: Second | null;
}

/** Goods left our books, at the gate and not at the pick. */
export interface Ship {
  verb: "ship";
  to: Place;
  from?: Place | null;
  key?: Key | null;
  quantity?: number | null;
  container?: string | null;
  entered?: Entered | null;
  taken_wall?: number | null;
  second?: Second | null;
}

/** Material went to a work order, a line side, a cost centre or a customer. */
export interface Issue {
  verb: "issue";
  key: Key;
  from: Place;
  to: Place;
  quantity?: number | null;
  entered?: Entered | null;
  taken_wall?: number | null;
  shown?: Shown | null;
  override?: string | null;
  second?: Second | null;
}

/** Finished goods came from production. */
export interface Produce {
  verb: "produce";
  key: Key;
  quantity: number;
  to: Place;
  entered?: Entered | null;
  fifo_date?: string | null;
  second?: Second | null;
}

/** Goods came back from a customer or production, or went back to a supplier. */
export interface Return {
  verb: "return";
  key: Key;
  quantity: number;
  from: Place;
  to: Place;
  reason: string;
  entered?: Entered | null;
  taken_wall?: number | null;
  second?: Second | null;
}

/** Goods changed their status where they stand: inspected, held, rejected. */
export interface Restate {
  verb: "status";
  place: Place;
  key: Key;
  to_status: Status;
  reason: string;
  quantity?: number | null;
}

/** What was seen of one key, between its first and its last scan. */
export interface CountLine {
  key: Key;
  quantity: number;
  first_wall: number;
  last_wall: number;
  segment: string;
  entered?: Entered | null;
  fifo_date?: string | null;
}

/** A place was counted; with scope `place`, what is not listed was not there. */
export interface Count {
  verb: "count";
  place: Place;
  scope: "place" | "line";
  count_id: string;
  opened_wall: number;
  lines: CountLine[];
  blind?: boolean;
}

/** A quantity was corrected with a reason, without a count. */
export interface Adjust {
  verb: "adjust";
  place: Place;
  key: Key;
  quantity: number;
  reason: string;
}

/** It never happened; putting goods back is a move. */
export interface Reverse {
  verb: "reverse";
  target: string;
  reason?: string;
}

/** The device lost what it had stored from this seq through `through_seq`. */
export interface Lost {
  verb: "lost";
  through_seq: number;
  reason: string;
}

/** Names one count line: the operation and the line in it; `None` is a key not listed. */
export interface CountedLine {
  operation: string;
  line?: number | null;
}

/** One key of a count as the supervisor saw it. */
export interface Decision {
  key: Key;
  counted: number;
  expected: number;
  of: CountedLine;
  place?: string | null;
  parts?: string[];
}

/** Set the keys named to what was counted, at the time of the count. */
export interface Approve {
  verb: "approve";
  count_id: string;
  parts: string[];
  lines: Decision[];
}

/** Ask another person to count again. */
export interface Recount {
  verb: "recount";
  count_id: string;
  parts: string[];
  lines: Decision[];
}

/** Leave the ledger as it is. */
export interface Reject {
  verb: "reject";
  count_id: string;
  parts: string[];
  lines: Decision[];
}

/** Close a discrepancy by an action. */
export interface Settle {
  verb: "settle";
  discrepancy: string;
  action: string;
}

/** Close a document, or one line of it, at what was done. */
export interface Close {
  verb: "close";
  document: string;
  line?: number | null;
}

/** Keep goods for a document line; never blocks a fact. */
export interface Reserve {
  verb: "reserve";
  document: string;
  line: number;
  key: Key;
  place: Place;
  quantity: number;
}

/** Change fields of a master-data row, based on the version that was seen. */
export interface Edit {
  verb: "edit";
  kind: string;
  id: string;
  base_version: number;
  fields: Record<string, unknown>;
}

/** The part of an envelope that keeps its meaning when the chain is re-made. */
export interface Body {
  v: number;
  class: "fact" | "intent";
  id: string;
  site: string;
  actor: string;
  wall: number;
  mono: number;
  segment: string;
  did: Did;
  consent?: Consent | null;
  base?: Base | null;
  scans?: Scan[];
  task?: Task | null;
  assumed?: ("lot" | "serial" | "status" | "owner" | "quantity")[];
  app?: string;
  signed?: "server" | "device" | "roster" | null;
}

/** One round trip: device clock when sent and received, server clock in between. */
export interface Exchange {
  sent: number;
  received: number;
  server_now: number;
  segment: string;
  mac?: string;
}

/** How sure a time inside an operation is: its error bar in ms, and its trust. */
export type Margin = [u: number, trust: "high" | "low"];

/** When it happened, in server time: goods left `taken`, arrived `own`; counts have more. */
export interface Times {
  own: number;
  taken?: number | null;
  opened?: number | null;
  lines?: number[];
  margins?: Margin[];
}

/** One oddity of an operation, and the discrepancy that will settle it. */
export interface Flag {
  code: string;
  discrepancy: string;
}

/** The server's answer to one operation; byte-equal at every retry within an epoch (R1). */
export interface Verdict {
  id: string;
  outcome: "posted" | "flagged" | "parked" | "accepted" | "refused";
  ledger_seq: number;
  times: Times;
  u: number;
  trust: "high" | "low";
  seal: string;
  flags: Flag[];
  reason?: string | null;
  fresh?: Decision[];
}

/** A verdict that the device kept, sent again after a restore with its seal. */
export interface Dated {
  id: string;
  outcome: "posted" | "parked" | "accepted" | "refused";
  times: Times;
  u: number;
  trust: "high" | "low";
  seal: string;
  why?: string | null;
  first?: [string, number] | null;
}

/** One line of a count that the server itself approved, as its variance says. */
export type OwnLine = [operation: string, line: number, key: string, counted: number, expected: number];

/** What the server decided itself, brought back after a restore; the id ends in its seal. */
export interface OwnDecision {
  id: string;
  count_id: string;
  lines: OwnLine[];
}

/** The replica that this device had before it lost its storage, as far as it remembers. */
export interface Former {
  replica: string | null;
  seq: number;
}

/** A device's own proof of one operation that another one carries: where it stood first (S7). */
export type Mark = [replica: string, seq: number, mac: string];

/** That a session of its actor made an operation, of this push or of one before (E8). */
export type Proof = [id: string, proof: string];

/** By what a device checks the PIN of a worker without a network: `stamp` names that PIN. */
export type Verifier = [person: string, stamp: string, verifier: string];

/** What lies on the devices of a site so that any worker may sign in on any of them. */
export interface Roster {
  workers: Verifier[];
}

/** What one replica has to say since the last acknowledgement, in seq order. */
export interface Push {
  v: number;
  site: string;
  replica: string;
  epoch: number;
  sent: number;
  segment: string;
  cursor?: number | string;
  carrier?: string | null;
  device?: string | null;
  former?: Former | null;
  exchanges?: Exchange[];
  unsent?: number;
  written?: number | null;
  echo?: number;
  leaving?: boolean;
  had?: number;
  decided?: OwnDecision[];
  dated?: Dated[];
  signed?: string[];
  marks?: (Mark | null)[];
  proofs?: Proof[];
  operations?: unknown[];
}

/** The highest contiguous operation of a replica that is durable, and its envelope's hash. */
export type Ack = [seq: number, hash: string | null];

/** The answer to a push. */
export interface Pushed {
  epoch: number;
  acked: Ack;
  verdicts: Verdict[];
  server_now: number;
  watermark: number;
  durable_through: [number, number] | null;
  minimum_app: string;
  retry_after_ms: number;
  mac: string;
}

/** A push that cannot be taken as it is (HTTP 409); the device repairs it and pushes again. */
export interface Conflict {
  code: "epoch" | "gap" | "fork";
  epoch?: number;
  common?: number;
  have?: Ack | null;
  need_from?: number | null;
}

/** One absolute image of the feed; `payload` is null where the row is gone. */
export type Row = [kind: string, key: string, version: number, payload: unknown];

/** A page of the feed; it never splits a seq. */
export interface Page {
  epoch: number;
  cursor: string;
  more: boolean;
  scope: string;
  rows: Row[];
  acks: Record<string, Ack>;
  server_now: number;
  watermark: number;
}

/** One immutable part of a snapshot, to be fetched by its hash. */
export interface ChunkName {
  hash: string;
  kind: string;
  rows: number;
  bytes: number;
}

/** The site as of a cursor, in chunks. */
export interface Snapshot {
  epoch: number;
  cursor: string;
  scope: string;
  acks: Record<string, Ack>;
  chunks: ChunkName[];
  server_now: number;
}

/** Rows of one kind in columns; texts are indexes into `texts`, -1 is null. */
export interface Chunk {
  kind: string;
  rows: number;
  key: string[];
  versions: number[];
  columns: Record<string, unknown>;
}

/** A pack: `factor` base units make one of it; `aliases` are the codes printed on it. */
export interface Unit {
  code: string;
  factor: number;
  version: number;
  aliases: string[];
}

/** What every device must know of its site. */
export interface Site {
  site: string;
  name: string;
  name_zh: string;
  time_zone: string;
  over_receipt_percent: number;
  over_issue_percent: number;
  count_tolerance: number;
  count_tolerance_percent: number | null;
  unsent_warning: number;
  unsent_warning_hours: number;
  closed_through: string | null;
  adjust_limit: number | null;
}

/** A thing that is held; `lots` says whether a lot must be known, `dated` an expiry. */
export interface Item {
  item: string;
  name: string;
  name_zh: string;
  spec: string;
  unit: string;
  kind: "raw" | "made" | "finished";
  lots: boolean;
  dated: boolean;
  serials: boolean;
  fifo: "hint" | "reason" | "consent" | "block";
  units: Unit[];
  aliases: string[];
  receive_status: Status;
  count_tolerance: number | null;
  count_tolerance_percent: number | null;
  active: boolean;
}

/** A place that can hold stock; `walk` is its number on the picker's path. */
export interface Location {
  location: string;
  warehouse: string;
  kind: "bin" | "dock" | "stage" | "quality" | "line" | "returns";
  walk: number;
  blocked: boolean;
  capacity: number | null;
  mixing: "any" | "item" | "lot";
}

/** A named group of locations with a keeper. */
export interface Warehouse {
  warehouse: string;
  name: string;
  name_zh: string;
}

/** A supplier or a customer: also a virtual location `supplier/ID`, `customer/ID`. */
export interface Partner {
  partner: string;
  kind: "supplier" | "customer";
  name: string;
}

/** What an unknown code turned out to be: an item or a location. */
export interface Alias {
  raw: string;
  kind: "item" | "location";
  code: string;
}

/** A paper that asks the floor for work; `stopped` names the discrepancy that holds it. */
export interface Document {
  document: string;
  kind: "purchase" | "sales" | "work" | "count" | "move";
  partner: string | null;
  item: string | null;
  quantity: number | null;
  due: string | null;
  state: "open" | "closed" | "cancelled";
  note: string;
  stopped: string | null;
}

/** One line of a document; its counters follow from the ledger, never from an edit (L10). */
export interface Line {
  document: string;
  line: number;
  role: "asked" | "made" | "used";
  item: string | null;
  quantity: number;
  done: number;
  rejected: number;
  returned: number;
  out: number;
  place: string | null;
  state: "open" | "closed" | "cancelled";
}

/** Goods kept for a document line; a promise among people, which never stops a fact (R24). */
export interface Reservation {
  document: string;
  line: number;
  place: string;
  key: string;
  item: string;
  quantity: number;
}

/** What is known of a lot; `fifo_at` (ms) ranks it, `blocked` names the discrepancy. */
export interface LotRow {
  item: string;
  lot: string;
  expires: string;
  supplier: string;
  fifo_at: number;
  blocked: string | null;
}

/** Quantity of one key at one place; `key` is its canonical text. */
export interface Holding {
  place: string;
  key: string;
  item: string;
  quantity: number;
}

/** The roster: who may sign in. */
export interface Person {
  person: string;
  name: string;
  role: "worker" | "supervisor";
  badge: string;
  language: string;
  pin_stamp: string;
  active: boolean;
  adjust_limit: number | null;
}

/** An enrolled phone, scanner or desk; `off_since` when a supervisor took it off the floor. */
export interface Device {
  device: string;
  name: string;
  revoked: boolean;
  off_since: number | null;
  parked: number | null;
  enrolled_at: number;
  former: string | null;
}

/** One count of one place: when it was opened and done, and by whom. */
export interface Counted {
  operation: string;
  count_id: string;
  place: string;
  scope: "place" | "line";
  opened: number;
  at: number;
  u: number;
  replica: string;
  seq: number;
  actor: string;
  device: string;
  blind: boolean;
  reversed: boolean;
}

/** One key of one count: counted beside expected at its own moment. */
export interface Variance {
  operation: string;
  line: number;
  count_id: string;
  place: string;
  key: string;
  item: string;
  counted: number;
  expected: number;
  at: number;
  u: number;
  first: number;
  last: number;
  replica: string;
  seq: number;
  actor: string;
  device: string;
  blind: boolean;
  state: "open" | "approved" | "rejected" | "recount" | "reversed";
  decided: string | null;
  ambiguous: boolean;
  fifo_date: string | null;
  parts: string[];
  assumed: string[];
  by_hand: "not_alone" | "surplus" | "adjusted" | "parts" | null;
}

/** Something odd that a person or later evidence must settle. */
export interface Discrepancy {
  discrepancy: string;
  code: string;
  severity: "I" | "R" | "U";
  operation: string;
  actor: string;
  document: string | null;
  place: string | null;
  key: string | null;
  item: string | null;
  at: number;
  until: number | null;
  waits: string | null;
  detail: Record<string, unknown>;
  state: "open" | "settled" | "evidence";
  settled_by: string | null;
  opened_seq: number;
}

/** One thing seen once: a serial or a container, `taken` .. `at` in server ms. */
export interface Sighting {
  thing: string;
  of: number;
  line: number;
  at: number;
  taken: number;
  u: number;
  replica: string;
  rseq: number;
  place: string;
  source: string;
  key: string;
  sets: boolean;
  only_from: string | null;
  only_key: string | null;
  gone: boolean;
  posted: string[];
}

/** A later outcome of an operation than its verdict: replayed, settled, closed by evidence. */
export interface Result {
  operation: string;
  outcome: "posted" | "flagged" | "parked" | "accepted" | "refused";
  reversed: boolean;
  flags: string[];
}

export type Fact = Receive | PutAway | Move | Pick | Ship | Issue | Produce | Return | Restate | Count | Adjust | Reverse | Lost;

export type Intent = Approve | Recount | Reject | Settle | Close | Reserve | Edit;

export type Did = Fact | Intent;

/** Payload of each kind of the feed. */
export interface Feed {
  site: Site;
  warehouse: Warehouse;
  location: Location;
  item: Item;
  partner: Partner;
  alias: Alias;
  document: Document;
  line: Line;
  reservation: Reservation;
  lot: LotRow;
  holding: Holding;
  person: Person;
  device: Device;
  counted: Counted;
  variance: Variance;
  discrepancy: Discrepancy;
  operation: Result;
}

/** The fields of a payload that make its key. */
export const FEED_KEYS = {
  site: ["site"],
  warehouse: ["warehouse"],
  location: ["location"],
  item: ["item"],
  partner: ["partner"],
  alias: ["raw"],
  document: ["document"],
  line: ["document", "line"],
  reservation: ["document", "line", "place", "key"],
  lot: ["item", "lot", "expires", "supplier"],
  holding: ["place", "key"],
  person: ["person"],
  device: ["device"],
  counted: ["operation"],
  variance: ["operation", "line"],
  discrepancy: ["discrepancy"],
  operation: ["operation"],
} as const;

export const QUANTITY_MAX = 1000000000;
export const ENVELOPE_BYTES_MAX = 65536;
export const ENVELOPE_VERSION = 1;
export const PUSH_OPERATIONS_MAX = 100;
export const PULL_LIMIT_MAX = 5000;
export const INTENTS: readonly string[] = ["approve", "recount", "reject", "settle", "close", "reserve", "edit"];
/** Kind of a paper, role of a line, way of the goods: the counter that moves. */
export const COUNTERS: Readonly<Record<string, Counter | undefined>> = { "purchase asked receive": "done", "purchase asked status>reject": "rejected", "purchase asked return>supplier": "returned", "sales asked pick": "done", "sales asked ship": "out", "sales asked return<customer": "returned", "work made produce": "done", "work made produce>reject": "rejected", "work used issue": "done", "work used return<production": "returned", "work used issue>scrap": "rejected", "move asked putaway": "done", "move asked move": "done", "count asked count": "done" };
export const VIRTUAL: readonly string[] = ["adjust", "cost", "count", "customer", "production", "scrap", "status", "supplier", "suspense", "transit"];

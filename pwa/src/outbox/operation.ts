/** One operation in memory: what is kept of it, with its body read once. */
import { bodyOf } from "../core/envelope";
import { keyOf, keyText, placeText } from "../core/stock";
import type { Draft } from "../core/flow";
import type { Base, Body, Result, Scan } from "../core/types.gen";
import type { OperationState, Written } from "../engine.types";
import type { Kept } from "../store/store";

export interface Operation extends Kept {
  body: Body;
}

export function operationOf(kept: Kept): Operation {
  return { ...kept, body: JSON.parse(bodyOf(kept.text)) as Body };
}

/** What is true of an operation beside its draft. */
export interface Context {
  site: string;
  actor: string;
  wall: number;
  mono: number;
  segment: string;
  base: Base | null;
  app: string;
  /** How the actor had signed in. */
  signed?: Body["signed"];
}

/** What an operation says of itself, in the order in which it is hashed. */
export function fieldsOf(id: string, draft: Draft, context: Context, scans: Scan[]): Omit<Body, "v" | "class"> {
  const { site, actor, wall, mono, segment, base, app, signed } = context;
  const { consent, task, assumed, did } = draft;
  return {
    id, site, actor, wall, mono, segment,
    ...(consent && { consent }),
    ...(base && { base }),
    ...(scans.length && { scans }),
    ...(task && { task }),
    ...(assumed.length && { assumed }),
    did, app,
    ...(signed && { signed }),
  };
}

export function keptOf({ replica, seq, id, text, hash, verdict, acked, first, mark }: Operation): Kept {
  return { replica, seq, id, text, hash, verdict, acked, ...(first && { first }), ...(mark && { mark }) };
}

/** The operation as the outbox and the last band show it; `later` is what the feed said after. */
export function written(
  operation: Operation,
  covered: boolean,
  later: Result | undefined,
  reversed: boolean,
): Written {
  const { body, verdict } = operation;
  const { did } = body;
  const from = "from" in did ? did.from : "place" in did ? did.place : null;
  const to = "to" in did ? did.to : null;
  return {
    id: operation.id,
    seq: operation.seq,
    verb: did.verb,
    actor: body.actor,
    wall: body.wall,
    state: stateOf(operation, covered, later),
    // A decision that waited for its proof has its reason where its outcome stands.
    reason: (later?.outcome === "refused" ? later.flags[0] : verdict?.reason) ?? null,
    fresh: verdict?.fresh ?? [],
    flags: later?.flags ?? verdict?.flags?.map((flag) => flag.code) ?? [],
    item: "key" in did && did.key ? keyOf(keyText(did.key)).item : null,
    quantity: ("quantity" in did ? did.quantity : null) ?? null,
    from: from ? placeText(from) : null,
    to: to ? placeText(to) : null,
    document: body.task?.document ?? ("document" in did ? did.document : null),
    reversed: reversed || (later?.reversed ?? false),
  };
}

/** On this device, on the server, settled: settled only when the picture here holds it. */
function stateOf(operation: Operation, covered: boolean, later: Result | undefined): OperationState {
  const outcome = later?.outcome ?? operation.verdict?.outcome;
  if (outcome === "flagged" || outcome === "parked" || outcome === "refused") return outcome;
  if (operation.acked === null) return covered ? "server" : "device";
  return covered ? "settled" : "server";
}

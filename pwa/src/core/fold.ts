/**
 * What the operations that the server has not taken into the replica yet do to the picture:
 * movements add deltas in seq order, counts never set stock, and a reverse takes its target out.
 */
import { feedKey } from "./hashing";
import { counts, type Counters, type Papers } from "./papers";
import { isVirtual, keyText, placeText } from "./stock";
import type { Body, Did, Key, Place } from "./types.gen";

export type Folded = {
  /** Place → key → what to add. */
  deltas: Map<string, Map<string, number>>;
  /** Line of a document → what to add to its counters. */
  counters: Map<string, Counters>;
  /** Lots that the replica does not know yet → the moment that ranks them. */
  lots: Map<string, number>;
};

/** Quantity at a place in the replica. */
export type Stock = (place: string, key: string) => number;

/** An operation's body with the part of it that stock depends on. */
export type Done = Pick<Body, "id" | "wall" | "task" | "did">;

interface Entry {
  place: Place;
  key: Key;
  sign: 1 | -1;
}

/**
 * `pending` in seq order; `known` finds the body of an operation that the server already has,
 * so that a reverse of it can be shown before the server has seen the reverse; `papers` finds
 * the line that an operation names.
 */
export function fold(
  pending: readonly Done[], stock: Stock, known: (id: string) => Done | undefined, papers: Papers,
): Folded {
  const folded: Folded = { deltas: new Map(), counters: new Map(), lots: new Map() };
  const here = new Set(pending.map((operation) => operation.id));
  const reversed = new Set(pending.flatMap(({ did }) => (did.verb === "reverse" ? did.target : [])));
  const undone = new Set<string>();
  for (const operation of pending) {
    const { did } = operation;
    if (did.verb !== "reverse") {
      if (!reversed.has(operation.id)) add(folded, operation, stock, papers, 1);
      continue;
    }
    const target = here.has(did.target) ? undefined : known(did.target);
    if (target && !undone.has(target.id)) add(folded, target, stock, papers, -1);
    undone.add(did.target);
  }
  return folded;
}

function add(folded: Folded, operation: Done, stock: Stock, papers: Papers, sign: 1 | -1): void {
  const { did, task } = operation;
  const quantity = quantityOf(did, folded, stock, sign);
  for (const entry of entries(did)) {
    const place = placeText(entry.place);
    if (!isVirtual(place)) addTo(folded.deltas, place, keyText(entry.key), quantity * entry.sign * sign);
  }
  const counted = task?.line == null ? null : counts(papers(task), did, quantity);
  if (counted && task) {
    const line = feedKey(task.document, task.line ?? null);
    const before = folded.counters.get(line) ?? {};
    folded.counters.set(line, { ...before, [counted.counter]: (before[counted.counter] ?? 0) + counted.amount * sign });
  }
  if (sign === 1 && (did.verb === "receive" || did.verb === "produce")) remember(folded, did, operation.wall);
}

/** The table of verbs: where goods leave, and where they arrive. */
function entries(did: Did): Entry[] {
  switch (did.verb) {
    case "receive":
    case "putaway":
    case "move":
    case "pick":
    case "ship":
    case "issue":
    case "return":
      return did.key && did.from ? pair(did.key, did.from, did.key, did.to) : [];
    case "produce":
      return [{ place: did.to, key: did.key, sign: 1 }];
    case "status":
      return pair(did.key, did.place, { ...did.key, status: did.to_status }, did.place);
    case "adjust":
      return [{ place: did.place, key: did.key, sign: 1 }];
    default:
      return [];
  }
}

function pair(taken: Key, from: Place, given: Key, to: Place): Entry[] {
  return [
    { place: from, key: taken, sign: -1 },
    { place: to, key: given, sign: 1 },
  ];
}

/** `null` is all that stands there, never a negative; of an operation already taken it is unknown. */
function quantityOf(did: Did, folded: Folded, stock: Stock, sign: 1 | -1): number {
  if (!("quantity" in did) || did.quantity === undefined || did.quantity === null) {
    const source = sign === 1 ? entries(did).find((entry) => entry.sign === -1) : undefined;
    if (!source) return 0;
    const [place, key] = [placeText(source.place), keyText(source.key)];
    return Math.max(0, stock(place, key) + (folded.deltas.get(place)?.get(key) ?? 0));
  }
  return did.quantity;
}

function addTo(deltas: Folded["deltas"], place: string, key: string, quantity: number): void {
  const at = deltas.get(place) ?? new Map<string, number>();
  deltas.set(place, at);
  at.set(key, (at.get(key) ?? 0) + quantity);
}

function remember(folded: Folded, did: Did & { key: Key; fifo_date?: string | null }, wall: number): void {
  const { item, lot } = did.key;
  if (!lot) return;
  const key = feedKey(item, lot.code, lot.expires ?? null, lot.supplier ?? null);
  const at = did.fifo_date ? Date.parse(`${did.fifo_date}T00:00:00Z`) : wall;
  folded.lots.set(key, Math.min(at, folded.lots.get(key) ?? at));
}

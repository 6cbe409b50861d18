/**
 * The view as it will be once the drafts of this step are written.
 * The next stop, the remainder and the ranked lots that a step shows must already know
 * what the same step writes, although the outbox folds it a moment later.
 */
import type { Draft } from "../flow";
import { fold, type Folded } from "../fold";
import { feedKey } from "../hashing";
import { seen } from "../papers";
import { isVirtual, keyOf } from "../stock";
import type { Ranked, Shown, View } from "../view";

interface Change {
  place: string;
  text: string;
  quantity: number;
}

export function after(view: View, drafts: readonly Draft[]): View {
  if (drafts.length === 0) return view;
  const operations = drafts.map(({ did, task }, index) => ({ id: String(index), wall: 0, did, task }));
  const folded = fold(operations, (place, key) => view.holding(place, key), () => undefined, ({ document, line }) => {
    const kind = view.document(document)?.kind;
    const named = view.lines(document).find((row) => row.line === line);
    return kind && named ? { kind, line: named } : undefined;
  });
  const changes = [...folded.deltas].flatMap(([place, keys]) =>
    [...keys].map(([text, quantity]): Change => ({ place, text, quantity })),
  );
  return {
    site: view.site,
    item: (code) => view.item(code),
    location: (code) => view.location(code),
    partner: (code) => view.partner(code),
    person: (code) => view.person(code),
    device: (code) => view.device(code),
    document: (code) => view.document(code),
    documents: (kind) => view.documents(kind),
    lines: (document) => linesAfter(view, document, folded),
    at: (place) => changed(view.at(place), changes.filter((change) => change.place === place)),
    of: (item) => changed(view.of(item), changes.filter((change) => isHeld(change, item))),
    holding: (place, key) => view.holding(place, key) + (folded.deltas.get(place)?.get(key) ?? 0),
    ranked: (item) =>
      reranked(view.ranked(item).map((lot) => ({ ...lot, quantity: lot.quantity + sumAt(changes, lot) }))),
    lots: (item, code) => view.lots(item, code),
    search: (text, limit) => view.search(text, limit),
    variances: (state) => view.variances(state),
    locations: (kind) => view.locations(kind),
  };
}

function linesAfter(view: View, document: string, folded: Folded): ReturnType<View["lines"]> {
  const kind = view.document(document)?.kind;
  return view.lines(document).map((line) => seen(kind, line, folded.counters.get(feedKey(document, line.line))));
}

function isHeld(change: Change, item: string): boolean {
  return !isVirtual(change.place) && keyOf(change.text).item === item;
}

function sumAt(changes: readonly Change[], held: Shown): number {
  return changes
    .filter((change) => change.place === held.place && change.text === held.key)
    .reduce((total, change) => total + change.quantity, 0);
}

function changed(holdings: readonly Shown[], changes: readonly Change[]): Shown[] {
  const rows = holdings.map((held) => ({ ...held }));
  for (const change of changes) {
    const row = rows.find((held) => held.place === change.place && held.key === change.text);
    if (row) row.quantity += change.quantity;
    else rows.push(shownOf(change));
  }
  return rows.filter((held) => held.quantity !== 0);
}

function shownOf({ place, text, quantity }: Change): Shown {
  const { item, lot, serial, status, owner } = keyOf(text);
  const expires = lot?.expires ?? null;
  return {
    place, key: text, item, lot, serial, status: status ?? "ok", owner, quantity, fifo_at: 0, expires, blocked: false,
  };
}

/** Lots that remain, each with 1 + the number of remaining lots that are older. */
export function reranked(ranked: readonly Ranked[]): Ranked[] {
  const left = ranked.filter((lot) => lot.quantity > 0);
  return left.map((lot) => ({ ...lot, rank: 1 + left.filter((other) => other.rank < lot.rank).length }));
}

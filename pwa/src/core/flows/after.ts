/**
 * The view as it will be once the drafts of this step are written.
 * The next stop, the remainder and the ranked lots that a step shows must already know
 * what the same step writes, although the fold learns of it a moment later.
 */
import { VIRTUAL, type Key, type Line, type Place } from "../types.gen";
import type { Draft } from "../flow";
import type { Ranked, Shown, View } from "../view";
import { keyText } from "./goods";

interface Change {
  place: string;
  key: Key;
  text: string;
  quantity: number;
}

const MOVING = new Set(["receive", "putaway", "move", "pick", "issue"]);

export function after(view: View, drafts: readonly Draft[]): View {
  const changes = drafts.flatMap(changesOf);
  if (changes.length === 0) return view;
  return {
    site: view.site,
    item: (code) => view.item(code),
    location: (code) => view.location(code),
    partner: (code) => view.partner(code),
    person: (code) => view.person(code),
    document: (code) => view.document(code),
    documents: (kind) => view.documents(kind),
    lines: (document) => view.lines(document).map((line) => ({ ...line, done: line.done + doneBy(drafts, line) })),
    at: (place) => changed(view.at(place), changes.filter((change) => change.place === place)),
    of: (item) => changed(view.of(item), changes.filter((change) => change.key.item === item && isReal(change.place))),
    holding: (place, key) =>
      view.holding(place, key) + sum(changes.filter((change) => change.place === place && change.text === key)),
    ranked: (item) => reranked(view.ranked(item), changes),
    lots: (item, code) => view.lots(item, code),
    search: (text, limit) => view.search(text, limit),
    variances: (state) => view.variances(state),
    locations: (kind) => view.locations(kind),
  };
}

function changesOf(draft: Draft): Change[] {
  const did = draft.did;
  if (!MOVING.has(did.verb) || !("to" in did) || !("key" in did) || !did.key || !did.quantity) return [];
  if (!("from" in did)) return [];
  const common = { key: did.key, text: keyText(did.key) };
  const from = did.from ? [{ ...common, place: textOf(did.from), quantity: -did.quantity }] : [];
  return [...from, { ...common, place: textOf(did.to), quantity: did.quantity }];
}

function textOf(place: Place): string {
  if (place.container) return `container/${place.container}`;
  if (place.code) return `unidentified/${place.code}`;
  return place.location ?? "";
}

function isReal(place: string): boolean {
  return !VIRTUAL.includes(place.split("/", 1)[0] ?? "");
}

function sum(changes: readonly Change[]): number {
  return changes.reduce((total, change) => total + change.quantity, 0);
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

function shownOf(change: Change): Shown {
  const { key } = change;
  return {
    place: change.place,
    key: change.text,
    item: key.item,
    lot: key.lot ?? null,
    status: key.status ?? "ok",
    owner: key.owner ?? null,
    serial: key.serial ?? null,
    quantity: change.quantity,
    fifo_at: 0,
    expires: key.lot?.expires ?? null,
    blocked: false,
  };
}

function reranked(ranked: readonly Ranked[], changes: readonly Change[]): Ranked[] {
  return ranked
    .map((lot) => ({
      ...lot,
      quantity: lot.quantity + sum(changes.filter((change) => change.place === lot.place && change.text === lot.key)),
    }))
    .filter((lot) => lot.quantity > 0)
    .map((lot, index) => ({ ...lot, rank: index + 1 }));
}

function doneBy(drafts: readonly Draft[], line: Line): number {
  let done = 0;
  for (const { did, task } of drafts) {
    if (task?.document !== line.document || task.line !== line.line) continue;
    if (did.verb === "receive" || did.verb === "pick" || did.verb === "issue") done += did.quantity ?? 0;
  }
  return done;
}

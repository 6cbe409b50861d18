/**
 * Issue: material goes to a work order, the oldest lot first. When the hand holds a younger lot
 * the item's policy decides: a hint, a reason, a supervisor, or not at all.
 * Without a work order an item is chosen, its lots are shown by age, and the keypad says how many.
 */
import type { Band, KeyName } from "../flow";
import type { Did, Item } from "../types.gen";
import { band, flowOf, type Ask } from "./frame";
import { placeOf } from "./goods";
import { daysBetween, olderOf } from "./route";
import { taking, type Taken, type TakeState } from "./taking";

export type IssueState = TakeState;

const WITHOUT_ORDER = "cost/general";

const POLICY: Record<Exclude<Item["fifo"], "hint">, { needs: Ask["needs"]; ways: KeyName[]; say: string }> = {
  reason: { needs: "reason", ways: ["next", "reason"], say: "issue.older" },
  consent: { needs: "consent", ways: ["next", "consent"], say: "issue.older.supervisor" },
  block: { needs: "never", ways: ["next", "cancel"], say: "issue.older.blocked" },
};

function didOf(state: TakeState, taken: Taken): Did {
  const isOverride = taken.ranking?.older != null && state.agreed.includes("older");
  return {
    verb: "issue",
    key: taken.key,
    from: placeOf(taken.place),
    to: placeOf(state.to),
    quantity: taken.quantity,
    taken_wall: taken.goods.wall,
    ...(taken.goods.entered ? { entered: taken.goods.entered } : {}),
    ...(taken.ranking ? { shown: { rank: taken.rank, older: olderOf(taken.ranking.older) } } : {}),
    ...(isOverride ? { override: state.reason ?? "consent" } : {}),
  };
}

/** Stops a younger lot before it is written, as the policy of its item says. */
function olderStop(_state: TakeState, taken: Taken, policy: Item["fifo"]): { ask: Ask; band: Band } | null {
  if (!taken.ranking?.older || policy === "hint") return null;
  const { needs, ways, say } = POLICY[policy];
  const signal = policy === "block" ? "wrong" : "look";
  return { ask: { why: "older", needs }, band: { ...olderBand(taken, say), signal, ways } };
}

function olderBand(taken: Taken, say: string): Band {
  const ranking = taken.ranking;
  const older = ranking?.older;
  if (!ranking || !older?.lot) return band("look", say);
  const days = daysBetween(older, ranking.mine);
  const values = { place: older.place, lot: older.lot.code, days, quantity: older.quantity };
  return band("look", say, values, {
    older: { lot: older.lot.code, place: older.place, quantity: older.quantity },
    asked: older.lot.code,
    ...(taken.key.lot ? { held: taken.key.lot.code } : {}),
  });
}

/** A hint does not stop: it is written, and the older lot is shown beside it. */
function saidOf(state: TakeState, taken: Taken, policy: Item["fifo"]): Band {
  if (policy === "hint" && taken.ranking?.older) return olderBand(taken, "issue.older.hint");
  const to = state.document ?? state.to;
  const values = { quantity: taken.quantity, item: taken.goods.item, place: taken.place, to };
  return band("done", "issue.done", values);
}

export const issue = flowOf<IssueState>(
  taking({
    flow: "issue",
    kind: "work",
    order: "line",
    to: (_view, document) => (document === null ? WITHOUT_ORDER : `production/${document}`),
    receives: (location, document) => document === null && location.kind === "line",
    did: didOf,
    older: olderStop,
    said: saidOf,
  }),
);

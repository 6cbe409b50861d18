/**
 * Pick: walk the bins of a sales order, scan bin, scan goods, and they stand at the order's stage.
 * A younger lot than the oldest is let through with a word; what may not be used is stopped.
 */
import type { Did } from "../types.gen";
import type { View } from "../view";
import { band, flowOf } from "./frame";
import { placeOf } from "./goods";
import { olderOf } from "./route";
import { taking, type Taken, type TakeState } from "./taking";

export type PickState = TakeState;

function didOf(state: TakeState, taken: Taken): Did {
  return {
    verb: "pick",
    key: taken.key,
    from: placeOf(taken.place),
    to: placeOf(state.to),
    quantity: taken.quantity,
    taken_wall: taken.goods.wall,
    ...(taken.goods.entered ? { entered: taken.goods.entered } : {}),
    ...(taken.ranking ? { shown: { rank: taken.rank, older: olderOf(taken.ranking.older) } } : {}),
    ...(state.short === null ? {} : { short: state.short }),
    ...(state.bin_empty === null ? {} : { bin_empty: state.bin_empty }),
  };
}

function stageOf(view: View): string {
  const stages = view.locations("stage").filter((stage) => !stage.blocked);
  return [...stages].sort((a, b) => a.walk - b.walk)[0]?.location ?? "stage";
}

export const pick = flowOf<PickState>(
  taking({
    flow: "pick",
    kind: "sales",
    order: "walk",
    to: stageOf,
    receives: (location) => location.kind === "stage",
    did: didOf,
    older: () => null,
    said: (state, taken) =>
      band("done", "pick.done", { quantity: taken.quantity, item: taken.goods.item, place: taken.place, to: state.to },
        taken.ranking?.older ? { note: "take.older_noted", ...olderBand(taken) } : {}),
  }),
);

function olderBand(taken: Taken): Pick<ReturnType<typeof band>, "older"> {
  const older = taken.ranking?.older;
  return older?.lot ? { older: { lot: older.lot.code, place: older.place, quantity: older.quantity } } : {};
}

/**
 * What is stopped before goods are taken: things that are not asked for, and goods that may not
 * be used. Nothing is written; the way on is to put it back, or a supervisor's consent.
 */
import type { View } from "../view";
import { band, type Ask } from "./frame";
import { isExpired, nameOf } from "./goods";
import type { Band } from "../flow";
import type { Taken, TakeState } from "./taking";

export interface Stopped {
  ask: Ask;
  band: Band;
}

/** Wrong thing in the hand: known before the bin is. */
export function stopGoods(state: TakeState, view: View): Stopped | null {
  const { goods, document } = state;
  if (!goods) return null;
  const asked = state.stops[0]?.item;
  const names = { held: goods.item, ...(asked === undefined ? {} : { asked }) };
  const lines = document === null ? [] : view.lines(document).filter((line) => line.item === goods.item && line.role !== "made");
  if (!goods.known) {
    return wrong("unknown", band("wrong", "take.unknown", { code: goods.item }, names), "never");
  }
  if (document !== null && lines.length === 0) {
    return wrong("not_on_task", band("wrong", "take.not_on_task", { item: goods.item, document }, names), "consent");
  }
  const isFull = document !== null && lines.every((line) => line.have >= line.quantity || line.state !== "open");
  if (isFull) {
    return wrong("line_full", band("wrong", "take.line_full", { item: goods.item, document }, names), "consent");
  }
  return null;
}

/** Goods that may not be used: on hold, blocked by a cause, expired. */
export function stopTaken(taken: Taken, view: View): Stopped | null {
  const { held, goods, key } = taken;
  const name = { item: nameOf({ item: goods.item, lot: key.lot?.code ?? null }), place: taken.place };
  const marks = { held: key.lot?.code ?? goods.item };
  if (held && held.status !== "ok") {
    return wrong("status", band("wrong", `take.status.${held.status}`, name, marks), "consent");
  }
  if (held?.blocked) return wrong("blocked", band("wrong", "take.lot_blocked", name, marks), "consent");
  const expires = key.lot?.expires ?? goods.expires;
  if (isExpired(expires, goods.wall, view)) {
    return wrong("expired", band("wrong", "take.expired", { ...name, expires: expires ?? "" }, marks), "consent");
  }
  return null;
}

/** More than the bin or the line has: asked once, for the worker may see what the ledger does not. */
export function stopQuantity(taken: Taken): Stopped | null {
  const { quantity, there, left, place } = taken;
  const item = taken.goods.item;
  if (there <= 0) return confirm("not_there", band("look", "take.not_there", { item, place }));
  if (quantity > there) {
    return confirm("over_bin", band("look", "flow.more_than_there", { quantity, there, item, place }));
  }
  if (left !== null && quantity > left) {
    return confirm("over_line", band("look", "take.over_line", { quantity, left, item, over: quantity - left }));
  }
  return null;
}

function wrong(why: string, shown: Band, needs: Ask["needs"]): Stopped {
  const ways: Band["ways"] = needs === "consent" ? ["consent", "cancel"] : ["cancel"];
  return { ask: { why, needs }, band: { ...shown, ways } };
}

function confirm(why: string, shown: Band): Stopped {
  return { ask: { why, needs: "confirm" }, band: { ...shown, ways: ["confirm", "cancel"] } };
}

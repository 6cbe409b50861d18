/**
 * What is looked at before a receipt is written: none of it is refused for good,
 * because the goods are here; each question is asked once.
 */
import type { Band } from "../flow";
import type { View } from "../view";
import { band, type Ask } from "./frame";
import { dayOf, isExpired, nameOf, type Goods } from "./goods";
import { candidates, leftOf } from "./order_lines";
import type { ReceiveState } from "./receive";

export interface Stop {
  ask: Ask;
  band: Band;
}

export function stopOf(state: ReceiveState, view: View): Stop | null {
  const { goods } = state;
  if (!goods) return null;
  const stops = [unknownItem, notOnOrder, duplicateSerial, blockedPlace, oddYear, dayOver, overOrder];
  for (const stop of stops) {
    const found = stop(state, goods, view);
    if (found && !state.agreed.includes(found.ask.why)) return found;
  }
  return null;
}

function confirm(why: string, shown: Band): Stop {
  return { ask: { why, needs: "confirm" }, band: { ...shown, ways: ["confirm", "cancel"] } };
}

function unknownItem(_state: ReceiveState, goods: Goods): Stop | null {
  return goods.known ? null : confirm("unknown", band("look", "flow.unknown_item", { code: goods.item }));
}

function notOnOrder(state: ReceiveState, goods: Goods, view: View): Stop | null {
  if (state.document === null || !goods.known || candidates(view, state, goods.item).length > 0) return null;
  const asked = view.lines(state.document).find((line) => line.state === "open" && line.have < line.quantity);
  return {
    ask: { why: "not_on_order", needs: "never" },
    band: band("wrong", "receive.not_on_order", { item: goods.item, document: state.document }, {
      ways: ["other", "cancel"],
      held: goods.item,
      ...(asked?.item ? { asked: asked.item } : {}),
    }),
  };
}

function duplicateSerial(_state: ReceiveState, goods: Goods, view: View): Stop | null {
  const { serial } = goods;
  if (serial === null) return null;
  const there = view.of(goods.item).find((held) => held.serial === serial && held.quantity > 0);
  if (!there) return null;
  return confirm("serial", band("look", "receive.serial_twice", { serial, item: goods.item, place: there.place }));
}

/** A year is believed from so many before this one to so many after it (G13). */
const YEARS_BACK = 20;
const YEARS_AHEAD = 30;

function oddYear(_state: ReceiveState, goods: Goods, view: View): Stop | null {
  if (goods.expires === null) return null;
  const years = yearOf(goods.expires) - yearOf(dayOf(goods.wall, view.site.time_zone));
  if (years >= -YEARS_BACK && years <= YEARS_AHEAD) return null;
  return confirm("odd_year", band("look", "receive.odd_year", { item: nameOf(goods), day: goods.expires }));
}

function yearOf(day: string): number {
  return Number(day.slice(0, 4));
}

function dayOver(state: ReceiveState, goods: Goods, view: View): Stop | null {
  if (!isExpired(goods.expires, goods.wall, view) || state.agreed.includes("odd_year")) return null;
  return confirm("day_over", band("look", "receive.day_over", { item: nameOf(goods), day: goods.expires ?? "" }));
}

function blockedPlace(state: ReceiveState, _goods: Goods, view: View): Stop | null {
  if (!view.location(state.place)?.blocked) return null;
  return confirm("blocked_place", band("look", "flow.blocked_place", { place: state.place }));
}

/** Within the site's tolerance more is silent; above it asks once and lets through. */
function overOrder(state: ReceiveState, goods: Goods, view: View): Stop | null {
  const lines = candidates(view, state, goods.item);
  if (lines.length === 0 || goods.quantity === null) return null;
  const ordered = lines.reduce((sum, line) => sum + line.quantity, 0);
  const tolerated = Math.floor((ordered * view.site.over_receipt_percent) / 100);
  const over = goods.quantity - leftOf(lines);
  const alreadyOver = lines.reduce((sum, line) => sum + Math.max(0, line.have - line.quantity), 0);
  if (over + alreadyOver <= tolerated || over <= 0) return null;
  return confirm("over", band("look", "receive.over.ask", { over, item: nameOf(goods), quantity: goods.quantity }));
}

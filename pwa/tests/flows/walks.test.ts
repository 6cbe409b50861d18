/** Hands that do anything in any order: no flow may break, forge a scan or lose one. */
import { describe, expect, it } from "vitest";
import type { Flow, KeyName } from "../../src/core/flow";
import { count } from "../../src/core/flows/count";
import type { Asking } from "../../src/core/flows/frame";
import { issue } from "../../src/core/flows/issue";
import { move } from "../../src/core/flows/move";
import { pick } from "../../src/core/flows/pick";
import { putaway } from "../../src/core/flows/putaway";
import { receive } from "../../src/core/flows/receive";
import { placeText } from "../../src/core/stock";
import { Hands } from "./hands";
import { Warehouse } from "./warehouse";

const WALKS = 40;
const STEPS = 40;
const CODES = [
  "B-1", "B-2", "SHUT", "DOCK-1", "STAGE-1", "LINE-1", "RAW", "CASE", "GS1", "MIX", "SERIAL/1", "L1", "L2", "D1", "HELD", "PO-1", "SO-1",
  "WO-1", "CT-1", "SUP", "TOTE-1", "???", "BINCARD:UNDO", "BINCARD:DONE", "BINCARD:SKIP", "BINCARD:SHORT", "BADGE:1",
];
const KEYS: KeyName[] = ["done", "skip", "short", "empty", "full", "other", "hold", "confirm", "cancel", "next", "undo"];

function warehouse(): Warehouse {
  return new Warehouse()
    .place("DOCK-1", "dock").place("B-1").place("B-2").place("B-3").place("SHUT", "bin", { blocked: true })
    .place("STAGE-1", "stage").place("LINE-1", "line")
    .has("RAW").has("MIX", { lots: true }).has("SERIAL", { serials: true }).has("DATED", { lots: true, dated: true })
    .label("CASE", "RAW", {}, 12).label("GS1", "DATED", { lot: "D1", expires: "2026-01-31", quantity: 4 })
    .label("SERIAL/1", "SERIAL", { serial: "1" }).supplier("SUP")
    .holds("DOCK-1", "RAW", 30).holds("B-1", "RAW", 9).holds("B-1", "MIX", 4, "L1", { days: 9 })
    .holds("B-2", "MIX", 6, "L2", { days: 3 }).holds("B-2", "MIX", 2, "HELD", { status: "hold" })
    .holds("B-2", "DATED", 8, { code: "D1", expires: "2026-01-31" }).holds("B-1", "DATED", 3, { code: "D1", expires: "2027-06-30" })
    .paper("PO-1", "purchase", [["RAW", 20], ["MIX", 5], ["DATED", 8]], { partner: "SUP" })
    .paper("SO-1", "sales", [["RAW", 12], ["MIX", 7], ["DATED", 1]]).paper("WO-1", "work", [["MIX", 8], ["RAW", 3]])
    .countTask("CT-1", ["B-1", "B-2"]);
}

/** mulberry32: small, and the same on every machine. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

function walk<S extends Asking>(flow: Flow<S>, seed: number): Hands<S> {
  const roll = dice(seed);
  const hand = new Hands(flow, warehouse());
  const pickOf = <T>(list: readonly T[]): T => list[roll(list.length)] as T;
  for (let step = 0; step < STEPS; step += 1) {
    const die = roll(20);
    if (die < 12) hand.scan(pickOf(CODES));
    else if (die < 13) hand.burst(pickOf(CODES));
    else if (die < 16) hand.press(pickOf(KEYS));
    else if (die < 17) hand.type(1 + roll(40));
    else if (die < 18) hand.tell(pickOf(["lot", "expires", "serial", "reason"]), "2027-01-01");
    else if (die < 19) hand.choose(pickOf(["document", "line", "item", "lot", "place"]), hand.state.choices[0]?.value ?? pickOf(CODES));
    else hand.supervisor();
  }
  return hand;
}

function check(hand: Hands<Asking>): void {
  const consumed = hand.drafts.flatMap((draft) => draft.captures);
  expect(new Set(consumed).size, "a scan makes one operation only").toBe(consumed.length);
  expect(consumed.filter((id) => hand.released.includes(id)), "a scan is used or let go").toEqual([]);
  expect(consumed.filter((id) => id <= 0), "no scan is invented").toEqual([]);
  for (const did of hand.dids) {
    if ("quantity" in did && did.quantity != null) expect(did.quantity).toBeGreaterThan(0);
    if ("from" in did && did.from && "to" in did) expect(placeText(did.from)).not.toBe(placeText(did.to));
  }
}

const ALL: [string, Flow<Asking>][] = Object.entries({ receive, putaway, pick, issue, count, move }).map(
  ([name, flow]) => [name, flow as unknown as Flow<Asking>],
);

describe("whatever the hands do", () => {
  it.each(ALL)("%s keeps every scan and writes nothing absurd", (_name, flow) => {
    for (let seed = 1; seed <= WALKS; seed += 1) {
      try {
        check(walk(flow, seed));
      } catch (error) {
        throw new Error(`walk with seed ${seed}`, { cause: error });
      }
    }
  });
});

/** What came with a sync is said on Home until somebody looked at it. */
import { describe, expect, it } from "vitest";
import type { Written } from "../../src/engine.types";
import { asAsked, newsOf, type Opened } from "../../src/screens/news";
import { Warehouse } from "../flows/warehouse";

const one = (id: string, more: Partial<Written> = {}): Written => ({
  id, seq: 1, verb: "receive", actor: "liu", wall: 0, state: "settled", flags: [], reason: null, fresh: [], item: null,
  quantity: 1, from: null, to: null, document: null, reversed: false, ...more,
});

const site = (quantity = 2): Warehouse => new Warehouse().has("BIKE").paper("SO-1", "sales", [["BIKE", quantity]]);
const opened: Opened = { pick: { document: "SO-1", as: asAsked(site(), "SO-1") } };
const told = (operations: Written[], seen: string[] = [], view = site()) =>
  newsOf(operations, "liu", new Set(seen), opened, (flow) => (flow === "pick" ? "SO-1" : null), view);

describe("Home", () => {
  it("says nothing while nothing came", () => {
    expect(told([one("a"), one("b", { state: "device" })])).toEqual([]);
  });

  it("counts one's own records that have a flag, until they were seen or undone", () => {
    const odd = [one("a", { state: "flagged" }), one("b", { state: "parked" }), one("c", { state: "flagged", actor: "wang" })];
    expect(told(odd)).toEqual([{ kind: "flagged", n: 2, task: null }]);
    expect(told(odd, ["a", "b"])).toEqual([]);
    expect(told([one("a", { state: "flagged", reversed: true })])).toEqual([]);
  });

  it("puts a decision that was refused first", () => {
    expect(told([one("a", { state: "flagged" }), one("b", { state: "refused" })]).map(({ kind }) => kind)).toEqual(["refused", "flagged"]);
  });

  it("names the open task that the office changed, and no other", () => {
    expect(told([], [], site(5))).toEqual([{ kind: "changed", n: 1, task: { flow: "pick", document: "SO-1" } }]);
    expect(newsOf([], "liu", new Set(), opened, () => null, site(5))).toEqual([]);
  });

  it("does not take the worker's own progress for a change", () => {
    const view = site();
    const before = asAsked(view, "SO-1");
    view.write({
      did: { verb: "pick", key: { item: "BIKE" }, from: { location: "B-1" }, to: { location: "S" }, quantity: 1 },
      task: { document: "SO-1", line: 1 }, assumed: [], captures: [], consent: null,
    });
    expect(asAsked(view, "SO-1")).toBe(before);
    expect(asAsked(view, "SO-404")).toBe("gone");
  });
});

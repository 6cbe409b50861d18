/** What the server would answer to the desk and the bin card. */
import { fakeVariances } from "./fake-site.ts";

const HOUR = 3_600_000;
const NOW = Date.now();

function step(hours: number, verb: string, quantity: number, balance: number, counted: number | null = null, document = "WO-71702") {
  const at = NOW - hours * HOUR;
  return {
    seq: Math.round(1000 - hours * 10), operation: `o${hours}`, verb, actor: "1003", device: "PDA-03", at, lot: "K0817", quantity, balance,
    balance_key: balance, counted, document, recorded_at: at + (quantity === -12 ? 12 * 60_000 : 0), u: verb === "return" ? 25 * 60_000 : 900, trust: verb === "return" ? "low" : "high", key: "", other: "",
    t_from: at, t_to: at,
  };
}

function storyOf(operation: string) {
  const variance = fakeVariances.find((row) => row.operation === operation);
  return {
    variance, opening: 50, before: [step(2.9, "issue", -12, 38), step(1.4, "return", 2, 40)], after: [],
    quiet: [{ device: "d7", name: "PDA-07", seen_at: NOW - HOUR, complete_to: NOW - HOUR, unsent: 6 }],
  };
}

const card = {
  balance: 422, earlier: "x",
  steps: [
    step(168, "putaway", 324, 442, null, ""), step(96, "issue", -96, 346), step(72, "issue", -120, 226), step(48, "return", 6, 232),
    step(24, "count", -2, 230, 230), step(23, "putaway", 216, 446), step(1, "issue", -24, 422),
  ],
};

const review = (code: string, actions: string[], owner: string, missing: string | null, deadline: number): unknown => ({
  facts: [{ operation: "o1", verb: "pick", actor: "1001", device: "d5", at: NOW - HOUR, scans: [{ raw: "BE-2908" }, { raw: "06-B-10" }] }],
  readings: [`${code}.1`, `${code}.2`], missing, actions, default: actions[0], owner, deadline,
});

const odd = {
  next: null,
  reviews: {
    x1: review("NEGATIVE", ["count", "keep"], "worker", "covered", NOW + 20 * HOUR),
    x2: review("OVER_RECEIPT", ["keep", "reverse"], "supervisor", null, NOW - 6 * HOUR),
  },
  discrepancies: [
    { discrepancy: "x1", code: "NEGATIVE", severity: "R", operation: "o1", actor: "1001", document: null, place: "06-B-10", key: null, item: "BE-2908", at: NOW - HOUR, until: null, waits: null, detail: {}, state: "open", settled_by: null, opened_seq: 5 },
    { discrepancy: "x2", code: "OVER_RECEIPT", severity: "R", operation: "o2", actor: "1001", document: "PO-127", place: null, key: null, item: "PA-529S", at: NOW - 30 * HOUR, until: null, waits: null, detail: {}, state: "open", settled_by: null, opened_seq: 3 },
  ],
};

export function answerOf(path: string): unknown {
  if (path.startsWith("/api/bin-card")) return card;
  if (path.startsWith("/api/discrepancies")) return odd;
  return storyOf(path.split("/")[3] ?? "");
}

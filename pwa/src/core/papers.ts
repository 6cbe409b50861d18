/**
 * What operations do to the lines of papers: the twin of sync/papers.py and sync/counters.py.
 * A phone shows it before the server has seen the operation.
 */
import { isVirtual, placeText } from "./stock";
import { COUNTERS, type Body, type Counter, type Did, type Document, type Line } from "./types.gen";

export type Counters = Partial<Record<Counter, number>>;

/** A line as shown: `have` is what of its quantity is there, so that the rest is still asked for. */
export interface LineSeen extends Line {
  have: number;
}

export interface Paper {
  kind: Document["kind"];
  line: Pick<Line, "role" | "item" | "place">;
}

/** An image of before the counters leaves them out. */
const FRESH: Pick<Line, "role" | "rejected" | "returned" | "out"> = { role: "asked", rejected: 0, returned: 0, out: 0 };

export function asTold(line: Line): Line {
  return { ...FRESH, ...line };
}

/** The line with what this device did and the server has not seen. */
export function seen(kind: Document["kind"] | undefined, told: Line, more: Counters = {}): LineSeen {
  const line = { ...told };
  for (const [counter, amount] of Object.entries(more) as [Counter, number][]) line[counter] += amount;
  return { ...line, have: haveOf(kind, line) };
}

/** A purchase wants again what was rejected or went back; nothing else is asked for a second time. */
export function haveOf(kind: Document["kind"] | undefined, line: Line): number {
  return kind === "purchase" ? line.done - line.rejected - line.returned : line.done;
}

/** A work order is finished once what it makes is made; other papers once each line has enough. */
export function isFinished(kind: Document["kind"], lines: readonly LineSeen[]): boolean {
  const made = kind === "work" ? lines.filter((line) => line.role === "made") : lines;
  return made.length > 0 && made.every(isComplete);
}

export function isComplete(line: LineSeen): boolean {
  return line.state !== "open" || line.have >= Math.max(1, line.quantity);
}

/** Which counter of its line an operation moves, and by how much: null when it counts nowhere. */
export function counts(paper: Paper | undefined, did: Did, quantity: number): { counter: Counter; amount: number } | null {
  if (!paper || !goesWith(paper, did)) return null;
  const counter = COUNTERS[`${paper.kind} ${paper.line.role} ${wayOf(did)}`];
  return counter ? { counter, amount: did.verb === "count" ? 1 : quantity } : null;
}

function goesWith({ line }: Paper, did: Did): boolean {
  if (did.verb === "count") return placeText(did.place) === line.place;
  return "key" in did && did.key?.item === line.item && !isPassing(did);
}

/** Between two places that only balance the books nothing is done for a paper. */
function isPassing(did: Did): boolean {
  return "from" in did && "to" in did && !!did.from && isVirtual(placeText(did.from)) && isVirtual(placeText(did.to));
}

function wayOf(did: Did): string {
  switch (did.verb) {
    case "return": {
      const target = head(placeText(did.to));
      return target === "supplier" ? "return>supplier" : `return<${head(placeText(did.from))}`;
    }
    case "issue":
      return head(placeText(did.to)) === "scrap" ? "issue>scrap" : "issue";
    case "produce":
      return did.key.status === "reject" ? "produce>reject" : "produce";
    case "status":
      return `status>${did.to_status}`;
    default:
      return did.verb;
  }
}

function head(place: string): string {
  return place.split("/", 1)[0] ?? "";
}

/** The line of a paper that an operation names. */
export type Papers = (task: NonNullable<Body["task"]>) => Paper | undefined;

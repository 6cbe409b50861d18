/**
 * What came with a sync and nobody has looked at yet: a flag on one's own record, a decision that
 * was refused, a task that the office changed since it was opened. Home says it in a line.
 */
import type { View } from "../core/view.ts";
import type { Written } from "../engine.types.ts";
import type { FlowName } from "./router.ts";

export interface News {
  kind: "flagged" | "refused" | "changed";
  n: number;
  /** The task that was changed. */
  task: { flow: FlowName; document: string } | null;
}

/** The task of each flow as it stood when it was last opened. */
export type Opened = Partial<Record<FlowName, { document: string; as: string }>>;

const ODD = new Set(["flagged", "parked"]);

/** What the office can change of a task; what hands do in it is not in here. */
export function asAsked(view: View, code: string): string {
  const document = view.document(code);
  if (!document) return "gone";
  const isOrder = document.kind !== "count" && document.kind !== "move";
  const lines = view.lines(code).map((line) =>
    [line.line, line.item ?? "", line.place ?? "", ...(isOrder ? [line.quantity, line.state] : [])].join(":"),
  );
  return [document.state, ...lines.sort()].join("|");
}

export function newsOf(
  operations: readonly Written[], person: string, seen: ReadonlySet<string>, opened: Opened,
  leftOpen: (flow: FlowName) => string | null, view: View,
): News[] {
  const own = operations.filter((one) => one.actor === person && !one.reversed && !seen.has(one.id));
  const flagged = own.filter((one) => ODD.has(one.state)).length;
  const refused = own.filter((one) => one.state === "refused").length;
  const changed = (Object.entries(opened) as [FlowName, { document: string; as: string }][])
    .filter(([flow, { document, as }]) => leftOpen(flow) === document && asAsked(view, document) !== as)
    .map(([flow, { document }]): News => ({ kind: "changed", n: 1, task: { flow, document } }));
  return [
    ...(refused ? [{ kind: "refused" as const, n: refused, task: null }] : []),
    ...changed,
    ...(flagged ? [{ kind: "flagged" as const, n: flagged, task: null }] : []),
  ];
}

const SEEN = "bincard.seen";
const OPENED = "bincard.opened";
const SEEN_MAX = 600;

/** The browser's small store; where it is closed, nothing is remembered and the line stays. */
function read<T>(name: string, otherwise: T): T {
  try {
    return (JSON.parse(localStorage.getItem(name) ?? "null") as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Full or forbidden: it is only a mark.
  }
}

export const memory = {
  seen: (): ReadonlySet<string> => new Set(read<string[]>(SEEN, [])),
  /** They stood on a screen: the mark goes. */
  see(operations: readonly Written[]): void {
    const odd = operations.filter((one) => ODD.has(one.state) || one.state === "refused").map(({ id }) => id);
    const before = read<string[]>(SEEN, []);
    const fresh = odd.filter((id) => !before.includes(id));
    if (fresh.length) write(SEEN, [...before, ...fresh].slice(-SEEN_MAX));
  },
  opened: (): Opened => read<Opened>(OPENED, {}),
  open(flow: FlowName, document: string | null, view: View): void {
    const { [flow]: _before, ...rest } = read<Opened>(OPENED, {});
    write(OPENED, document === null ? rest : { ...rest, [flow]: { document, as: asAsked(view, document) } });
  },
};

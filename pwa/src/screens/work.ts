/** How much is open for the hands on the floor: the numbers on the doors of the work. */
import { isFinished } from "../core/papers.ts";
import type { View } from "../core/view.ts";
import type { Document } from "../core/types.gen.ts";
import type { FlowName } from "./router.ts";

export const KIND_OF: Partial<Record<FlowName, Document["kind"]>> = {
  receive: "purchase",
  pick: "sales",
  issue: "work",
  count: "count",
};

export const FLOW_OF: Record<Document["kind"], FlowName> = {
  purchase: "receive",
  sales: "pick",
  work: "issue",
  count: "count",
  move: "move",
};

export function openDocuments(view: View, kind: Document["kind"]): Document[] {
  const open = view.documents(kind).filter((document) => document.state === "open");
  if (kind !== "work") return open;
  return open.filter((document) => !isFinished(kind, view.lines(document.document)));
}

/** Things that stand on a dock and wait for their bin. */
export function waitingAtDocks(view: View): number {
  const docks = view.locations("dock");
  return docks.reduce((sum, dock) => sum + view.at(dock.location).filter((held) => held.quantity > 0).length, 0);
}

export function openWork(view: View, flow: FlowName): number {
  const kind = KIND_OF[flow];
  if (kind) return openDocuments(view, kind).length;
  return flow === "putaway" ? waitingAtDocks(view) : 0;
}

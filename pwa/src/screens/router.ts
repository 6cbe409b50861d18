/** Hash routes: `#/receive/PO-127`. A reload, a bookmark and a printed QR open the same screen. */
import type { Step } from "../core/flow.ts";

export const FLOWS = ["receive", "putaway", "pick", "issue", "count", "move"] as const;
export type FlowName = (typeof FLOWS)[number];

export type Route =
  | { screen: "home" | "outbox" | "hand-in" | "rescue" | "rescue-codes" }
  /** A code that was scanned and opens nothing by itself. */
  | { screen: "look-up"; code: string | null }
  | { screen: "sign-in"; badge: string | null }
  | { screen: "enrol"; code: string | null }
  | { screen: "flow"; flow: FlowName; document: string | null }
  | { screen: "item" | "bin" | "document" | "lot"; code: string; item: string | null }
  | { screen: "help"; page: string }
  | { screen: "desk"; tab: DeskTab; chosen: string | null };

export const DESK_TABS = ["variances", "discrepancies", "floor"] as const;
export type DeskTab = (typeof DESK_TABS)[number];

const isFlow = (name: string): name is FlowName => (FLOWS as readonly string[]).includes(name);

export function routeOf(hash: string): Route {
  const [screen = "", first = null, second = null] = partsOf(hash);
  if (isFlow(screen)) return { screen: "flow", flow: screen, document: first };
  switch (screen) {
    case "sign-in":
      return { screen, badge: first };
    case "outbox":
    case "hand-in":
    case "rescue":
    case "rescue-codes":
      return { screen };
    case "enrol":
    case "look-up":
      return { screen, code: first };
    case "item":
    case "bin":
    case "document":
    case "lot":
      return first === null ? { screen: "look-up", code: null } : { screen, code: first, item: second };
    case "help":
      return { screen, page: first ?? "home" };
    case "desk":
      return { screen, tab: DESK_TABS.find((tab) => tab === first) ?? "variances", chosen: second };
    default:
      return { screen: "home" };
  }
}

function partsOf(hash: string): string[] {
  return hash
    .replace(/^#?\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function href(...parts: (string | number | null | undefined)[]): string {
  const given = parts.filter((part) => part !== null && part !== undefined && part !== "");
  return "#/" + given.map((part) => encodeURIComponent(String(part))).join("/");
}

/** Where a flow sends the worker: another flow with its document, a bin, the sign-in. */
export function hrefOf(open: NonNullable<Step<unknown>["open"]>): string {
  return href(open.screen === "home" ? null : open.screen, open.code);
}

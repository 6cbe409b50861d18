/** Which component shows which route. The scanning screens load at once, the rest when opened. */
import type { Component } from "svelte";
import Count from "./flows/Count.svelte";
import Issue from "./flows/Issue.svelte";
import Move from "./flows/Move.svelte";
import Pick from "./flows/Pick.svelte";
import PutAway from "./flows/PutAway.svelte";
import Receive from "./flows/Receive.svelte";
import type { FlowName, Route } from "./router.ts";

type FlowScreen = Component<{ document: string | null }>;
export type Page = Component<{ route: Route }>;

export const screens: Record<FlowName, FlowScreen> = {
  receive: Receive,
  putaway: PutAway,
  pick: Pick,
  issue: Issue,
  count: Count,
  move: Move,
};

export type Lazy = Exclude<Route["screen"], "home" | "flow" | "enrol" | "sign-in">;

const pages: Record<Lazy, () => Promise<{ default: Page }>> = {
  "look-up": () => import("./LookUp.svelte"),
  item: () => import("./ItemPage.svelte"),
  lot: () => import("./ItemPage.svelte"),
  bin: () => import("./BinPage.svelte"),
  document: () => import("./DocumentPage.svelte"),
  outbox: () => import("./Outbox.svelte"),
  rescue: () => import("./Rescue.svelte"),
  "rescue-codes": () => import("./RescueCodes.svelte"),
  "hand-in": () => import("./HandIn.svelte"),
  help: () => import("./Help.svelte"),
  desk: () => import("./desk/Desk.svelte"),
};

export function lazy(screen: Lazy): Promise<{ default: Page }> {
  return pages[screen]();
}

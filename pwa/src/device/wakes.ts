/** The page itself: when it says that the network or the worker is back or gone, and a fresh one. */
import type { DeviceClock } from "./clock";

export function wakeWithThePage(wake: () => void, offline: () => void, clock: DeviceClock): void {
  addEventListener("online", wake);
  addEventListener("offline", offline);
  // Looked at before a sleep too: a step back must not hide in it.
  document.addEventListener("visibilitychange", () => clock.resume());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
}

/** What the page holds in memory is of the site before: a fresh one starts, at Home. */
export function startAgain(): void {
  if (typeof location === "undefined") return;
  history.replaceState(null, "", "#/");
  location.reload();
}

/** When the page itself says that the network or the worker is back, or gone. */
import type { DeviceClock } from "./clock";

export function wakeWithThePage(wake: () => void, offline: () => void, clock: DeviceClock): void {
  addEventListener("online", wake);
  addEventListener("offline", offline);
  // Looked at before a sleep too: a step back must not hide in it.
  document.addEventListener("visibilitychange", () => clock.resume());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
}

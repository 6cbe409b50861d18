/** What happens to the page: the network comes and goes, it sleeps and wakes up. */
export interface PageLife {
  wake(): void;
  offline(): void;
  /** Before a sleep and after it: a step of the clock must not hide in it. */
  turned(): void;
}

export function followPage({ wake, offline, turned }: PageLife): void {
  addEventListener("online", wake);
  addEventListener("offline", offline);
  document.addEventListener("visibilitychange", turned);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
}

/** Nobody touched the device for a while: it locks itself, and keeps the task. */
const IDLE_MS = 15 * 60_000;
const LOOK_EVERY_MS = 15_000;
const KEY = "bincard-touched";

/** Calls `lock` after a quarter of an hour without a hand on it, also one without a page. Returns the way to stop. */
export function watchIdle(lock: () => void): () => void {
  let touched = Date.now();
  const touch = (): void => void (touched = Date.now());
  const look = (): void => {
    // A clock that was set back is no idle time, and ends none.
    if (Date.now() - touched >= IDLE_MS) lock();
    keep(touched);
  };
  const before = kept();
  if (before !== null && Date.now() - before >= IDLE_MS) lock();
  const names = ["pointerdown", "keydown"] as const;
  for (const name of names) addEventListener(name, touch, { capture: true, passive: true });
  document.addEventListener("visibilitychange", look);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    for (const name of names) removeEventListener(name, touch, { capture: true });
  };
}

function keep(touched: number): void {
  try {
    localStorage.setItem(KEY, String(touched));
  } catch {
    // Then a page that is loaded anew begins to wait anew.
  }
}

function kept(): number | null {
  try {
    return Number(localStorage.getItem(KEY)) || null;
  } catch {
    return null;
  }
}

/** A new build waits until the worker agrees; then the page starts anew on it. */
export class Updates {
  ready = false;
  private waiting: ServiceWorker | null = null;
  private readonly changed: () => void;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  watch(): void {
    if (typeof navigator === "undefined" || !("serviceWorker" in navigator)) return;
    void navigator.serviceWorker.ready.then((registration) => {
      this.look(registration.waiting);
      registration.addEventListener("updatefound", () => {
        const { installing } = registration;
        installing?.addEventListener("statechange", () => {
          if (installing.state === "installed" && navigator.serviceWorker.controller) this.look(installing);
        });
      });
    });
  }

  apply(): void {
    if (!this.waiting) return;
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    this.waiting.postMessage("update");
  }

  private look(worker: ServiceWorker | null): void {
    if (!worker) return;
    this.waiting = worker;
    this.ready = true;
    this.changed();
  }
}

/** Makes the engine's changes visible to the screens: whoever reads `live` is worked out again. */
import type { Engine, Status } from "../engine.types.ts";
import type { View } from "../core/view.ts";

const TICK_MS = 10_000;

export class Live {
  #engine: Engine;
  #version = $state(0);
  /** Device time for ages on the screen; exact enough to say minutes. */
  now = $state(0);

  constructor(engine: Engine) {
    this.#engine = engine;
    this.now = engine.now();
  }

  /** Begins to follow the engine; returns the way to stop. */
  follow(): () => void {
    const stop = this.#engine.subscribe(() => {
      this.now = this.#engine.now();
      this.#version += 1;
    });
    const timer = setInterval(() => (this.now = this.#engine.now()), TICK_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }

  get version(): number {
    return this.#version;
  }

  get status(): Status {
    void this.#version;
    return { ...this.#engine.status };
  }

  get view(): View {
    void this.#version;
    return fresh(this.#engine.view);
  }

  get engine(): Engine {
    void this.#version;
    return this.#engine;
  }
}

/** The engine keeps one view for ever; another object tells the screens that it has changed. */
function fresh(view: View): View {
  return {
    site: view.site,
    item: (code) => view.item(code),
    location: (code) => view.location(code),
    partner: (code) => view.partner(code),
    person: (code) => view.person(code),
    device: (code) => view.device(code),
    document: (code) => view.document(code),
    documents: (kind) => view.documents(kind),
    lines: (document) => view.lines(document),
    at: (place) => view.at(place),
    of: (item) => view.of(item),
    holding: (place, key) => view.holding(place, key),
    ranked: (item) => view.ranked(item),
    lots: (item, code) => view.lots(item, code),
    search: (text, limit) => view.search(text, limit),
    variances: (state) => view.variances(state),
    locations: (kind) => view.locations(kind),
  };
}

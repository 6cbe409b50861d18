/** Scans that an open task still holds: they wait for its next step, nobody has to ask about them. */
import type { Capture } from "../core/flow.ts";
import type { Engine } from "../engine.types.ts";
import { FLOWS } from "./router.ts";

function idsIn(state: unknown): number[] {
  if (state === null || typeof state !== "object") return [];
  return Object.entries(state).flatMap(([name, value]) => {
    if (name === "captures" && Array.isArray(value)) return value as number[];
    if (name !== "capture") return idsIn(value);
    return Array.isArray(value) ? (value as number[]) : [(value as Capture).id];
  });
}

/** What was scanned and belongs to nothing. */
export function forgotten(engine: Engine): Capture[] {
  const held = new Set(FLOWS.flatMap((flow) => idsIn(engine.flow(flow))));
  return engine.unconsumed().filter((capture) => !held.has(capture.id));
}

/** Who may undo what: one's own work of this shift; what is older is the supervisor's. */
import type { Status, Written } from "../engine.types.ts";

const REVERSIBLE = new Set([
  "receive", "putaway", "move", "pick", "ship", "issue", "produce", "return", "status", "count", "adjust", "short",
]);
const SHIFT_MS = 12 * 3_600_000;

export function mayUndo(one: Written, person: Status["person"], now: number): boolean {
  if (!person || one.reversed || !REVERSIBLE.has(one.verb) || one.state === "parked") return false;
  return person.role === "supervisor" || (one.actor === person.person && now - one.wall < SHIFT_MS);
}

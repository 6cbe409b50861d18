/** What people are told of an error: sentences as they are, what only we understand behind one. */
import { NotRecorded } from "../engine.types.ts";
import { t } from "../words/index.ts";

export function notDone(error: unknown): string {
  // The cause is the browser's; without one the message is a sentence for the worker.
  if (error instanceof NotRecorded) return error.cause === undefined ? error.message : t("lost.why");
  return t("error.unknown", { detail: error instanceof Error ? error.message : String(error) });
}

/** Saves everything that no server has as a file of the browser. */
import type { Engine } from "../engine.types.ts";

export async function saveRescue(engine: Engine): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await engine.rescue.file());
  link.download = `bincard-${new Date(engine.now()).toISOString().slice(0, 16).replace(/[:T]/g, "-")}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

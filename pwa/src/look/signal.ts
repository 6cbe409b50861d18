/** The four grounds a screen can shout on, and which of them a flow's signal takes. */
import type { Signal } from "../core/flow.ts";

export type Ground = "done" | "look" | "wrong" | "lost";

export function groundOf(signal: Signal): Exclude<Ground, "lost"> {
  switch (signal) {
    case "tick":
    case "done":
    case "complete":
      return "done";
    case "look":
      return "look";
    case "wrong":
      return "wrong";
  }
}

/** Where a scan leads when no task is open: every known code opens its thing. */
import type { Meaning } from "../core/meaning.ts";
import type { View } from "../core/view.ts";
import { href } from "./router.ts";
import { FLOW_OF } from "./work.ts";

/** What is undone later is found in the outbox; done and its like lead to the next work. */
function commandHref(command: Extract<Meaning, { kind: "command" }>["command"]): string {
  if (command === "HELP") return href("help", "home");
  return command === "UNDO" ? href("outbox") : href();
}

/** A code as a person can read it: separators and their like are blanks. */
export function shownOf(raw: string): string {
  return raw.replace(/\p{Cc}+/gu, " ").trim();
}

export function meaningHref(meaning: Meaning, view: View): string | null {
  switch (meaning.kind) {
    case "item":
      return href("item", meaning.item);
    case "location":
      return href("bin", meaning.location);
    case "lot": {
      const [only, ...others] = meaning.candidates;
      if (!only) return null;
      const isOne = others.every(({ item }) => item === only.item);
      return isOne ? href("item", only.item) : href("lot", only.lot.code);
    }
    case "document": {
      const document = view.document(meaning.document);
      if (!document) return null;
      return document.state === "open"
        ? href(FLOW_OF[document.kind], document.document)
        : href("document", document.document);
    }
    case "container":
      return href("bin", `container/${meaning.container}`);
    case "badge":
      return href("sign-in", meaning.badge);
    case "enrol":
      return href("enrol", meaning.code);
    case "command":
      return commandHref(meaning.command);
    case "either": {
      const [first, ...others] = meaning.meanings.map((meant) => meaningHref(meant, view));
      return first && others.every((other) => other === first) ? first : null;
    }
    case "partner":
    case "unknown":
      return null;
  }
}

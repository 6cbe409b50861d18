/**
 * A scan that can mean several things: it waits until the worker says which (G3). A tap, or DONE
 * for the first of the list; SKIP brings the next one to the top; the bare lot on another label
 * answers too. Nothing else but a change of mind gets past it.
 */
import type { Capture, Input } from "../flow";
import type { Meaning } from "../meaning";

export interface Doubt {
  capture: Capture;
  /** The likeliest first. */
  meanings: Meaning[];
}

/** Whether the readings are of one label, whose separators are missing. */
export function isLabel(doubt: Doubt): boolean {
  return doubt.meanings.every((meant) => "said" in meant && Object.keys(meant.said).length > 0);
}

/** A lot or a serial was asked for, and the code is it whole, or behind an identifier that begins it. */
export function readTwice(capture: Capture, field: "lot" | "serial", whole: string, part: string): Doubt {
  return { capture, meanings: [whole, part].map((text) => ({ kind: "unknown", raw: whole, said: { [field]: text } })) };
}

/**
 * What an input makes of a doubt: the meaning that it chose, the doubt in another order, or
 * "left" where the worker wants something else.
 */
export function answerTo(doubt: Doubt, input: Input): Meaning | Doubt | "left" {
  const [first, ...others] = doubt.meanings;
  switch (input.kind) {
    case "reading":
      return doubt.meanings[input.n] ?? doubt;
    case "scan":
      return doubt.meanings.find((meant) => isNamedBy(meant, input)) ?? "left";
    case "key":
      if (input.key === "cancel" || input.key === "undo") return "left";
      if (input.key === "skip" && first) return { ...doubt, meanings: [...others, first] };
      return (input.key === "done" || input.key === "confirm") && first ? first : doubt;
    default:
      return doubt;
  }
}

function isNamedBy(meant: Meaning, { capture, meaning }: Extract<Input, { kind: "scan" }>): boolean {
  if (!("said" in meant) || meant.said.lot === undefined) return false;
  const lot = meaning.kind === "lot" ? meaning.candidates[0]?.lot.code : capture.raw.trim();
  return lot === meant.said.lot;
}

/**
 * When a code in view is a scan: not before enough frames agree, once for each time that it comes
 * into view, and never in silence when it may have been meant again.
 */
import type { Aimed } from "./aim.ts";
import { LADDER } from "./passes.ts";

export interface Sightings {
  /** How many frames said this lately, and when the last of them did, in milliseconds. */
  said: ReadonlyMap<string, { frames: number; at: number }>;
  /** What was taken, when and in which frame it was seen last; `others` came between. */
  taken: ReadonlyMap<string, { at: number; frame: number; others: boolean }>;
  /** How many frames there were. */
  frame: number;
}

export const NOTHING_SEEN: Sightings = { said: new Map(), taken: new Map(), frame: 0 };

/** Frames that are further apart do not agree: the hand has moved on. */
const AGREE_MS = 1_500;
/** Lost for so long a code was only hard to read; it has not left. */
const STILL_MS = 1_000;
/** Back so soon it may be the same label, or the next one like it: nobody but the worker knows. */
const DOUBTFUL_MS = 2_500;
/** On a slow device, too: before each step of the ladder was tried nobody knows that it has left. */
const STILL_FRAMES = LADDER.length;
const DOUBTFUL_FRAMES = 2 * LADDER.length;

export interface Looked {
  sightings: Sightings;
  /** "read" is a scan; "again" is the same label, left out, which must be said. */
  verdict: "read" | "again" | null;
}

/** One frame; `isKnown` asks the master data, which makes up for a second frame. */
export function look(sightings: Sightings, at: number, aimed: Aimed | null, isKnown: (text: string) => boolean): Looked {
  const frame = sightings.frame + 1;
  if (!aimed) return { sightings: { ...sightings, frame }, verdict: null };
  const { text, isSure } = aimed.seen;
  const before = sightings.said.get(text);
  const frames = before && at - before.at <= AGREE_MS ? before.frames + 1 : 1;
  const said = new Map([...sightings.said].filter(([, one]) => at - one.at <= AGREE_MS)).set(text, { frames, at });
  const last = sightings.taken.get(text);
  const within = (ms: number, frames: number): boolean =>
    last !== undefined && (at - last.at <= ms || (!last.others && frame - last.frame <= frames));
  // What is taken already is in view: no need to believe it anew.
  const isStill = within(STILL_MS, STILL_FRAMES);
  const needed = (isSure || isKnown(text) ? 1 : 2) + (aimed.isCentred ? 0 : 1);
  if (!isStill && frames < needed) return { sightings: { ...sightings, said, frame }, verdict: null };
  const isDoubtful = last?.others === false && within(DOUBTFUL_MS, DOUBTFUL_FRAMES);
  const taken = new Map([...sightings.taken].map(([other, one]) => [other, other === text ? one : { ...one, others: true }]));
  taken.set(text, { at, frame, others: false });
  return { sightings: { said, taken, frame }, verdict: isStill ? null : isDoubtful ? "again" : "read" };
}

/**
 * How a frame is looked at: a fast pass over every one, and over one that it finds nothing in a
 * step of the ladder, never the whole of it. What helped once is tried first in the next frames.
 */
import { doubled, middle, type Changed, type Picture, squashed, turned } from "./picture.ts";

export interface Pass {
  name: string;
  /** Every line, both directions, smaller too. */
  isHard: boolean;
  /** Only bars can be read in what is left of the picture. */
  isOfBars: boolean;
  /** The picture was sharpened: what is read in it needs another frame that agrees. */
  isGuess: boolean;
  change(picture: Picture): Changed;
}

const as = (picture: Picture): Changed => ({ picture, back: (point) => point });

export const FAST: Pass = { name: "fast", isHard: false, isOfBars: false, isGuess: false, change: as };
const HARD: Pass = { name: "hard", isHard: true, isOfBars: false, isGuess: false, change: as };
const EVEN: Pass = { name: "even", isHard: true, isOfBars: true, isGuess: false, change: (picture) => squashed(picture, 6, 0) };
const SHARP: Pass = { name: "sharp", isHard: true, isOfBars: true, isGuess: true, change: (picture) => squashed(picture, 6, 2) };
const SHARPER: Pass = { ...SHARP, name: "sharper", change: (picture) => squashed(picture, 6, 3) };
const DOUBLE: Pass = {
  name: "double", isHard: false, isOfBars: false, isGuess: false,
  change: (picture) => after(middle(picture, 0.5), doubled),
};

const tilted = (degrees: number): Pass => ({
  name: `turned ${degrees}`, isHard: true, isOfBars: true, isGuess: true,
  change: (picture) => after(turned(picture, degrees), (upright) => squashed(upright, 4, 1.5, 2)),
});

/** One change upon another. */
function after(first: Changed, next: (picture: Picture) => Changed): Changed {
  const second = next(first.picture);
  return { picture: second.picture, back: (point) => first.back(second.back(point)) };
}

/** The hard look comes every third time: it sees most, and takes longest. */
export const LADDER: readonly Pass[] = [
  HARD, EVEN, SHARP, HARD, SHARPER, tilted(22.5), HARD, tilted(-22.5), tilted(45), HARD, tilted(-45), DOUBLE,
  HARD, tilted(67.5), tilted(-67.5), HARD, tilted(90),
];

/** So many frames long a step that helped is tried first. */
const HELPED_FRAMES = 6;

export interface Climb {
  step: number;
  /** The step that found something lately, and how many frames ago. */
  helped: { pass: Pass; ago: number } | null;
}

export const BELOW: Climb = { step: 0, helped: null };

/** What is tried at this frame, one after the other until something is found. */
export function passesOf({ step, helped }: Climb): Pass[] {
  return [FAST, helped ? helped.pass : LADDER[step % LADDER.length]!];
}

/** Where the ladder stands after a frame in which this pass found something, or none did. */
export function climbed({ step, helped }: Climb, found: Pass | null): Climb {
  if (found === FAST) return { step, helped };
  if (found) return { step, helped: { pass: found, ago: 0 } };
  if (helped && helped.ago < HELPED_FRAMES) return { step, helped: { ...helped, ago: helped.ago + 1 } };
  return { step: helped ? step : step + 1, helped: null };
}

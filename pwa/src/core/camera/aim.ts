/**
 * Which code of a frame is meant: the one under the middle of the aiming box, whatever else is in
 * view. All in pixels of the part of the picture that is read, whose middle is the box's.
 */
import type { Point } from "./picture.ts";

/** One code in one frame. */
export interface Seen {
  text: string;
  /** The symbology identifier, such as `]C1`. */
  symbology: string;
  /** One frame is enough to believe it. */
  isSure: boolean;
  corners: readonly Point[];
}

export interface Aimed {
  seen: Seen;
  /** The middle of the box lies on it, or close beside it. */
  isCentred: boolean;
}

interface Size {
  width: number;
  height: number;
}

interface Box extends Size {
  x: number;
  y: number;
}

/** Around the box, of its own size: a code may reach beyond the corners. */
const MARGIN = 0.3;
/** More pixels across only take time. */
const WIDTH_MAX = 1_280;
/** Of the height of what is read. */
const NEAR = 0.12;
const CLEARLY = 0.12;

/**
 * The part of the video that is read, when it fills the viewfinder and `box` lies in that; `scale`
 * is how much smaller it is read.
 */
export function partOf(video: Size, finder: Size, box: Box): Box & { scale: number } {
  const zoom = Math.max(finder.width / video.width, finder.height / video.height);
  const [left, top] = [(video.width - finder.width / zoom) / 2, (video.height - finder.height / zoom) / 2];
  const [across, down] = [(box.width * MARGIN) / 2, (box.height * MARGIN) / 2];
  const x = Math.max(0, Math.round(left + (box.x - across) / zoom));
  const y = Math.max(0, Math.round(top + (box.y - down) / zoom));
  const width = Math.min(video.width - x, Math.round((box.width + 2 * across) / zoom));
  const height = Math.min(video.height - y, Math.round((box.height + 2 * down) / zoom));
  return { x, y, width, height, scale: Math.min(1, WIDTH_MAX / width) };
}

/** The code that is aimed at; null when two lie so alike that nobody can say which one is meant. */
export function aimed(seen: readonly Seen[], { width, height }: Size): Aimed | null {
  const centre = { x: width / 2, y: height / 2 };
  const byDistance = seen
    .map((one) => ({ one, away: distance(centre, one.corners) / height }))
    .sort((a, b) => a.away - b.away);
  const [nearest] = byDistance;
  if (!nearest) return null;
  const next = byDistance.find(({ one }) => one.text !== nearest.one.text);
  const isCentred = nearest.away <= NEAR;
  if (next && next.away - nearest.away < (isCentred ? CLEARLY / 2 : CLEARLY)) return null;
  return { seen: nearest.one, isCentred };
}

/** From a point to a shape without dents; 0 inside. */
function distance(point: Point, corners: readonly Point[]): number {
  const edges = corners.map((from, i) => [from, corners[(i + 1) % corners.length]!] as const);
  const sides = edges.map(([from, to]) => (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x));
  const isInside = sides.every((side) => side > 0) || sides.every((side) => side < 0);
  return isInside ? 0 : Math.min(...edges.map(([from, to]) => fromEdge(point, from, to)));
}

function fromEdge(point: Point, from: Point, to: Point): number {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const length = across * across + down * down;
  const along = length ? ((point.x - from.x) * across + (point.y - from.y) * down) / length : 0;
  const on = Math.min(1, Math.max(0, along));
  return Math.hypot(point.x - from.x - on * across, point.y - from.y - on * down);
}

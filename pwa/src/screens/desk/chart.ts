/** Lays a variance out in time: pure geometry, so that the picture can be tested without a page. */
import type { Story } from "./review.ts";

const HOUR = 3_600_000;
const MARKS_MAX = 6;
const HOURS = [0.25, 0.5, 1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 720];

export interface Scale {
  from: number;
  to: number;
  low: number;
  high: number;
}

/** Stock that began with its first line: the empty time before would press the picture flat. */
const isNew = (story: Story): boolean => story.opening === 0 && story.before.length > 0;

export function scaleOf(story: Story, watermark: number | null): Scale {
  const { variance, before, opening } = story;
  const first = before[0]?.at ?? variance.at - 2 * HOUR;
  const last = Math.max(variance.at, watermark ?? 0, variance.last);
  const pad = Math.max((variance.at - first) * 0.12, HOUR / 4);
  const levels = [...(isNew(story) ? [] : [opening]), variance.expected, variance.counted, ...before.map((step) => step.balance_key)];
  const low = Math.min(...levels);
  const high = Math.max(...levels);
  const room = Math.max(1, Math.ceil((high - low) * 0.2));
  return {
    from: first - pad,
    // A watermark of today must not press a count of last week into a corner.
    to: Math.min(last, variance.at + (variance.at - first) + HOUR) + pad * 2,
    low: Math.max(0, low - room) > 0 || low < 0 ? low - room : 0,
    high: high + room,
  };
}

/** Round steps for the quantity axis: 1, 2 or 5 times a power of ten. */
export function levels({ low, high }: Scale): number[] {
  const rough = Math.max(1, (high - low) / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** Round hours (or days) for the time axis. */
export function moments({ from, to }: Scale): number[] {
  const span = HOURS.find((hours) => (to - from) / (hours * HOUR) <= MARKS_MAX) ?? 720;
  const step = span * HOUR;
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - zone) / step) * step + zone;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => first + index * step);
}

/** The step line of what was expected, from the opening to the right edge. */
export function expectedPath(story: Story, x: (at: number) => number, y: (quantity: number) => number, from: number, to: number): string {
  const inside = story.before.filter((step) => step.at <= to);
  const steps = inside.map((step) => `H${x(step.at)}V${y(step.balance_key)}`).join("");
  const first = isNew(story) ? story.before[0] : undefined;
  const start = first ? `M${x(first.at)} ${y(first.balance_key)}` : `M${x(from)} ${y(story.opening)}`;
  return `${start}${steps}H${x(to)}`;
}

/** Who the watermark waits for; see server/people/floor.py. */
export interface DeviceSeen {
  device: string;
  name: string;
  seen_at: number;
  unsent: number;
  complete_to: number | null;
  out: "revoked" | "off_floor" | "handed_in" | "silent" | "never_heard" | null;
  out_since: number | null;
}

export interface Floor {
  watermark: number;
  devices: DeviceSeen[];
}

/** Others are a moment behind as well; this one keeps decisions waiting. */
const BEHIND_MS = 5 * 60_000;

/** Those that are waited for first, the one that is furthest behind at the top. */
export function byWaiting(devices: readonly DeviceSeen[]): DeviceSeen[] {
  const order = (row: DeviceSeen): number => (row.out === null ? (row.complete_to ?? 0) : Number.MAX_SAFE_INTEGER);
  return [...devices].sort((one, other) => order(one) - order(other) || other.seen_at - one.seen_at || (one.name < other.name ? -1 : 1));
}

export function holdsBack(row: DeviceSeen, { devices }: Floor): boolean {
  const ends = devices.flatMap(({ out, complete_to }) => (out === null ? [complete_to ?? 0] : []));
  const own = row.complete_to ?? 0;
  return row.out === null && own === Math.min(...ends) && Math.max(...ends) - own > BEHIND_MS;
}

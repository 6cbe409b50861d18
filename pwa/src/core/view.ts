/**
 * What a flow can see of the site: the shown state, that is the replica at its cursor
 * plus the fold of the operations that the server has not acknowledged yet.
 * Everything is in memory and answers at once; nothing here waits for a network or a disk.
 */
import type { LineSeen } from "./papers";
import type { Device, Document, Item, Location, Lot, Partner, Person, Site, Variance } from "./types.gen";

/** One holding as shown: `quantity` in base units, `fifo_at` of its lot in ms (0 when unknown). */
export interface Shown {
  place: string;
  key: string;
  item: string;
  lot: Lot | null;
  status: string;
  owner: string | null;
  serial: string | null;
  quantity: number;
  fifo_at: number;
  expires: string | null;
  blocked: boolean;
}

/** One lot at one place that may be issued now, oldest first; rank 1 is the one to take. */
export interface Ranked extends Shown {
  rank: number;
}

export interface View {
  readonly site: Site;
  item(code: string): Item | undefined;
  location(code: string): Location | undefined;
  partner(code: string): Partner | undefined;
  person(code: string): Person | undefined;
  device(code: string): Device | undefined;
  document(code: string): Document | undefined;
  documents(kind: Document["kind"]): Document[];
  /** Lines in line order; their counters include what this device did and the server has not seen. */
  lines(document: string): LineSeen[];
  /** Holdings of a place that are not zero. */
  at(place: string): Shown[];
  /** Holdings of an item at places that can be counted, not zero. */
  of(item: string): Shown[];
  holding(place: string, key: string): number;
  /** Pickable lots of an item, first in first out (expiry first when the item is dated). */
  ranked(item: string): Ranked[];
  /** Lots of an item with this code (siblings differ by expiry or supplier). */
  lots(item: string, code: string): Lot[];
  /** Items whose code, alias or name begins with or contains the text; at most `limit`. */
  search(text: string, limit: number): Item[];
  /** Open count variances, for the desk. */
  variances(state: Variance["state"]): Variance[];
  locations(kind?: Location["kind"]): Location[];
}

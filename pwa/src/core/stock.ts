/** The one text of a key and of a place: the twin of sync/stock.py. */
import { VIRTUAL, type Key, type Place, type Status } from "./types.gen";

/** `["BE-2908",["K0902",null,null],null,"ok",null]` */
export function keyText(key: Key): string {
  const { lot } = key;
  const lotText = lot ? [lot.code, lot.expires ?? null, lot.supplier ?? null] : null;
  return JSON.stringify([key.item, lotText, key.serial ?? null, key.status ?? "ok", key.owner ?? null]);
}

type KeyRow = [string, [string, string | null, string | null] | null, string | null, Status, string | null];

/** The key behind a text that the server or `keyText` made. */
export function keyOf(text: string): Required<Key> {
  const [item, lot, serial, status, owner] = JSON.parse(text) as KeyRow;
  return {
    item,
    lot: lot && { code: lot[0], expires: lot[1], supplier: lot[2] },
    serial,
    status,
    owner,
  };
}

/** The item of a key's text: what stands first in it, nearly always without a mark to be undone. */
export function itemOf(text: string): string {
  const item = text.slice(2, text.indexOf('"', 2));
  return item.includes("\\") ? keyOf(text).item : item;
}

export function placeText(place: Place): string {
  if (place.container != null) return `container/${place.container}`;
  if (place.code != null) return `unidentified/${place.code}`;
  return place.location ?? "";
}

/** Whether a place only balances the books: `supplier/1580`, `count`. */
export function isVirtual(place: string): boolean {
  return VIRTUAL.includes(place.split("/", 1)[0] ?? "");
}

/** What the quantity keys need to know of the goods in hand. */
import type { View } from "../../core/view.ts";
import { goodsName } from "../../words/index.ts";
import type { Asked } from "../entries/QuantityEntry.svelte";

export function askedOf(
  view: View,
  goods: { item: string; lot?: string | null } | null | undefined,
  about: string,
  detail = "",
  zero = false,
): Asked | null {
  if (!goods) return null;
  const item = view.item(goods.item);
  const base = { code: item?.unit ?? "EA", factor: 1 };
  const packs = (item?.units ?? []).filter((unit) => unit.factor > 1).slice(0, 2);
  return {
    item: goods.lot ? `${goods.item} · ${goods.lot}` : goods.item,
    name: goodsName(item, goods.item),
    detail,
    about,
    base,
    packs: [...packs, base],
    zero,
  };
}

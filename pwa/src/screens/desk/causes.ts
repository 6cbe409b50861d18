/** Why a count may differ: what the figures themselves point at, the strongest first. */
import type { Unit, Variance } from "../../core/types.gen.ts";
import { keyOf } from "../../core/stock.ts";
import type { Values } from "../../core/flow.ts";
import { differenceOf, isAbsence, type Quiet } from "./review.ts";

export interface Cause {
  name: "unsent" | "quiet" | "pack" | "packs" | "swap" | "digits";
  /** One to five: how much it would explain. */
  strength: 1 | 2 | 3 | 4 | 5;
  values: Values;
  /** Where the missing lines may be: the chart marks it. */
  at: number | null;
}

const CAUSES_MAX = 3;

export function causesOf(variance: Variance, quiet: readonly Quiet[], units: readonly Unit[], others: readonly Variance[]): Cause[] {
  const found = [...unheard(quiet), ...packs(variance, units), ...swaps(variance, others), ...digits(variance)];
  return found.sort((one, other) => other.strength - one.strength).slice(0, CAUSES_MAX);
}

function unheard(quiet: readonly Quiet[]): Cause[] {
  return quiet.map((device) => ({
    name: device.unsent > 0 ? ("unsent" as const) : ("quiet" as const),
    strength: device.unsent > 0 ? 4 : 1,
    values: { device: device.name || device.device, n: device.unsent, seen_at: device.complete_to },
    at: device.complete_to,
  }));
}

function packs(variance: Variance, units: readonly Unit[]): Cause[] {
  const difference = Math.abs(differenceOf(variance));
  return units
    .filter((unit) => unit.factor > 1 && difference > 0 && difference % unit.factor === 0)
    .map((unit) => {
      const k = difference / unit.factor;
      const values = { unit: unit.code, n: unit.factor, k, d: difference };
      return k === 1 ? { name: "pack", strength: 3, values, at: null } : { name: "packs", strength: 1, values, at: null };
    });
}

/** Another lot of the item in the same bin has what this one lacks. */
function swaps(variance: Variance, others: readonly Variance[]): Cause[] {
  const lot = (row: Variance): string => keyOf(row.key).lot?.code ?? "";
  return others
    .filter((row) => row.place === variance.place && row.item === variance.item && row.key !== variance.key)
    .filter((row) => differenceOf(row) === -differenceOf(variance))
    .map((row) => ({ name: "swap", strength: 4, values: { lot: lot(row) }, at: null }));
}

function digits(variance: Variance): Cause[] {
  // Nobody has written a figure for what was not found.
  if (isAbsence(variance)) return [];
  const { counted, expected } = variance;
  const sorted = (value: number): string => [...String(value)].sort().join("");
  if (counted === expected || counted < 10 || sorted(counted) !== sorted(expected)) return [];
  return [{ name: "digits", strength: 3, values: { counted, expected }, at: null }];
}

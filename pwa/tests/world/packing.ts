/** Bytes and columns inside JSON: `{"$": "Float64Array", "of": [1, 2]}`. */
const KINDS = { Int32Array, Float64Array, Uint8Array } as const;
type Kind = keyof typeof KINDS;

export function packed(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return { $: "ArrayBuffer", of: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value)) return { $: value.constructor.name, of: [...(value as Uint8Array)] };
  if (Array.isArray(value)) return value.map(packed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, packed(part)]));
}

export function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  const { $: kind, of } = value as { $?: string; of?: number[] };
  if (kind === "ArrayBuffer") return Uint8Array.from(of ?? []).buffer;
  if (kind !== undefined) return KINDS[kind as Kind].from(of ?? []);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpacked(part)]));
}

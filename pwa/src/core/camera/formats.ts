/** Which symbologies are looked for. Each one more takes time, and may be seen where none is. */

/** What labels of goods, bins and papers carry. */
const ORDINARY = ["Code128", "EAN13", "EAN8", "UPCA", "UPCE", "QRCode", "DataMatrix"] as const;
/** Short of checks: only where they are in use, and then the ITF of fourteen digits alone. */
export const ON_REQUEST = ["Code39", "ITF14"] as const;

export type Format = (typeof ORDINARY)[number] | (typeof ON_REQUEST)[number];

const MATRIX: readonly Format[] = ["QRCode", "DataMatrix"];
/** A checksum over all of it, and bars whose widths are checked in each character. */
const STRONG: readonly string[] = ["Code128", ...MATRIX];

export function formatsOf(requested: readonly string[]): Format[] {
  return [...ORDINARY, ...ON_REQUEST.filter((format) => requested.includes(format))];
}

export const barsOf = (formats: readonly Format[]): Format[] => formats.filter((format) => !MATRIX.includes(format));

/** One frame is enough to believe it, if it was read as it came. */
export const isStrong = (format: string): boolean => STRONG.includes(format);
export const isMatrix = (format: string): boolean => MATRIX.includes(format as Format);

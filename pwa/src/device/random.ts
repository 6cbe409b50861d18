/** Dice of the device: what names and ids are made of. */
export function random(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** The name of a storage incarnation: 32 lower-case hex digits. */
export function newReplica(): string {
  return [...random(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

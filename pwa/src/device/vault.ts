/**
 * Keeps the device's token, the session and what PINs are checked by encrypted under a key that no
 * script can take out of the browser. That is all: Chromium writes such keys to the profile in the
 * clear, so who copies the profile directory has them too. What must not be lost with a device is
 * not kept on it (docs/security.md).
 */
import type { Store } from "../store/store";

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

/** What enrolment gave. */
export interface Enrolment {
  device: string;
  name: string;
  site: string;
  token: Sealed;
}

export class Vault {
  private readonly store: Store;
  private key: Promise<CryptoKey> | null = null;

  constructor(store: Store) {
    this.store = store;
  }

  async seal(text: string): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await this.ready(), bytes(text));
    return { iv, data };
  }

  async open({ iv, data }: Sealed): Promise<string> {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await this.ready(), data);
    return new TextDecoder().decode(plain);
  }

  private ready(): Promise<CryptoKey> {
    this.key ??= this.loadOrMake().catch((error: unknown) => {
      // What failed once must not be what is remembered.
      this.key = null;
      throw error;
    });
    return this.key;
  }

  private async loadOrMake(): Promise<CryptoKey> {
    const kept = await this.store.meta<CryptoKey>("vault");
    if (kept) return kept;
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await this.store.setMeta("vault", key);
    return key;
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

const ITERATIONS = 600_000;

/** What a PIN is checked by on this device alone: `secret` is the server's, and no other device's. */
export async function verifierOf(pin: string, secret: string, iterations = ITERATIONS): Promise<string> {
  const derived = await derive(pin, bytes(secret), iterations, 256);
  return `pbkdf2-sha256$${iterations}$${toBase64(bytes(secret))}$${toBase64(derived)}`;
}

/** Checks a PIN against `pbkdf2-sha256$<iterations>$<salt>$<hash>`, without a network. */
export async function pinIsRight(verifier: string, pin: string): Promise<boolean> {
  const [scheme, iterations, salt = "", hash = ""] = verifier.split("$");
  if (scheme !== "pbkdf2-sha256" || !hash) return false;
  const wanted = base64(hash);
  const derived = await derive(pin, base64(salt), Number(iterations), wanted.length * 8);
  return derived.reduce((difference, byte, i) => difference | (byte ^ (wanted[i] ?? 0)), 0) === 0;
}

async function derive(pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number, bits: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", bytes(pin), "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, bits));
}

function toBase64(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data));
}

function base64(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

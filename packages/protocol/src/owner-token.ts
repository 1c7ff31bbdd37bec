import { encodeBase64url } from './encoding/base64url.ts';
import { toHex } from './encoding/hex.ts';
import { sha256 } from './encoding/sha256.ts';

/** A fresh owner token: 32 random bytes in base64url, 43 characters (wire.md §1). It is a secret. */
export function createOwnerToken(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Whether a text is an owner token: exactly 32 bytes in base64url, in the one spelling they have. */
export function isOwnerToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}

/** The owner that a token stands for: SHA-256 of its 43 characters, in hex. */
export async function ownerIdOf(token: string): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(token)));
}

import type { Bytes } from './bytes.ts';

const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Makes a fresh P-256 key pair: the kind of every key in the format. */
export async function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(p256, true, ['sign', 'verify']);
}

/** Imports a private JWK together with its public half. */
export async function importKeys(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const { d: _, ...publicJwk } = jwk;
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, p256, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', publicJwk, p256, true, ['verify']),
  };
}

/** The public key as X ‖ Y, 64 bytes. */
export async function publicPoint(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key)).slice(1);
}

/** ECDSA with SHA-256 as r ‖ s, 64 bytes. */
export async function sign(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes));
}

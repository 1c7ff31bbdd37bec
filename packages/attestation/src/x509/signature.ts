import type { Bytes } from '../encoding/byte-reader.ts';
import { DerReader } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';

/**
 * The kinds of key that vendors sign with. A kind stands for the whole scheme: `P-256` for ECDSA with
 * SHA-256, `P-384` for ECDSA with SHA-384, `RSA-4096` for RSASSA-PSS with SHA-384 and a salt of 48 bytes.
 */
export type KeyKind = 'P-256' | 'P-384' | 'RSA-4096';

/** A key to verify signatures with. */
export type PublicKey =
  /** `point`: 0x04 ‖ x ‖ y. */
  | { readonly kind: 'P-256' | 'P-384'; readonly point: Bytes }
  /** The modulus, 512 bytes; the exponent is 65537. */
  | { readonly kind: 'RSA-4096'; readonly modulus: Bytes };

/** Bytes of a coordinate, and of r and s. */
export const scalarLengths = { 'P-256': 32, 'P-384': 48 } as const;
/** Bytes of an RSA-4096 modulus, and of a signature. */
export const modulusLength = 512;

const hashes = { 'P-256': 'SHA-256', 'P-384': 'SHA-384' } as const;
const rsaPss = { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 } as const;

/**
 * Whether this is the key's signature of the message. ECDSA signatures are r ‖ s. A point that is not on the
 * curve, or a signature of another length, has signed nothing.
 */
export async function verifySignature(
  key: PublicKey,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  try {
    const algorithm =
      key.kind === 'RSA-4096'
        ? rsaPss
        : { name: 'ECDSA', namedCurve: key.kind, hash: hashes[key.kind] };
    return await crypto.subtle.verify(algorithm, await importKey(key), signature, message);
  } catch {
    return false;
  }
}

/** Keys as WebCrypto has them: a CA's verifies several signatures, and importing it costs half of one. */
const imported = new WeakMap<PublicKey, Promise<CryptoKey>>();

async function importKey(key: PublicKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known) return known;
  const importing =
    key.kind === 'RSA-4096' ? importModulus(key.modulus) : importPoint(key.kind, key.point);
  imported.set(key, importing);
  return importing;
}

async function importPoint(namedCurve: 'P-256' | 'P-384', point: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve }, false, ['verify']);
}

async function importModulus(modulus: Bytes): Promise<CryptoKey> {
  const n = btoa(String.fromCharCode(...modulus))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return crypto.subtle.importKey('jwk', { kty: 'RSA', n, e: 'AQAB' }, rsaPss, false, ['verify']);
}

/** x ‖ y on P-256, as quotes hold it, as a key. */
export function p256Key(coordinates: Bytes): PublicKey {
  return { kind: 'P-256', point: new Uint8Array([0x04, ...coordinates]) };
}

/**
 * The signature of a certificate or CRL as {@link verifySignature} takes it: of ECDSA
 * (`SEQUENCE { r, s }`, RFC 3279 §2.2.3) r ‖ s, of RSA the bytes themselves.
 *
 * @throws {FormatError} if r or s is zero or too long, or the RSA signature is not 512 bytes.
 */
export function rawSignature(where: string, kind: KeyKind, encoded: Bytes): Bytes {
  if (kind === 'RSA-4096') {
    if (encoded.length !== modulusLength) {
      throw new FormatError(where, `${modulusLength} bytes expected, ${encoded.length} found`);
    }
    return encoded;
  }
  const outer = new DerReader(where, encoded);
  const read = outer.inside('signature');
  outer.end();
  const r = read.unsigned('r');
  const s = read.unsigned('s');
  read.end();
  const length = scalarLengths[kind];
  const raw = new Uint8Array(2 * length);
  for (const [scalar, end] of [
    [r, length],
    [s, 2 * length],
  ] as const) {
    if (scalar.length > length || scalar.every((byte) => byte === 0)) {
      throw new FormatError(where, `r and s of a ${kind} signature expected`);
    }
    raw.set(scalar, end - scalar.length);
  }
  return raw;
}

import type { Bytes } from '../encoding/byte-reader.ts';
import { DerReader } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';

/** Bytes of an uncompressed point on P-256: 0x04 ‖ x ‖ y. */
export const publicKeyLength = 65;
const scalarLength = 32;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * Whether this is the key's signature (r ‖ s, 64 bytes) of the message: ECDSA on P-256 with SHA-256. A point
 * that is not on the curve has signed nothing.
 */
export async function verifySignature(
  publicKey: Bytes,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey('raw', publicKey, algorithm, false, ['verify']);
  } catch {
    return false;
  }
  return crypto.subtle.verify(algorithm, key, signature, message);
}

/**
 * The signature of a certificate or CRL (`SEQUENCE { r, s }`, RFC 3279 §2.2.3) as r ‖ s.
 *
 * @throws {FormatError} if r or s is zero, or longer than 32 bytes.
 */
export function rawSignature(where: string, der: Bytes): Bytes {
  const outer = new DerReader(where, der);
  const read = outer.inside('signature');
  outer.end();
  const r = read.unsigned('r');
  const s = read.unsigned('s');
  read.end();
  const raw = new Uint8Array(2 * scalarLength);
  for (const [scalar, end] of [
    [r, scalarLength],
    [s, 2 * scalarLength],
  ] as const) {
    if (scalar.length > scalarLength || scalar.every((byte) => byte === 0)) {
      throw new FormatError(where, 'r and s of a P-256 signature expected');
    }
    raw.set(scalar, end - scalar.length);
  }
  return raw;
}

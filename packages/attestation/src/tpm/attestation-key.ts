import type { Bytes } from '../encoding/byte-reader.ts';

const rsassa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

/** The key with which a TPM signs quotes: RSA-2048, exponent 65537. */
export interface AttestationKey {
  /** 256 bytes, base64url without padding. */
  readonly modulus: string;
}

/**
 * Whether this is the key's signature of the message: RSASSA (PKCS#1 v1.5, RFC 8017 §8.2) with SHA-256. A key that
 * is none has signed nothing.
 */
export async function verifyTpmSignature(
  { modulus }: AttestationKey,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  try {
    const jwk = { kty: 'RSA', n: modulus, e: 'AQAB' };
    const key = await crypto.subtle.importKey('jwk', jwk, rsassa, false, ['verify']);
    return await crypto.subtle.verify(rsassa, key, signature, message);
  } catch {
    return false;
  }
}

import type { Bytes } from '../bytes.ts';
import { explicit, integer, nil, oid, sequence, unsigned } from '../der.ts';

const oids: Readonly<Record<string, string>> = {
  'ECDSA SHA-256': '1.2.840.10045.4.3.2',
  'ECDSA SHA-384': '1.2.840.10045.4.3.3',
  'RSASSA-PKCS1-v1_5 SHA-256': '1.2.840.113549.1.1.11',
  'RSASSA-PKCS1-v1_5 SHA-384': '1.2.840.113549.1.1.12',
};

/**
 * The AlgorithmIdentifier of what a key signs with.
 *
 * RSA-PSS (RFC 4055, section 3.1) is written with SHA-384 throughout and a salt of 48 bytes. AMD's own
 * certificates and its older ones of endorsement keys name the trailer field, which DER leaves out as it has its
 * default value; newer ones and CRLs leave it out.
 *
 * @throws {TypeError} if no certificate here is signed so.
 */
export function signatureAlgorithm(key: CryptoKey, trailerField = false): Bytes {
  const { name } = key.algorithm;
  const hash = hashOf(key);
  if (name === 'RSA-PSS' && hash === 'SHA-384') {
    const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'), nil());
    const parameters = sequence(
      explicit(0, sha384),
      explicit(1, sequence(oid('1.2.840.113549.1.1.8'), sha384)),
      explicit(2, integer(48)),
      ...(trailerField ? [explicit(3, integer(1))] : []),
    );
    return sequence(oid('1.2.840.113549.1.1.10'), parameters);
  }
  const dotted = oids[`${name} ${hash}`];
  if (dotted === undefined) throw new TypeError(`no signature algorithm for ${name} with ${hash}`);
  return sequence(oid(dotted), ...(name === 'ECDSA' ? [] : [nil()]));
}

/** The signature of some bytes as a certificate or CRL holds it; ECDSA in DER (RFC 3279, section 2.2.3). */
export async function signature(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  const { name } = key.algorithm;
  const signed = new Uint8Array(
    await crypto.subtle.sign({ name, hash: hashOf(key), saltLength: 48 }, key, bytes),
  );
  if (name !== 'ECDSA') return signed;
  const half = signed.length / 2;
  return sequence(unsigned(signed.subarray(0, half)), unsigned(signed.subarray(half)));
}

function hashOf(key: CryptoKey): string {
  const { hash, namedCurve } = key.algorithm as { hash?: { name: string }; namedCurve?: string };
  return hash?.name ?? (namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256');
}

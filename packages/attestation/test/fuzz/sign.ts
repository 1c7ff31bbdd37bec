import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { encodeDer, parseDer } from './mutate/der.ts';
import { concat } from './mutate/bytes.ts';

/** A signature as evidence holds it: of ECDSA r ‖ s. */
export async function signBytes(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  const { name, namedCurve, hash } = key.algorithm as {
    name: string;
    namedCurve?: string;
    hash?: { name: string };
  };
  const digest = hash?.name ?? (namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256');
  const algorithm = { name, hash: digest, saltLength: 48 };
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes));
}

/** Signs the body of a certificate or CRL again; bytes in which none is found stay as they are. */
export async function signDer(key: CryptoKey, der: Bytes): Promise<Bytes> {
  const [body, algorithm] = parseDer(der)?.children ?? [];
  if (!body || !algorithm) return der;
  const signature = await signBytes(key, body.encoding);
  const encoded = key.algorithm.name === 'ECDSA' ? ecdsaSignature(signature) : signature;
  const bits = encodeDer(0x03, Uint8Array.of(0), encoded);
  return encodeDer(0x30, body.encoding, algorithm.encoding, bits);
}

function ecdsaSignature(signature: Bytes): Bytes {
  const half = signature.length / 2;
  const integers = [signature.slice(0, half), signature.slice(half)].map((scalar) => {
    const start = scalar.findIndex((byte) => byte !== 0);
    const significant = scalar.slice(start);
    const sign = new Uint8Array(significant[0]! >= 0x80 ? 1 : 0);
    return encodeDer(0x02, concat(sign, significant));
  });
  return encodeDer(0x30, ...integers);
}

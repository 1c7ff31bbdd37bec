import { toHex } from '../bytes.ts';
import { PublicKey } from '../x509.ts';

const p384 = { name: 'ECDSA', namedCurve: 'P-384' } as const;
const rsaPss = { name: 'RSA-PSS', hash: 'SHA-384' } as const;

/** Makes a fresh P-384 key pair, the kind of AMD's endorsement keys and of all of AWS's. */
export async function generateP384Keys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(p384, true, ['sign', 'verify']);
}

/** Makes a fresh RSA key pair like those of AMD's own certificates. */
export async function generateRsaKeys(): Promise<CryptoKeyPair> {
  const publicExponent = Uint8Array.of(1, 0, 1);
  const algorithm = { ...rsaPss, modulusLength: 4096, publicExponent };
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** Imports a P-384 private JWK together with its public half. */
export async function importP384Keys(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const { kty = '', crv = '', x = '', y = '' } = jwk;
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, p384, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', { kty, crv, x, y }, p384, true, ['verify']),
  };
}

/** Imports an RSA private JWK together with its public half, for RSA-PSS with SHA-384 (RFC 8017, section 8.1). */
export async function importRsaKeys(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const { kty = '', n = '', e = '' } = jwk;
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, rsaPss, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', { kty, n, e }, rsaPss, true, ['verify']),
  };
}

/** SHA-1 of the public key's bits, hexadecimal: RFC 5280, section 4.2.1.2, method 1. */
export async function keyIdentifier(key: CryptoKey): Promise<string> {
  const spki = new PublicKey(await crypto.subtle.exportKey('spki', key));
  return toHex(new Uint8Array(await spki.getKeyIdentifier()));
}

import { webcrypto } from 'node:crypto';
import { expect, test } from 'vitest';
import { generateP384Keys, generateRsaKeys } from '../../src/authority/keys.ts';
import { signatureAlgorithm } from '../../src/authority/signature.ts';
import { toHex } from '../../src/bytes.ts';
import { generateKeys } from '../../src/keys.ts';

async function rsa(name: string, hash: string): Promise<CryptoKey> {
  const publicExponent = Uint8Array.of(1, 0, 1);
  const algorithm = { name, hash, modulusLength: 2048, publicExponent };
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return privateKey;
}

test('ECDSA is named with the hash that fits the curve: RFC 5758, section 3.2', async () => {
  const p256 = (await generateKeys()).privateKey;
  const p384 = (await generateP384Keys()).privateKey;
  expect(toHex(signatureAlgorithm(p256))).toBe('300a06082a8648ce3d040302');
  expect(toHex(signatureAlgorithm(p384))).toBe('300a06082a8648ce3d040303');
});

test('PKCS#1 v1.5 is named with a NULL: RFC 4055, section 5', async () => {
  const key = await rsa('RSASSA-PKCS1-v1_5', 'SHA-384');
  expect(toHex(signatureAlgorithm(key))).toBe('300d06092a864886f70d01010c0500');
});

test('RSA-PSS has its parameters in either of the two forms: RFC 4055, section 3.1', async () => {
  const key = (await generateRsaKeys()).privateKey;
  const sha384 = '300d06096086480165030402020500';
  const mgf1 = `301a06092a864886f70d010108${sha384}`;
  const parameters = `a00f${sha384}a11c${mgf1}a203020130`;
  expect(toHex(signatureAlgorithm(key))).toBe(`304106092a864886f70d01010a3034${parameters}`);
  expect(toHex(signatureAlgorithm(key, true))).toBe(
    `304606092a864886f70d01010a3039${parameters}a303020101`,
  );
});

test('an algorithm that no vendor here signs with is refused', async () => {
  const key = await rsa('RSA-PSS', 'SHA-256');
  expect(() => signatureAlgorithm(key)).toThrow(
    new TypeError('no signature algorithm for RSA-PSS with SHA-256'),
  );
});

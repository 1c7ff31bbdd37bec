import { X509Certificate, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPlatform, disclaimer, publicRootPrivateKey, rootPem } from '../src/index.ts';

const at = new Date('2026-11-23T12:00:00Z');

/** What of a certificate is signed. */
function tbs(certificate: X509Certificate): string {
  const { raw } = certificate;
  expect(raw.subarray(4, 6).toString('hex')).toBe('3082');
  return raw.subarray(4, 8 + raw.readUInt16BE(6)).toString('hex');
}

test('the committed root certificate is the one that would be made anew', async () => {
  const again = await createPlatform({ at, certificates: { root: {} } });
  expect(tbs(new X509Certificate(rootPem))).toBe(tbs(new X509Certificate(again.rootPem)));
  expect(again.rootPem).not.toBe(rootPem);
});

test('the committed root certificate is self-signed with the public key', () => {
  const root = new X509Certificate(rootPem);
  const key = createPublicKey({ key: { ...publicRootPrivateKey }, format: 'jwk' });
  expect(root.verify(key)).toBe(true);
  expect(root.publicKey.export({ format: 'jwk' })).toEqual(key.export({ format: 'jwk' }));
  expect(root.subject).toContain(`OU=${disclaimer}`);
});

test('every platform has the same root, byte for byte', async () => {
  const [one, other] = [await createPlatform({ at }), await createPlatform({ at })];
  expect(one.rootPem).toBe(rootPem);
  expect(other.rootPem).toBe(rootPem);
  expect(one.certificates.intermediate.pem).not.toBe(other.certificates.intermediate.pem);
});

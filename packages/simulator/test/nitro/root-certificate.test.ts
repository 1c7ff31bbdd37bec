import { X509Certificate, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  createNitroEnclave,
  disclaimer,
  nitroRootPem,
  nitroSimulationRootKey,
  publicNitroPrivateKey,
} from '../../src/index.ts';
import { children } from '../der-skeleton.ts';

const at = new Date('2026-11-23T12:00:00Z');

/** What of a certificate is signed. */
function tbs(pem: string): string {
  return Buffer.from(children(new X509Certificate(pem).raw)[0] ?? []).toString('hex');
}

test('the committed root certificate is the one that would be made anew', async () => {
  const { certificates } = await createNitroEnclave({ at, certificates: { root: {} } });
  expect(tbs(nitroRootPem)).toBe(tbs(certificates.root.pem));
  expect(certificates.root.pem).not.toBe(nitroRootPem);
});

test('the committed root certificate is self-signed with the public key', () => {
  const root = new X509Certificate(nitroRootPem);
  const key = createPublicKey({ key: { ...publicNitroPrivateKey }, format: 'jwk' });
  expect(root.verify(key)).toBe(true);
  const spki = root.publicKey.export({ format: 'der', type: 'spki' });
  expect(spki.toString('hex')).toBe(nitroSimulationRootKey);
  expect(root.subject).toContain(`OU=${disclaimer}`);
});

test('every enclave has the same root, byte for byte', async () => {
  const [one, other] = [await createNitroEnclave({ at }), await createNitroEnclave({ at })];
  expect(one.certificates.root.pem).toBe(nitroRootPem);
  expect(other.certificates.root.pem).toBe(nitroRootPem);
  expect(one.certificates.leaf.pem).not.toBe(other.certificates.leaf.pem);
});

import { createHash, createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sharedAvailable } from '../../../../test/support/optional.ts';
import { createAttestationKey } from '../../src/tpm/attestation-key.ts';
import { fromBase64Url, toBase64Url } from '../../src/tpm/base64url.ts';
import { encodeTpmQuote, selectPcrs } from '../../src/tpm/quote.ts';
import { sharedFile } from '../shared.ts';
import { quoteFields } from './quote-fields.ts';

/** SHA-256 after its algorithm's number. */
function named(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Buffer.concat([Buffer.of(0, 0x0b), hash.digest()]);
}

describe.skipIf(!sharedAvailable('vectors/tpm/swtpm'))('compared with what a TPM makes', () => {
  test.each(['quote.msg', 'quote_rsa.msg'])('%s is made again from its fields', (name) => {
    const genuine = sharedFile(`tpm/swtpm/${name}`);
    expect(Buffer.from(encodeTpmQuote(quoteFields(genuine)))).toEqual(genuine);
  });

  test('the PCRs of a genuine quote are selected by the same bits', () => {
    const [selection] = quoteFields(sharedFile('tpm/swtpm/quote_rsa.msg')).selections;
    expect(selectPcrs([0, 7, 8, 16])).toEqual({ hash: 0x0b, select: Uint8Array.of(0x81, 1, 1) });
    expect(selection).toEqual({ hash: 0x0b, select: Uint8Array.of(0x81, 0, 0x81) });
    expect(selectPcrs([0, 7, 16, 23])).toEqual(selection);
  });

  test('the public area of an attestation key is that of a genuine one, but for the modulus', async () => {
    const genuine = sharedFile('tpm/swtpm/akrsa.tpm2b_public').subarray(2);
    const { publicArea, n } = await createAttestationKey();
    const modulus = publicArea.length - 256;
    expect(publicArea.length).toBe(genuine.length);
    expect(Buffer.from(publicArea.subarray(0, modulus))).toEqual(genuine.subarray(0, modulus));
    expect(publicArea.subarray(modulus)).toEqual(fromBase64Url(n));
    expect(named(genuine)).toEqual(sharedFile('tpm/swtpm/akrsa.name'));
  });
});

test("an attestation key has its name below the owner's hierarchy", async () => {
  const { publicArea, qualifiedName } = await createAttestationKey();
  const owner = Buffer.from('40000001', 'hex');
  expect(Buffer.from(qualifiedName)).toEqual(named(owner, named(publicArea)));
});

test('an attestation key is the key that its modulus says', async () => {
  const { keys, n } = await createAttestationKey();
  const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
  const spki = await crypto.subtle.exportKey('spki', keys.publicKey);
  expect(key.export({ format: 'der', type: 'spki' })).toEqual(Buffer.from(spki));
  expect(fromBase64Url(n)).toHaveLength(256);
});

test.each(['', 'Zg', 'Zm8', 'Zm9v', '-_8'])('base64url of %j is read and written', (text) => {
  expect(toBase64Url(fromBase64Url(text))).toBe(text);
  expect(Buffer.from(fromBase64Url(text))).toEqual(Buffer.from(text, 'base64url'));
});

import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { sha256 } from '../../src/encoding/sha256.ts';
import { verifyTpmSignature } from '../../src/tpm/attestation-key.ts';
import { parseTpmQuote } from '../../src/tpm/quote.ts';

/** A number in big-endian bytes. */
const number = (value: number, length: number): number[] =>
  Array.from({ length }, (_, index) =>
    Number((BigInt(value) >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
const sized = (bytes: readonly number[]): number[] => [...number(bytes.length, 2), ...bytes];

const digest = Array.from({ length: 32 }, (_, index) => index);

/** A quote written down by hand, from "TPM 2.0 Library, Part 2". */
const quote = (select: readonly number[], extraData: readonly number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...number(0xff54_4347, 4), // magic
    ...number(0x8018, 2), // type
    ...sized(Array<number>(34).fill(0x0b)), // qualifiedSigner
    ...sized(extraData),
    ...number(123_456, 8), // clockInfo.clock
    ...number(2, 4), // clockInfo.resetCount
    ...number(3, 4), // clockInfo.restartCount
    1, // clockInfo.safe
    ...number(0x2020_0312, 8), // firmwareVersion
    ...number(1, 4), // pcrSelect.count
    ...number(0x000b, 2), // pcrSelect.hash: TPM_ALG_SHA256
    3,
    ...select,
    ...sized(digest),
  ]);

describe('parseTpmQuote', () => {
  test('reads the fields, and the selection lowest number first', () => {
    expect(parseTpmQuote(quote([0x81, 0x00, 0x81], [1, 2, 3]))).toEqual({
      extraData: Uint8Array.of(1, 2, 3),
      selected: [0, 7, 16, 23],
      pcrDigest: Uint8Array.from(digest),
    });
    const all = parseTpmQuote(quote([0xff, 0xff, 0xff], []));
    expect(all.selected).toEqual(Array.from({ length: 24 }, (_, index) => index));
    expect(all.extraData).toEqual(new Uint8Array());
    expect(parseTpmQuote(quote([0, 0, 0], [])).selected).toEqual([]);
  });

  test('takes data of the longest hash, and no longer', () => {
    const hash = Array<number>(66).fill(1);
    expect(parseTpmQuote(quote([0, 0, 1], hash)).extraData).toHaveLength(66);
    expect(() => parseTpmQuote(quote([0, 0, 1], [...hash, 1]))).toThrow(
      'TPMS_ATTEST.extraData: at most 66 bytes expected, 67 found',
    );
  });

  test('refuses every shorter length', () => {
    const whole = quote([1, 2, 3], [1, 2, 3]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseTpmQuote(whole.slice(0, length)), `${length} bytes`).toThrow(FormatError);
    }
  });

  test.each([
    ['a byte too many', (bytes: number[]) => [...bytes, 0], 'end'],
    ['another magic', (bytes: number[]) => bytes.with(3, 0x48), 'magic'],
    ['certified key', (bytes: number[]) => bytes.with(5, 0x17), 'type'],
    ['an attested session', (bytes: number[]) => bytes.with(5, 0x16), 'type'],
    ['a hostile length', (bytes: number[]) => bytes.with(6, 0xff), 'qualifiedSigner'],
  ])('refuses %s', (_, change, field) => {
    const changed = change([...quote([1, 2, 3], [])]);
    expect(() => parseTpmQuote(Uint8Array.from(changed))).toThrow(`TPMS_ATTEST.${field}`);
  });
});

const folder = `${sharedFolder}/vectors/tpm/swtpm`;
const haveSwtpm = sharedAvailable('vectors/tpm/swtpm');
const read = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(`${folder}/${name}`));

describe.skipIf(!haveSwtpm)('quotes of swtpm', () => {
  const names = ['quote', 'quote_rsa'];

  test.each(names)('%s: what was asked for, and of which PCRs', async (name) => {
    const found = parseTpmQuote(read(`${name}.msg`));
    const nonce = readFileSync(`${folder}/nonce.hex`, 'utf8').trim();
    expect(Buffer.from(found.extraData).toString('hex')).toBe(nonce);
    expect(found.selected).toEqual([0, 7, 16, 23]);
    expect(found.pcrDigest).toEqual(await sha256(read('pcrs.bin')));
  });

  test.each(names)('%s is none at any shorter length', (name) => {
    const message = read(`${name}.msg`);
    for (let length = 0; length < message.length; length++) {
      expect(() => parseTpmQuote(message.slice(0, length))).toThrow(FormatError);
    }
  });

  test('the signature of the RSA key', async () => {
    const { n } = createPublicKey(readFileSync(`${folder}/akrsa.pub`)).export({ format: 'jwk' });
    const key = { modulus: String(n) };
    const message = read('quote_rsa.msg');
    // TPMT_SIGNATURE: RSASSA, SHA-256, and the signature with its length.
    const signature = read('quote_rsa.sig').slice(6);
    expect(await verifyTpmSignature(key, signature, message)).toBe(true);
    expect(await verifyTpmSignature(key, signature, read('quote.msg'))).toBe(false);
    for (let offset = 0; offset < message.length; offset += 7) {
      const changed = message.slice();
      changed[offset]! ^= 1;
      expect(await verifyTpmSignature(key, signature, changed)).toBe(false);
    }
    expect(await verifyTpmSignature(key, signature.slice(1), message)).toBe(false);
    expect(await verifyTpmSignature({ modulus: '' }, signature, message)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex } from '../../src/encoding/hex.ts';
import { rawSignature, verifySignature } from '../../src/x509/ecdsa.ts';

const der = (hex: string): Bytes => decodeHex('hex', hex);

describe('rawSignature', () => {
  it('pads r and s to 32 bytes each', () => {
    const raw = rawSignature('signature', der('300702010502020080'));
    expect(raw).toHaveLength(64);
    expect([raw[31], raw[63]]).toEqual([0x05, 0x80]);
    expect(raw.filter((byte) => byte !== 0)).toHaveLength(2);
  });

  it('takes r and s of all 32 bytes', () => {
    const raw = rawSignature(
      'signature',
      der(`3045022100${'ff'.repeat(32)}0220${'7f'.repeat(32)}`),
    );
    expect(raw).toEqual(der('ff'.repeat(32) + '7f'.repeat(32)));
  });

  it.each([
    ['nothing', ''],
    ['no sequence', '0206020105020106'],
    ['one integer', '3003020105'],
    ['three integers', '3009020105020106020107'],
    ['something after it', '300602010502010600'],
    ['r of zero', '3006020100020106'],
    ['s of zero', '3006020105020100'],
    ['a negative r', '3006020185020106'],
    ['a padded r', '300702020005020106'],
    ['r of 33 bytes', `30260221${'01'.repeat(33)}020106`],
    ['a length of too many bytes', '308106020105020106'],
  ])('refuses %s', (_, hex) => {
    expect(() => rawSignature('signature', der(hex))).toThrow(FormatError);
  });
});

describe('verifySignature', () => {
  const message = new Uint8Array(100).fill(7);

  async function signed(): Promise<{ key: Bytes; signature: Bytes }> {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign']);
    return {
      key: new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey)),
      signature: new Uint8Array(await crypto.subtle.sign(algorithm, keys.privateKey, message)),
    };
  }

  it('tells the signature of this key and message from others', async () => {
    const { key, signature } = await signed();
    expect(await verifySignature(key, signature, message)).toBe(true);
    expect(await verifySignature((await signed()).key, signature, message)).toBe(false);
    expect(await verifySignature(key, signature, message.subarray(1))).toBe(false);
    expect(await verifySignature(key, new Uint8Array(64), message)).toBe(false);
  });

  it('finds that a point off the curve has signed nothing', async () => {
    const { signature } = await signed();
    for (const key of [new Uint8Array(65), new Uint8Array(65).fill(4), new Uint8Array(0)]) {
      expect(await verifySignature(key, signature, message)).toBe(false);
    }
  });
});

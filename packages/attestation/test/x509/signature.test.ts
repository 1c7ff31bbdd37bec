import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex } from '../../src/encoding/hex.ts';
import { type PublicKey, rawSignature, verifySignature } from '../../src/x509/signature.ts';

const der = (hex: string): Bytes => decodeHex('hex', hex);

describe('rawSignature', () => {
  it('pads r and s to 32 bytes each', () => {
    const raw = rawSignature('signature', 'P-256', der('300702010502020080'));
    expect(raw).toHaveLength(64);
    expect([raw[31], raw[63]]).toEqual([0x05, 0x80]);
    expect(raw.filter((byte) => byte !== 0)).toHaveLength(2);
  });

  it('takes r and s of all 32 bytes', () => {
    const raw = rawSignature(
      'signature',
      'P-256',
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
    expect(() => rawSignature('signature', 'P-256', der(hex))).toThrow(FormatError);
  });

  it('pads to 48 bytes on P-384, and takes an RSA signature as it is', () => {
    expect(rawSignature('signature', 'P-384', der('300702010502020080'))).toHaveLength(96);
    const rsa = new Uint8Array(512).fill(3);
    expect(rawSignature('signature', 'RSA-4096', rsa)).toBe(rsa);
    expect(() => rawSignature('signature', 'RSA-4096', rsa.slice(1))).toThrow(FormatError);
  });
});

const schemes = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'RSA-4096': {
    name: 'RSA-PSS',
    modulusLength: 4096,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-384',
    saltLength: 48,
  },
} as const;

describe.each(Object.keys(schemes) as PublicKey['kind'][])('verifySignature with %s', (kind) => {
  const message = new Uint8Array(100).fill(7);

  async function signed(): Promise<{ key: PublicKey; signature: Bytes }> {
    const scheme = schemes[kind];
    const keys = await crypto.subtle.generateKey(scheme, true, ['sign']);
    const signature = new Uint8Array(await crypto.subtle.sign(scheme, keys.privateKey, message));
    if (kind === 'RSA-4096') {
      const { n = '' } = await crypto.subtle.exportKey('jwk', keys.publicKey);
      return { key: { kind, modulus: new Uint8Array(Buffer.from(n, 'base64url')) }, signature };
    }
    const point = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
    return { key: { kind, point }, signature };
  }

  it('tells the signature of this key and message from others', async () => {
    const { key, signature } = await signed();
    expect(await verifySignature(key, signature, message)).toBe(true);
    expect(await verifySignature((await signed()).key, signature, message)).toBe(false);
    expect(await verifySignature(key, signature, message.subarray(1))).toBe(false);
    expect(await verifySignature(key, new Uint8Array(signature.length), message)).toBe(false);
    expect(await verifySignature(key, signature.subarray(1), message)).toBe(false);
  });

  it('finds that what is no key has signed nothing', async () => {
    const { signature } = await signed();
    for (const bytes of [new Uint8Array(65), new Uint8Array(65).fill(4), new Uint8Array(0)]) {
      const key = kind === 'RSA-4096' ? { kind, modulus: bytes } : { kind, point: bytes };
      expect(await verifySignature(key, signature, message)).toBe(false);
    }
  });
});

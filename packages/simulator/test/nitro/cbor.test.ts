import { expect, test } from 'vitest';
import { toHex } from '../../src/bytes.ts';
import {
  cborArray,
  cborBytes,
  cborHead,
  cborIndefinite,
  cborInteger,
  cborMap,
  cborText,
} from '../../src/nitro/cbor.ts';

test.each([
  [cborInteger(0), '00'],
  [cborInteger(23), '17'],
  [cborInteger(24), '1818'],
  [cborInteger(100), '1864'],
  [cborInteger(1000), '1903e8'],
  [cborInteger(1_000_000), '1a000f4240'],
  [cborInteger(1_000_000_000_000), '1b000000e8d4a51000'],
  [cborInteger(18_446_744_073_709_551_615n), '1bffffffffffffffff'],
  [cborInteger(-1), '20'],
  [cborInteger(-100), '3863'],
  [cborBytes(null), 'f6'],
  [cborBytes(new Uint8Array()), '40'],
  [cborBytes(Uint8Array.of(1, 2, 3, 4)), '4401020304'],
  [cborText(''), '60'],
  [cborText('IETF'), '6449455446'],
  [cborText('\u00fc'), '62c3bc'],
  [cborArray([cborInteger(1), cborArray([cborInteger(2)])]), '82018102'],
  [cborMap([]), 'a0'],
  [
    cborMap([
      [cborInteger(1), cborInteger(2)],
      [cborInteger(3), cborInteger(4)],
    ]),
    'a201020304',
  ],
  [cborIndefinite(4, [cborInteger(1), cborInteger(2)]), '9f0102ff'],
  [
    cborIndefinite(2, [cborBytes(Uint8Array.of(1, 2)), cborBytes(Uint8Array.of(3))]),
    '5f4201024103ff',
  ],
])('example %# of RFC 8949, appendix A', (written, hex) => {
  expect(toHex(written)).toBe(hex);
});

test.each([
  [0, '01'],
  [1, '1801'],
  [2, '190001'],
  [4, '1a00000001'],
  [8, '1b0000000000000001'],
] as const)('a head can take %i bytes for a small number', (width, hex) => {
  expect(toHex(cborHead(0, 1, width))).toBe(hex);
});

test('a map can have doubled keys', () => {
  const member = [cborInteger(1), cborInteger(2)] as const;
  expect(toHex(cborMap([member, member]))).toBe('a201020102');
});

import { expect, test } from 'vitest';
import {
  bits,
  boolean,
  element,
  enumerated,
  explicit,
  ia5String,
  integer,
  nil,
  octets,
  oid,
  sequence,
  time,
  unsigned,
} from '../src/der.ts';
import { toHex } from '../src/bytes.ts';

test.each([
  [boolean(true), '0101ff'],
  [boolean(false), '010100'],
  [integer(0), '020100'],
  [integer(127), '02017f'],
  [integer(128), '02020080'],
  [integer(255), '020200ff'],
  [integer(0x7fff), '02027fff'],
  [integer(0x8000), '0203008000'],
  [enumerated(1), '0a0101'],
  [octets(Uint8Array.of(1, 2)), '04020102'],
  [oid('1.2.840.113741.1.13.1'), '06092a864886f84d010d01'],
  [oid('2.5.29.20'), '0603551d14'],
  [unsigned(Uint8Array.of()), '020100'],
  [unsigned(Uint8Array.of(0)), '020100'],
  [unsigned(Uint8Array.of(0, 0, 0x7f)), '02017f'],
  [unsigned(Uint8Array.of(0x80, 0)), '0203008000'],
  [bits(Uint8Array.of(0xa5)), '030200a5'],
  [nil(), '0500'],
  [ia5String('Milan'), '16054d696c616e'],
  [explicit(3, nil()), 'a3020500'],
  [element(0x80, Uint8Array.of(1)), '800101'],
  [time(new Date('2049-12-31T23:59:59.999Z')), '170d3439313233313233353935395a'],
  [time(new Date('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
  [sequence(), '3000'],
  [sequence(integer(1), boolean(true)), '30060201010101ff'],
])('%# is written as X.690 says', (written, hex) => {
  expect(toHex(written)).toBe(hex);
});

test.each([
  [127, '047f'],
  [128, '048180'],
  [255, '0481ff'],
  [256, '04820100'],
  [65535, '0482ffff'],
])('a length of %i takes as few bytes as it can', (length, head) => {
  const written = octets(new Uint8Array(length));
  expect(toHex(written).slice(0, head.length)).toBe(head);
  expect(written.length).toBe(length + head.length / 2);
});

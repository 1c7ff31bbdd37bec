import { expect, it } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex, encodeHex } from '../../src/encoding/hex.ts';

it('hex goes both ways, in either case', () => {
  expect(encodeHex(Uint8Array.of(0, 0xab, 0xff))).toBe('00abff');
  expect(decodeHex('hex', '00abff', 3)).toEqual(Uint8Array.of(0, 0xab, 0xff));
  expect(decodeHex('hex', '00aBFf')).toEqual(Uint8Array.of(0, 0xab, 0xff));
  expect(decodeHex('hex', '')).toEqual(new Uint8Array());
});

it.each([
  ['an odd number of digits', 'abc', undefined],
  ['another character', '0g', undefined],
  ['white space', 'ab cd ', undefined],
  ['a prefix', '0xab', undefined],
  ['another length', 'abcd', 3],
  ['a newline at the end', 'abc\n', undefined],
])('decodeHex refuses %s', (_, text, length) => {
  expect(() => decodeHex('hex', text, length)).toThrow(FormatError);
});

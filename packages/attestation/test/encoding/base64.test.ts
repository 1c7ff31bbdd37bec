import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../src/encoding/base64.ts';
import { FormatError } from '../../src/encoding/format-error.ts';

describe('base64', () => {
  it('reads what Buffer writes, in either alphabet', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 101 + length * 7) & 0xff);
      const buffer = Buffer.from(bytes);
      expect(decodeBase64('text', buffer.toString('base64'))).toEqual(bytes);
      expect(decodeBase64('text', buffer.toString('base64url'))).toEqual(bytes);
    }
  });

  it.each([
    ['one character', 'A'],
    ['too much padding', 'AAAA===='],
    ['padding missing', '+/+'],
    ['padding in the other alphabet', '-_8='],
    ['both alphabets', '+_AA'],
    ['bits that are not zero', 'AB=='],
    ['bits that are not zero, without padding', 'AB'],
    ['a space', 'AA AA'],
    ['a line feed at the end', 'AAAA\n'],
    ['another character', 'AA!A'],
    ['a letter of another script', 'AAAé'],
  ])('refuses %s', (_, text) => {
    expect(() => decodeBase64('text', text)).toThrow(FormatError);
  });
});

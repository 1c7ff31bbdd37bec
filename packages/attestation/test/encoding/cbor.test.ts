import { describe, expect, it } from 'vitest';
import { parseCbor } from '../../src/encoding/cbor.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex } from '../../src/encoding/hex.ts';

const parse = (hex: string): unknown => parseCbor('item', decodeHex('hex', hex));

describe('what is read', () => {
  // Most of them from RFC 8949, Appendix A.
  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['18ff', 255],
    ['190100', 256],
    ['19ffff', 65_535],
    ['1a00010000', 65_536],
    ['1affffffff', 4_294_967_295],
    ['1b0000000100000000', 4_294_967_296],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['20', -1],
    ['3822', -35],
    ['40', new Uint8Array()],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['60', ''],
    ['62c3bc', 'ü'],
    ['63efbbbf', '\ufeff'],
    ['80', []],
    ['83010203', [1, 2, 3]],
    ['9f01820203ff', [1, [2, 3]]],
    ['9fff', []],
    ['a0', new Map()],
    [
      'a261310101f6',
      new Map<unknown, unknown>([
        ['1', 1],
        [1, null],
      ]),
    ],
    ['bf616101ff', new Map([['a', 1]])],
    ['f6', null],
    ['81818181f6', [[[[null]]]]],
  ])('%s', (hex, item) => {
    expect(parse(hex)).toEqual(item);
  });
});

describe('what is refused', () => {
  it.each([
    ['nothing at all', '', 'cut off'],
    ['a byte after the end', '0000', '1 bytes left over'],
    ['an integer longer than needed', '1817', 'longer than needed'],
    ['one of two bytes that fits into one', '1900ff', 'longer than needed'],
    ['one of four bytes that fits into two', '1a0000ffff', 'longer than needed'],
    ['one of eight bytes that fits into four', '1b00000000ffffffff', 'longer than needed'],
    ['a length longer than needed', '580101', 'longer than needed'],
    ['a count longer than needed', '980100', 'longer than needed'],
    ['an integer that a number cannot hold', '1b0020000000000000', 'beyond 2^53'],
    ['a length that nothing could have', '5bffffffffffffffff', 'beyond 2^53'],
    ['a count that nothing could have', '9b001fffffffffffff', 'cut off'],
    ['a string cut off', '4401', 'cut off'],
    ['an integer cut off', '19ff', 'cut off'],
    ['an array cut off', '8201', 'cut off'],
    ['a map cut off after a key', 'a101', 'cut off'],
    ['an array without its break', '9f01', 'cut off'],
    ['a break that ends nothing', 'ff', 'an unknown type'],
    ['a break in place of a value', 'bf01ff', 'an unknown type'],
    ['a length of a kind that is not assigned', '1c', 'an unknown length'],
    ['bytes of indefinite length', '5f4101ff', 'an unknown length'],
    ['a text of indefinite length', '7f6161ff', 'an unknown length'],
    ['an integer of indefinite length', '1f', 'an unknown length'],
    ['a text that is no UTF-8', '61ff', 'text in UTF-8 expected'],
    ['half a surrogate pair', '63eda080', 'text in UTF-8 expected'],
    ['a doubled key', 'a2010001f6', 'a doubled key'],
    ['a doubled key, one of them negative', 'a220002001', 'a doubled key'],
    ['a doubled key in a map of indefinite length', 'bf616101616102ff', 'a doubled key'],
    ['a key of bytes', 'a1410100', 'another type of key'],
    ['a key that is null', 'a1f600', 'another type of key'],
    ['a tag', 'd200', 'an unknown type'],
    ['false', 'f4', 'an unknown type'],
    ['undefined', 'f7', 'an unknown type'],
    ['a float', 'f93c00', 'an unknown type'],
    ['null in two bytes', 'f816', 'an unknown type'],
    ['too many arrays in each other', '818181818100', 'nested too deeply'],
    ['too many maps in each other', 'a100a100a100a100a10000', 'nested too deeply'],
  ])('%s', (_, hex, problem) => {
    expect(() => parse(hex)).toThrow(FormatError);
    expect(() => parse(hex)).toThrow(problem);
  });

  it('says which structure, and where', () => {
    expect(() => parse('8201')).toThrow('item: CBOR: cut off at byte 2');
  });
});

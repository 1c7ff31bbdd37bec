import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { parsePem } from '../../src/encoding/pem.ts';
import { pemOf } from '../pem-der.ts';

const first = Uint8Array.from({ length: 100 }, (_, index) => index);
const second = Uint8Array.of(1, 2, 3, 4);
const two = pemOf('THING', first, second);

/** The same blocks, in other lines. */
function inLinesOf(length: number, pem: string): string {
  return pem.replaceAll(/(?<=BEGIN THING-----\n)[^-]+/g, (lines) =>
    lines.replaceAll('\n', '').replaceAll(new RegExp(`.{1,${length}}`, 'g'), '$&\n'),
  );
}

describe('parsePem', () => {
  it('reads blocks in order', () => {
    expect(parsePem('pem', two, 'THING', 2)).toEqual([first, second]);
  });

  it.each([
    ['CRLF line ends', two.replaceAll('\n', '\r\n')],
    ['no line end after the last line', two.trimEnd()],
    ['no line end between', two.replace('-----\n-----BEGIN', '----------BEGIN')],
    ['lines of 76 characters', inLinesOf(76, two)],
    [
      'empty lines between and after',
      two.replace('END THING-----\n', 'END THING-----\n\n') + '\n\n',
    ],
  ])('takes %s', (_, text) => {
    expect(parsePem('pem', text, 'THING', 2)).toEqual([first, second]);
  });

  it.each([
    ['too few blocks', pemOf('THING', first)],
    ['too many blocks', pemOf('THING', first, second, second)],
    ['another label', pemOf('OTHER', first, second)],
    ['text before', `x\n${two}`],
    ['text between', two.replace('END THING-----\n', 'END THING-----\nx\n')],
    ['text after', `${two}x`],
    ['a NUL after', `${two}\0`],
    ['a byte order mark', `\ufeff${two}`],
    ['white space at the end of a line', two.replace('END THING-----', 'END THING----- ')],
    ['an absent end', two.replace('-----END THING-----', '')],
    ['an end of another label', two.replace('END THING', 'END OTHER')],
    ['an empty block', pemOf('THING', new Uint8Array(), second)],
    ['lines of 60 characters', inLinesOf(60, two)],
    ['lines of 80 characters', inLinesOf(80, two)],
    ['lines of 64 and of 72 characters', two.replace(/(?<=BEGIN THING-----\n.{64}\n.{64})\n/, '')],
    ['short lines', two.replace(/(?<=BEGIN THING-----\n.{32})/, '\n')],
    ['an empty line inside', two.replace(/(?<=BEGIN THING-----\n)/, '\n')],
    ['white space inside', two.replace('AQID', 'AQ D')],
    ['another alphabet', two.replace('AQID', 'AQ_D')],
    ['padding in the middle', two.replace('AQIDBA==', 'AQ==IDBA')],
    ['too much padding', two.replace('AQIDBA==', 'AQIDB===')],
    ['missing padding', two.replace('AQIDBA==', 'AQIDBA')],
    ['bits beyond the end', two.replace('AQIDBA==', 'AQIDBB==')],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(text).not.toBe(two);
    expect(() => parsePem('pem', text, 'THING', 2)).toThrow(FormatError);
  });
});

import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/exit-codes.ts';
import { parseCrop } from '../../src/image/crop.ts';
import { pattern, picture } from './fixtures.ts';

/** Four columns and three rows, each sample 10 times its row and its column. */
const small = picture(4, 3, [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);

describe('a crop', () => {
  test.each([
    ['square', 3, 3, [0, 1, 2, 10, 11, 12, 20, 21, 22]],
    ['2x1', 2, 1, [11, 12]],
    ['4x3', 4, 3, [...small.samples]],
    ['3x2+1+0', 3, 2, [1, 2, 3, 11, 12, 13]],
    ['top=1', 4, 2, [10, 11, 12, 13, 20, 21, 22, 23]],
    ['bottom=2', 4, 1, [0, 1, 2, 3]],
    ['left=50%', 2, 3, [2, 3, 12, 13, 22, 23]],
    ['right=2', 2, 3, [0, 1, 10, 11, 20, 21]],
    ['top=0', 4, 3, [...small.samples]],
    ['top=66.5%', 4, 2, [10, 11, 12, 13, 20, 21, 22, 23]],
  ])('%s', (text, width, height, samples) => {
    expect(parseCrop(text)(small)).toEqual(picture(width, height, samples));
  });

  test('keeps all channels and 16 bits', () => {
    const cropped = parseCrop('1x1+2+1')(pattern(4, 3));
    expect([...cropped.samples]).toEqual([...pattern(4, 3).samples.subarray(18, 21)]);
    const deep = { ...small, samples: Uint16Array.from(small.samples, (sample) => sample * 1000) };
    expect(parseCrop('1x1+3+2')(deep).samples).toEqual(Uint16Array.of(23_000));
  });

  test.each(['5x3', '4x4', '0x1', '2x2+3+0', '2x2+0+2', 'top=3', 'left=100%', 'bottom=4'])(
    '%s of a picture smaller than that is refused',
    (text) => {
      expect(() => parseCrop(text)(small)).toThrow(UsageError);
      expect(() => parseCrop(text)(small)).toThrow('a picture of 4x3 pixels cannot be cropped');
    },
  );

  test.each([
    '',
    'round',
    '4',
    '4x',
    'x3',
    '4x3+1',
    '4x3-1-1',
    '-4x3',
    'top=',
    'top=1.5',
    'top=-1',
    'middle=1',
  ])('%j is none', (text) => {
    expect(() => parseCrop(text)).toThrow(InvalidArgumentError);
  });
});

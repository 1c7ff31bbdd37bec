import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { FileError } from '../../src/exit-codes.ts';
import { parseResize, resize } from '../../src/image/resize.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { pattern, picture } from './fixtures.ts';

describe('resizing', () => {
  test('to the same size changes nothing', () => {
    for (const antialias of [true, false])
      expect(resize(pattern(5, 7), 5, 7, antialias)).toEqual(pattern(5, 7));
  });

  test('weighs the pixels around', () => {
    const line = picture(2, 1, [0, 100]);
    expect([...resize(line, 4, 1, true).samples]).toEqual([0, 25, 75, 100]);
    expect([...resize(line, 1, 1, true).samples]).toEqual([50]);
  });

  test('counts every pixel with antialias, and the nearest without', () => {
    const line = picture(6, 1, [0, 0, 100, 200, 0, 0]);
    expect([...resize(line, 2, 1, true).samples]).toEqual([50, 63]);
    expect([...resize(line, 2, 1, false).samples]).toEqual([0, 0]);
    expect([...resize(line, 3, 1, false).samples]).toEqual([0, 150, 0]);
  });

  test('keeps 16 bits', () => {
    const white = {
      ...picture(3, 2, Array(6).fill(0) as number[]),
      samples: new Uint16Array(6).fill(65_535),
    };
    for (const antialias of [true, false]) {
      const { samples } = resize(white, 500, 300, antialias);
      expect(samples).toBeInstanceOf(Uint16Array);
      expect(new Set(samples)).toEqual(new Set([65_535]));
    }
  });

  test.each([
    ['3x2', 3, 2],
    ['10', 10, 15],
    ['5', 5, 7],
    ['99999x1', 99_999, 1],
  ])('%s', (text, width, height) => {
    expect(parseResize(text)(pattern(4, 6), true)).toMatchObject({ width, height });
  });

  test('to too many pixels is refused', () => {
    expect(() => parseResize('10000x10000')(pattern(1, 1), true)).toThrow(FileError);
    expect(() =>
      resize(picture(1, 1_000, Array(1_000).fill(0) as number[]), 99_999, 1, true),
    ).toThrow('of at most');
  });

  test.each(['', '0', '0x5', '5x0', '5x', 'x5', '-5', '1.5', '100000', '5x5x5'])(
    '%j is none',
    (text) => {
      expect(() => parseResize(text)).toThrow(InvalidArgumentError);
    },
  );
});

describe.runIf(pythonAvailable('numpy', 'PIL'))('Pillow', () => {
  const folder = temporaryFolder();
  const sizes = [
    [37, 29],
    [18, 41],
    [74, 58],
    [1, 1],
    [5, 200],
    [128, 3],
    [100, 100],
  ] as const;
  const original = pattern(37, 29);
  const grey = picture(37, 29, [...pattern(37, 29).samples.subarray(0, 37 * 29)]);
  const given = [original, grey].map(({ samples }) => [...samples]);

  test('resizes to the same samples with antialias', () => {
    const resized = python(
      `
import json, sys, numpy
from PIL import Image
colour, grey = json.load(sys.stdin)
images = [Image.fromarray(numpy.array(colour, 'u1').reshape(29, 37, 3)), Image.fromarray(numpy.array(grey, 'u1').reshape(29, 37))]
sizes = ${JSON.stringify(sizes)}
print(json.dumps([[numpy.asarray(image.resize(size, Image.BILINEAR)).flatten().tolist() for size in sizes] for image in images]))`,
      folder.path,
      given,
    ) as number[][][];
    for (const [kind, from] of [original, grey].entries())
      for (const [at, [width, height]] of sizes.entries())
        expect([...resize(from, width, height, true).samples], `${width}x${height}`).toEqual(
          resized[kind]![at],
        );
  });

  test('interpolates to the same samples without, give or take a rounding', () => {
    // An affine transform takes the four pixels around a place, as OpenCV's resize does; edges are repeated.
    const resized = python(
      `
import json, sys, numpy
from PIL import Image
_, grey = json.load(sys.stdin)
padded = Image.fromarray(numpy.pad(numpy.array(grey, 'f4').reshape(29, 37), 1, mode='edge'))
def scale(width, height):
    across, down = 37 / width, 29 / height
    return padded.transform((width, height), Image.AFFINE, (across, 0, 1, 0, down, 1), Image.BILINEAR)
print(json.dumps([numpy.asarray(scale(*size)).flatten().tolist() for size in ${JSON.stringify(sizes)}]))`,
      folder.path,
      given,
    ) as number[][];
    for (const [at, [width, height]] of sizes.entries())
      for (const [place, sample] of resize(grey, width, height, false).samples.entries())
        expect(Math.abs(sample - resized[at]![place]!), `${width}x${height}`).toBeLessThan(0.501);
  });
});

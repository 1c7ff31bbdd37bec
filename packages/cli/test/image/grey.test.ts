import { describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { toGrey } from '../../src/image/grey.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { pattern, picture } from './fixtures.ts';

describe('making a picture grey', () => {
  test('weighs the colours, and leaves grey as it is', () => {
    const colours = picture(4, 1, [255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77]);
    expect(toGrey(colours)).toEqual(picture(4, 1, [76, 150, 29, 77]));
    expect(toGrey(picture(1, 1, [9]))).toEqual(picture(1, 1, [9]));
  });

  test('keeps 16 bits', () => {
    const deep = { ...picture(1, 1, [0, 0, 0]), samples: Uint16Array.of(60_001, 60_001, 60_001) };
    expect(toGrey(deep).samples).toEqual(Uint16Array.of(60_001));
  });
});

describe.runIf(pythonAvailable('numpy', 'PIL'))('Pillow', () => {
  const folder = temporaryFolder();
  test('makes the same grey', () => {
    const colours = pattern(61, 47);
    const grey = python(
      `
import json, sys, numpy
from PIL import Image
print(json.dumps(numpy.asarray(Image.fromarray(numpy.array(json.load(sys.stdin), 'u1').reshape(47, 61, 3)).convert('L')).flatten().tolist()))`,
      folder.path,
      [...colours.samples],
    ) as number[];
    expect([...toGrey(colours).samples]).toEqual(grey);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { FileError, UsageError } from '../../src/exit-codes.ts';
import { decodePng } from '../../src/image/png.ts';
import { mutations } from '../mutations.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { chunk, pattern, png } from './fixtures.ts';

const original = pattern(7, 5);
let file: Uint8Array;
beforeAll(async () => {
  file = await png(original);
});

/** The file with another header chunk, its checksum right. */
function withHeader(change: (content: Buffer) => void): Uint8Array {
  const content = Buffer.from(file.subarray(16, 29));
  change(content);
  return Buffer.concat([file.subarray(0, 8), chunk('IHDR', content), file.subarray(33)]);
}

describe('a PNG', () => {
  test('is decoded, its transparency dropped', async () => {
    expect(await decodePng(file)).toEqual(original);
  });

  test('may have something behind it', async () => {
    expect(await decodePng(Buffer.concat([file, Buffer.from('more')]))).toEqual(original);
  });

  test('that ends too early is refused, wherever', async () => {
    for (let length = 0; length < file.length; length += 1)
      await expect(decodePng(file.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        UsageError,
      );
  });

  test.each<[string, () => Uint8Array, string]>([
    ['a changed sample', () => file.with(60, file[60]! ^ 1), 'a checksum is wrong'],
    ['no header', () => Buffer.concat([file.subarray(0, 8), file.subarray(33)]), 'out of order'],
    ['two headers', () => Buffer.concat([file.subarray(0, 33), file.subarray(8)]), 'out of order'],
    [
      'a longer header',
      () =>
        Buffer.concat([
          file.subarray(0, 8),
          chunk('IHDR', Buffer.concat([file.subarray(16, 29), Buffer.alloc(1)])),
          file.subarray(33),
        ]),
      'another length',
    ],
    [
      'no samples',
      () => Buffer.concat([file.subarray(0, 33), chunk('IEND', new Uint8Array())]),
      'cannot be decoded',
    ],
    [
      'a depth of 3 bits',
      () => withHeader((content) => content.writeUInt8(3, 8)),
      'cannot be decoded',
    ],
    ['no pixels', () => withHeader((content) => content.writeUInt32BE(0, 0)), 'cannot be decoded'],
    [
      'too few samples',
      () => withHeader((content) => content.writeUInt32BE(99, 4)),
      'cannot be decoded',
    ],
  ])('with %s is refused', async (_what, make, reason) => {
    const refusal: unknown = await decodePng(make()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(String(refusal)).toContain(reason);
    expect(await decodePng(file), 'and the next is decoded').toEqual(original);
  });

  test('of too many pixels is refused by its header', async () => {
    const huge = withHeader((content) => {
      content.writeUInt32BE(65_536, 0);
      content.writeUInt32BE(65_536, 4);
    });
    await expect(decodePng(huge)).rejects.toThrow(FileError);
    await expect(decodePng(huge)).rejects.toThrow('65536 x 65536 pixels');
  });

  test('changed anywhere is decoded or refused, and nothing else', async () => {
    let refused = 0;
    for (const changed of mutations(file, 1_000)) {
      const outcome: unknown = await decodePng(changed).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) continue;
      refused += 1;
      expect(outcome instanceof UsageError || outcome instanceof FileError, String(outcome)).toBe(
        true,
      );
    }
    expect(refused).toBeGreaterThan(900);
  });
});

describe.runIf(pythonAvailable('numpy', 'PIL'))('Pillow', () => {
  const folder = temporaryFolder();

  test('sees the same samples in every kind of PNG', async () => {
    interface Seen {
      file: string;
      samples: number[];
    }
    const seen = python(
      `
import json, numpy
from PIL import Image
numpy.random.seed(1)
rgb = Image.fromarray(numpy.random.randint(0, 256, (13, 11, 3), 'u1'))
deep = numpy.random.randint(0, 65536, (13, 11), 'u2')
kinds = {
  'rgb': rgb, 'rgba': rgb.convert('RGBA'), 'grey': rgb.convert('L'), 'grey-alpha': rgb.convert('LA'),
  'palette': rgb.quantize(20), 'few': rgb.quantize(3), 'bits': rgb.convert('1'),
}
seen = []
for name, image in kinds.items():
    image.save(name + '.png', bits=2) if name == 'few' else image.save(name + '.png')
    seen.append({'file': name + '.png', 'samples': numpy.asarray(image.convert('RGB')).flatten().tolist()})
Image.fromarray(deep).save('deep.png')
seen.append({'file': 'deep.png', 'samples': numpy.repeat(deep.flatten(), 3).tolist()})
print(json.dumps(seen))`,
      folder.path,
    ) as Seen[];
    expect(seen).toHaveLength(8);
    for (const { file: name, samples } of seen) {
      const decoded = await decodePng(readFileSync(join(folder.path, name)));
      expect(decoded).toMatchObject({ width: 11, height: 13, channels: 3 });
      expect(Array.from(decoded.samples), name).toEqual(samples);
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { FileError, UsageError } from '../../src/exit-codes.ts';
import { decodeJpeg } from '../../src/image/jpeg.ts';
import { mutations } from '../mutations.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { jpeg, picture } from './fixtures.ts';

const original = picture(9, 6, Array(9 * 6 * 3).fill(100) as number[]);
let file: Uint8Array;
let frame: number;
beforeAll(async () => {
  file = await jpeg(original);
  // SOF2: the encoder makes progressive ones.
  frame = Buffer.from(file).indexOf(Uint8Array.of(0xff, 0xc2));
});

/** The file with another frame header. */
function withFrame(change: (segment: Buffer) => void): Uint8Array {
  const copy = Buffer.from(file);
  change(copy.subarray(frame));
  return copy;
}

describe('a JPEG', () => {
  test('is decoded', async () => {
    expect(await decodeJpeg(file)).toEqual(original);
  });

  test('may have something behind it, and filling before a marker', async () => {
    const filled = Buffer.concat([
      file.subarray(0, 2),
      Buffer.from([0xff, 0xff]),
      file.subarray(2),
      Buffer.from('more'),
    ]);
    expect(await decodeJpeg(filled)).toEqual(original);
  });

  test('that ends too early is refused, wherever', async () => {
    for (let length = 0; length < file.length; length += 1)
      await expect(decodeJpeg(file.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        UsageError,
      );
  });

  test.each<[string, () => Uint8Array, string]>([
    ['something else', () => Uint8Array.of(1, 2, 3), 'does not begin'],
    ['no marker', () => file.with(2, 0), 'does not begin'],
    [
      'a segment of length 1',
      () => Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 1, 0, 0),
      'out of order',
    ],
    [
      'samples before the frame',
      () => Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2, 0, 0),
      'out of order',
    ],
    [
      'bytes between segments',
      () => Buffer.concat([file.subarray(0, 20), Buffer.from([1, 2, 3, 4])]),
      'out of order',
    ],
    ['no pixels', () => withFrame((segment) => segment.writeUInt16BE(0, 7)), 'damaged'],
    ['four channels', () => withFrame((segment) => segment.writeUInt8(4, 9)), '4 channels'],
    ['lost samples', () => Buffer.concat([file.subarray(0, -40), file.subarray(-2)]), 'damaged'],
  ])('with %s is refused', async (_what, make, reason) => {
    const refusal: unknown = await decodeJpeg(make()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(String(refusal)).toContain(reason);
    expect(await decodeJpeg(file), 'and the next is decoded').toEqual(original);
  });

  test('of too many pixels is refused by its header', async () => {
    const huge = withFrame((segment) => {
      segment.writeUInt16BE(65_535, 5);
      segment.writeUInt16BE(65_535, 7);
    });
    await expect(decodeJpeg(huge)).rejects.toThrow(FileError);
    await expect(decodeJpeg(huge)).rejects.toThrow('65535 x 65535 pixels');
  });

  test('changed anywhere is decoded or refused, and nothing else', async () => {
    let refused = 0;
    for (const changed of mutations(file, 150)) {
      const outcome: unknown = await decodeJpeg(changed).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) continue;
      refused += 1;
      expect(outcome instanceof UsageError || outcome instanceof FileError, String(outcome)).toBe(
        true,
      );
    }
    expect(refused).toBeGreaterThan(50);
  });
});

describe.runIf(pythonAvailable('numpy', 'PIL'))('Pillow', () => {
  const folder = temporaryFolder();

  test('sees the same samples, turned upright where EXIF says so', async () => {
    interface Seen {
      file: string;
      width: number;
      height: number;
      samples: number[];
    }
    const seen = python(
      `
import json, numpy
from PIL import Image, ImageOps
numpy.random.seed(2)
rgb = Image.fromarray(numpy.random.randint(0, 256, (33, 26, 3), 'u1'))
seen = []
def add(name, image, **options):
    image.save(name, quality=90, **options)
    upright = ImageOps.exif_transpose(Image.open(name)).convert('RGB')
    seen.append({'file': name, 'width': upright.width, 'height': upright.height, 'samples': numpy.asarray(upright).flatten().tolist()})
add('baseline.jpg', rgb)
add('fine.jpg', rgb, subsampling=0)
add('progressive.jpg', rgb, progressive=True)
add('grey.jpg', rgb.convert('L'))
for orientation in range(1, 9):
    exif = rgb.getexif(); exif[0x112] = orientation
    add(f'turned-{orientation}.jpg', rgb, exif=exif)
rgb.convert('CMYK').save('print.jpg')
print(json.dumps(seen))`,
      folder.path,
    ) as Seen[];
    expect(seen).toHaveLength(12);
    for (const { file: name, width, height, samples } of seen) {
      const decoded = await decodeJpeg(readFileSync(join(folder.path, name)));
      expect(decoded, name).toMatchObject({ width, height });
      expect(Array.from(decoded.samples), name).toEqual(samples);
    }
    await expect(decodeJpeg(readFileSync(join(folder.path, 'print.jpg')))).rejects.toThrow(
      '4 channels',
    );
  });
});

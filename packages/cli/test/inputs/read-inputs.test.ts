import { Tensor } from '@blindai/client';
import { describe, expect, test } from 'vitest';
import { FileError, UsageError } from '../../src/exit-codes.ts';
import { parseInputArgument } from '../../src/inputs/input-argument.ts';
import type { PictureOptions } from '../../src/inputs/picture-options.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { encodeNpy } from '../../src/outputs/npy.ts';
import { encodeNpz } from '../../src/outputs/npz.ts';
import { chunk, jpeg, pattern, picture, png } from '../image/fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
const asIs: PictureOptions = {
  steps: [],
  antialias: true,
  channels: 'rgb',
  layout: 'nchw',
  scale: 1,
  mean: [0],
  std: [1],
};

/** Reads `--input` arguments, each `@` in them being the folder. */
const read = (...args: string[]): Promise<Tensor[]> => readWith({}, [], ...args);
const readWith = (options: Partial<PictureOptions>, given: string[], ...args: string[]) =>
  readInputs(
    args.map((each) => parseInputArgument(each.replace('@', `${folder.path}/`))),
    { options: { ...asIs, ...options }, given },
  );

const one = Tensor.from({ data: Float32Array.of(1, 2), shape: [1, 2] });
const other = Tensor.from({ data: BigInt64Array.of(3n), shape: [] });

describe('inputs from files', () => {
  test('of every kind, whatever the file is called', async () => {
    folder.write('1', encodeNpy(one));
    folder.write('2', await encodeNpz([Tensor.from(one, 'x'), Tensor.from(other, 'y')]));
    folder.write('3', '{"x": [[1, 2]], "y": {"datatype": "INT64", "data": 3}}');
    folder.write('4', one.toBytes().bytes);
    folder.write('5', await png(pattern(2, 1)));
    folder.write('6', await jpeg(picture(2, 1, [9, 9, 9, 9, 9, 9])));
    const named = [Tensor.from(one, 'x'), Tensor.from(other, 'y')];
    expect(await read('@1')).toEqual([one]);
    expect(await read('@2')).toEqual(named);
    expect(await read('@3')).toEqual(named);
    expect(await read('@4:FP32:1,2')).toEqual([one]);
    const elements = [0, 111, 37, 148, 74, 185];
    expect(await read('@5')).toEqual([
      Tensor.from({ data: Float32Array.from(elements), shape: [1, 3, 1, 2] }),
    ]);
    expect(await read('@5:UINT8')).toEqual([
      Tensor.from({ data: Uint8Array.from(elements), shape: [1, 3, 1, 2] }),
    ]);
    expect(await read('@6')).toMatchObject([{ shape: [1, 3, 1, 2] }]);
  });

  test('by name, in several files', async () => {
    folder.write('one.npy', encodeNpy(one));
    folder.write('other.npz', await encodeNpz([other]));
    folder.write('flat.json', '[[1, 2]]');
    expect(await read('x=@one.npy', 'y=@other.npz', 'z=@flat.json')).toEqual([
      Tensor.from(one, 'x'),
      Tensor.from(other, 'y'),
      Tensor.from(one, 'z'),
    ]);
  });

  test('in order, in several files', async () => {
    folder.write('flat.json', '[[1, 2]]');
    folder.write('one.npy', encodeNpy(one));
    expect((await read('@one.npy', '@flat.json')).map(({ name, shape }) => [name, shape])).toEqual([
      ['', [1, 2]],
      ['', [2]],
    ]);
  });

  test('shape pictures', async () => {
    folder.write('a.png', await png(pattern(4, 2)));
    const [tensor] = await readWith({ channels: 'grey', layout: 'nhwc' }, ['--channels'], '@a.png');
    expect(tensor!.shape).toEqual([1, 2, 4, 1]);
  });

  test('a file that cannot be read or is too large is named', async () => {
    await expect(read('@absent.npy')).rejects.toThrow(FileError);
    await expect(read('@absent.npy')).rejects.toThrow('absent.npy: no such file');
    await expect(read('@')).rejects.toThrow('it is a folder');
    const huge = Buffer.from(await png(pattern(1, 1)));
    huge.writeUInt32BE(2 ** 30, 16);
    huge.set(chunk('IHDR', huge.subarray(16, 29)), 8);
    folder.write('huge.png', huge);
    await expect(read('@huge.png')).rejects.toThrow(FileError);
    await expect(read('@huge.png')).rejects.toThrow(
      'huge.png: the picture has 1073741824 x 1 pixels',
    );
  });

  test.each([
    [['@text'], 'text: neither JSON, .npy, .npz, PNG nor JPEG; for a file of bare elements'],
    [['@empty'], 'empty: neither JSON'],
    [['@text:FP32'], 'text: a datatype alone is for pictures'],
    [['@text:FP32:9'], 'text: a FP32 tensor of shape [9] has 36 bytes, not 4'],
    [['@broken.npy'], 'broken.npy: the .npy file ends within its header'],
    [['@half.npz'], 'half.npz: the .npz file is damaged'],
    [['@a.png:INT64'], 'a.png: a picture can be FP32, FP64, UINT8, INT8, not INT64'],
    [['x=@two.npz'], 'two.npz: it holds 2 arrays, and "x" is one input'],
    [['@ragged.json'], 'ragged.json: nested arrays must have the same length'],
    [['x=@one.npy', '@one.npy'], 'some inputs have a name and some have none'],
    [['x=@one.npy', 'x=@one.npy'], 'two inputs have the name "x"'],
  ])('%j is refused', async (args, reason) => {
    folder.write('text', 'text');
    folder.write('empty', '');
    folder.write('broken.npy', encodeNpy(one).subarray(0, 20));
    const two = await encodeNpz([one, other]);
    folder.write('two.npz', two);
    folder.write('half.npz', two.subarray(0, 100));
    folder.write('one.npy', encodeNpy(one));
    folder.write('a.png', await png(pattern(1, 1)));
    folder.write('ragged.json', '[[[1, 2], [3]]]');
    const refusal: unknown = await read(...args).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(String(refusal)).toContain(reason);
  });

  test('options for pictures are refused where no input is one', async () => {
    folder.write('one.npy', encodeNpy(one));
    await expect(readWith({}, ['--resize', '--scale'], '@one.npy')).rejects.toThrow(
      '--resize, --scale: for pictures, and no input is one',
    );
    folder.write('a.png', await png(pattern(2, 2)));
    await expect(readWith({}, ['--resize'], `@a.png:UINT8:1`)).rejects.toThrow(UsageError);
  });
});

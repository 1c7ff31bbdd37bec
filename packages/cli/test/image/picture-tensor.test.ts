import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/exit-codes.ts';
import { type Normalisation, pictureTensor } from '../../src/image/picture-tensor.ts';
import { picture } from './fixtures.ts';

const plain: Normalisation = {
  layout: 'nchw',
  blueFirst: false,
  scale: 1,
  mean: [0],
  std: [1],
  datatype: 'FP32',
};
/** Two pixels beside each other. */
const two = picture(2, 1, [1, 2, 3, 4, 5, 6]);

describe('a picture as a tensor', () => {
  test.each<[string, Partial<Normalisation>, number[], number[]]>([
    ['channels first', {}, [1, 3, 1, 2], [1, 4, 2, 5, 3, 6]],
    ['channels last', { layout: 'nhwc' }, [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]],
    ['blue first', { blueFirst: true }, [1, 3, 1, 2], [3, 6, 2, 5, 1, 4]],
    ['blue first and last', { blueFirst: true, layout: 'nhwc' }, [1, 1, 2, 3], [3, 2, 1, 6, 5, 4]],
    ['scaled', { scale: 0.5, mean: [1], std: [2] }, [1, 3, 1, 2], [-0.25, 0.5, 0, 0.75, 0.25, 1]],
    ['by channel', { mean: [1, 2, 3], std: [1, 2, 4] }, [1, 3, 1, 2], [0, 3, 0, 1.5, 0, 0.75]],
    // The numbers are those of the tensor's channels: here blue's first.
    [
      'by channel, blue first',
      { blueFirst: true, mean: [3, 2, 1] },
      [1, 3, 1, 2],
      [0, 3, 0, 3, 0, 3],
    ],
  ])('%s', (_what, change, shape, elements) => {
    const tensor = pictureTensor(two, { ...plain, ...change });
    expect(tensor).toMatchObject({ datatype: 'FP32', shape });
    expect([...(tensor.data as Float32Array)]).toEqual(elements);
  });

  test('of one channel', () => {
    const tensor = pictureTensor(picture(1, 2, [7, 8]), plain);
    expect(tensor).toMatchObject({ shape: [1, 1, 2, 1], data: Float32Array.of(7, 8) });
  });

  test('of 16 bits has samples up to 255 too', () => {
    const deep = { ...picture(2, 1, [0, 0]), samples: Uint16Array.of(65_535, 257) };
    expect(pictureTensor(deep, plain).data).toEqual(Float32Array.of(255, 1));
    expect(pictureTensor(deep, { ...plain, scale: 1 / 255 }).data[0]).toBe(1);
  });

  test('of integers has them rounded', () => {
    expect(pictureTensor(two, { ...plain, datatype: 'UINT8', scale: 0.5 }).data).toEqual(
      Uint8Array.of(1, 2, 1, 3, 2, 3),
    );
    expect(pictureTensor(two, { ...plain, datatype: 'INT8', mean: [4] }).data).toEqual(
      Int8Array.of(-3, 0, -2, 1, -1, 2),
    );
  });

  test('of doubles', () => {
    expect(pictureTensor(two, { ...plain, datatype: 'FP64', scale: 0.1 }).data).toBeInstanceOf(
      Float64Array,
    );
  });

  test.each<[Partial<Normalisation>, string]>([
    [{ datatype: 'UINT8', scale: 100 }, 'UINT8 holds 0 to 255'],
    [{ datatype: 'UINT8', mean: [2] }, 'element of -1'],
    [{ datatype: 'INT8', scale: 22 }, 'INT8 holds -128 to 127'],
    [{ mean: [1, 2] }, '--mean has 2 numbers, and the picture 3 channels'],
    [{ std: [1, 2, 3, 4] }, '--std has 4 numbers'],
  ])('%j is refused', (change, reason) => {
    expect(() => pictureTensor(two, { ...plain, ...change })).toThrow(UsageError);
    expect(() => pictureTensor(two, { ...plain, ...change })).toThrow(reason);
  });
});

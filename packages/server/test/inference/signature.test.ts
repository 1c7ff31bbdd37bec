import { ProtocolError, type TensorBytes } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { matchInputs, type ModelSignature } from '../../src/inference/signature.ts';
import { floats, tensor } from '../onnx/tensors.ts';

const signature: ModelSignature = {
  inputs: [
    { name: 'image', datatype: 'FP32', shape: ['n', 2] },
    { name: 'rate', datatype: 'INT64', shape: [] },
  ],
  outputs: [],
};
const image = tensor('image', 'FP32', Float32Array.of(1, 2), [1, 2]);
const rate = tensor('rate', 'INT64', BigInt64Array.of(1n), []);
const unnamed = (input: TensorBytes): TensorBytes => ({ ...input, name: null });

function refusal(inputs: readonly TensorBytes[], maxRank = 8): string {
  try {
    matchInputs(signature, inputs, maxRank);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'taken';
}

describe('inputs are matched to the signature', () => {
  test('by name, in the order of the model', () => {
    const names = matchInputs(signature, [rate, image], 8).map(({ name }) => name);
    expect(names).toEqual(['image', 'rate']);
  });

  test('by position, and are named then', () => {
    const matched = matchInputs(signature, [unnamed(image), unnamed(rate)], 8);
    expect(matched).toEqual([image, rate]);
  });

  test('a declared shape of [] leaves the rank to the model', () => {
    expect(refusal([image, { ...rate, shape: [1, 1] }])).toBe('taken');
  });
});

describe('bad-input says what was expected and what was found', () => {
  test.each<[string, TensorBytes[], string]>([
    ['some named', [image, unnamed(rate)], 'bad-input: name all inputs, or none of them'],
    [
      'too few by position',
      [unnamed(image)],
      'bad-input: the model takes 2 inputs ("image", "rate"), found 1',
    ],
    [
      'too many by position',
      [image, rate, rate].map(unnamed),
      'bad-input: the model takes 2 inputs ("image", "rate"), found 3',
    ],
    ['none', [], 'bad-input: the model takes 2 inputs ("image", "rate"), found 0'],
    ['missing', [image], 'bad-input: input "rate" is missing'],
    [
      'unknown',
      [image, rate, floats('extra', 1)],
      'bad-input: the model has no input "extra"; its inputs are "image", "rate"',
    ],
    ['twice', [image, rate, image], 'bad-input: input "image" is there twice'],
    [
      'datatype',
      [tensor('image', 'FP64', Float64Array.of(1, 2), [1, 2]), rate],
      'bad-input: input "image" must be FP32, found FP64',
    ],
    [
      'rank',
      [floats('image', 1, 2), rate],
      'bad-input: input "image" must have shape [n, 2], found [2]',
    ],
    [
      'fixed dimension',
      [tensor('image', 'FP32', Float32Array.of(1, 2, 3), [1, 3]), rate],
      'bad-input: input "image" must have shape [n, 2], found [1, 3]',
    ],
    [
      'too few bytes',
      [{ ...image, bytes: image.bytes.subarray(1) }, rate],
      'bad-input: input "image": a FP32 tensor of shape [1, 2] has 8 bytes, not 7',
    ],
    [
      'too many bytes',
      [{ ...image, bytes: new Uint8Array(9) }, rate],
      'bad-input: input "image": a FP32 tensor of shape [1, 2] has 8 bytes, not 9',
    ],
    [
      'no natural number',
      [{ ...image, shape: [-1, 2] }, rate],
      'bad-input: input "image": a dimension must be a natural number',
    ],
  ])('%s', (_, inputs, expected) => {
    expect(refusal(inputs)).toBe(expected);
  });

  test('more dimensions than the limit', () => {
    expect(refusal([image, { ...rate, shape: [1, 1, 1] }], 2)).toBe(
      'bad-input: input "rate" must have at most 2 dimensions, found 3',
    );
  });

  test('a boolean that is neither 0 nor 1', () => {
    const flags = { inputs: [{ name: 'f', datatype: 'BOOL', shape: [1] }], outputs: [] } as const;
    expect(() => matchInputs(flags, [tensor('f', 'BOOL', Uint8Array.of(2))], 8)).toThrow(
      'input "f": a BOOL tensor holds bytes of 0 and 1 only',
    );
  });

  test('names stand in messages on one line, shortened', () => {
    const message = refusal([image, floats(`${'a'.repeat(100)}\n`, 1)]);
    expect(message).toContain(`"${'a'.repeat(64)}…"`);
    expect(refusal([image, floats('\n', 1)])).toContain(String.raw`"\n"`);
  });
});

import { describe, expect, test } from 'vitest';
import { constant, graph, model, node, operatorSet, subgraph, value } from '../onnx/build.ts';
import { identity } from '../onnx/models.ts';
import { Message } from '../onnx/protobuf.ts';
import { startPool } from './runner-pool.ts';

const named = (input: string, output: string): Uint8Array =>
  model({
    nodes: [node('Identity', [input], [output])],
    inputs: [value(input, 'FP32', [1])],
    outputs: [value(output, 'FP32', [1])],
  });

/** `names` inputs that are all added up. */
const sum = (names: readonly string[], shape: readonly (number | string)[] = [1]): Uint8Array =>
  model({
    nodes: [node('Sum', names, ['y'])],
    inputs: names.map((name) => value(name, 'FP32', shape)),
    outputs: [value('y', 'FP32', shape)],
  });

/** The first of a sequence of tensors, which is no tensor itself. */
function firstOfSequence(): Uint8Array {
  const tensorType = new Message().message(1, new Message().varint(1, 1));
  const sequenceType = new Message().message(4, new Message().message(1, tensorType));
  return model({
    nodes: [node('SequenceAt', ['x', 'first'], ['y'])],
    inputs: [new Message().text(1, 'x').message(2, sequenceType)],
    outputs: [value('y', 'FP32', null)],
    constants: [constant('first', 'INT64', [], new Uint8Array(8))],
  });
}

/** What the engine's optimizer writes: no attribute that the operator needs, so that the engine refuses it. */
const optimized = model(
  {
    nodes: [node('ReorderInput', ['x'], ['y']).text(7, 'com.microsoft.nchwc')],
    inputs: [value('x', 'FP32', [1])],
    outputs: [value('y', 'FP32', [1])],
  },
  { operatorSets: [operatorSet('', 13), operatorSet('com.microsoft.nchwc', 1)] },
);

const long = 'n'.repeat(512);

describe('model-refused says why, for', () => {
  test.each<[string, Uint8Array, string]>([
    ['float16', identity('FP16'), 'input "x" is of type float16, which is not supported'],
    ['text', identity('STRING'), 'input "x" is of type string, which is not supported'],
    ['bfloat16', identity('BF16'), 'Unsupported data type: 16'],
    ['a sequence', firstOfSequence(), 'input "x" is of type sequence or map'],
    ['a rank of nine', identity('FP32', Array(9).fill(1)), 'has 9 dimensions, at most 8 are taken'],
    ['a dimension of 2^62', identity('FP32', [2 ** 62]), 'a dimension that no tensor can have'],
    [
      'too many inputs',
      sum(Array.from({ length: 257 }, (_, index) => `x${index}`)),
      'the model has 257 inputs, at most 256 are taken',
    ],
    ['a long name', named(`${long}n`, 'y'), 'is too long'],
    ['a name that is long in UTF-8', named('ö'.repeat(257), 'y'), 'is too long'],
    ['a name that cannot be used', named('x', '__proto__'), 'a name that cannot be used'],
    [
      'names that are too long together',
      sum(
        Array.from({ length: 256 }, (_, index) => `${index}`.padEnd(512, 'n')),
        Array(8).fill(long),
      ),
      'the names of inputs, outputs and dimensions are too long',
    ],
    [
      'an output that is there twice',
      model({
        nodes: [node('Identity', ['x'], ['y'])],
        inputs: [value('x', 'FP32', [1])],
        outputs: [value('y', 'FP32', [1]), value('y', 'FP32', [1])],
      }),
      'the model has two outputs of one name',
    ],
    [
      'an operator that does not exist',
      model({
        nodes: [node('Conjure', ['x'], ['y'])],
        inputs: [value('x', 'FP32', [1])],
        outputs: [value('y', 'FP32', [1])],
      }),
      'Conjure',
    ],
    [
      'an operator that loads a file',
      model({
        nodes: [node('EPContext', ['x'], ['y']).text(7, 'com.microsoft')],
        inputs: [value('x', 'FP32', [1])],
        outputs: [value('y', 'FP32', [1])],
      }),
      'node 1 (EPContext): operators that read files or call other libraries are not taken',
    ],
    [
      'an operator of the optimizer',
      optimized,
      'node 1 (ReorderInput): operators of domain "com.microsoft.nchwc" are not taken',
    ],
    [
      'a graph that does not fit together',
      model({
        nodes: [node('Identity', ['nowhere'], ['y'], [subgraph('g', graph(empty))])],
        inputs: [],
        outputs: [value('y', 'FP32', [1])],
      }),
      'the engine does not take the model',
    ],
  ])('%s', async (_, bytes, why) => {
    const { load } = startPool();
    await expect(load(bytes)).rejects.toMatchObject({
      code: 'model-refused',
      message: expect.stringContaining(why) as string,
    });
  });
});

test('operators of other domains get as far as the engine, if the server is set so', async () => {
  const { load } = startPool({ operatorDomains: ['com.microsoft.nchwc'] });
  await expect(load(optimized)).rejects.toMatchObject({
    code: 'model-refused',
    message: expect.stringContaining('the engine does not take the model') as string,
  });
});

const empty = { nodes: [], inputs: [], outputs: [] };

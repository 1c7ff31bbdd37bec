import { ProtocolError } from '@blindai/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { constant, elementTypes, integer, model, node, value } from '../onnx/build.ts';
import { classifier, identity, subtraction } from '../onnx/models.ts';
import { asFloats, floats, tensor } from '../onnx/tensors.ts';
import { patient, startPool } from './runner-pool.ts';

/** Looks things up in `table`, so that it matters what is in an input: over 3 rows of it is an error. */
function lookUp(): Uint8Array {
  const table = new Uint8Array(Float32Array.of(10, 20, 30, 40).buffer);
  return model({
    nodes: [node('Gather', ['table', 'index'], ['y'])],
    inputs: [value('index', 'INT64', ['n'])],
    outputs: [value('y', 'FP32', ['n'])],
    constants: [constant('table', 'FP32', [4], table)],
  });
}

/** The sum of all rows for each: rows that are computed as one change each other. */
function mixing(): Uint8Array {
  return model({
    nodes: [node('ReduceSum', ['x', 'axes'], ['sum']), node('Add', ['x', 'sum'], ['y'])],
    inputs: [value('x', 'FP32', ['n', 2])],
    outputs: [value('y', 'FP32', ['n', 2])],
    constants: [constant('axes', 'INT64', [1], new Uint8Array(BigInt64Array.of(0n).buffer))],
  });
}

const index = (...values: bigint[]) => [tensor('index', 'INT64', BigInt64Array.from(values))];

describe('batches', () => {
  const batching = { maxBatchRows: 16, batchDelayMs: 300, maxQueuedRuns: 64 } as const;

  test('are tried for models with free rows, and every run gets its own', async () => {
    const { load } = startPool(batching);
    const loaded = await load(classifier());
    // A model this small gains whatever the machine does.
    expect(loaded.plan.mostRows).toBe(16);
    const caller = {};
    const inputs = Array.from({ length: 40 }, (_, at) => [at, at + 1]);
    const answers = await Promise.all(
      inputs.map(async ([a, b]) =>
        loaded.run([tensor('x', 'FP32', Float32Array.of(a!, b!), [1, 2])], { ...patient, caller }),
      ),
    );
    for (const [at, [y, largest]] of answers.entries()) {
      const [a, b] = inputs[at]!;
      expect(y!.shape).toEqual([1, 2]);
      expect(asFloats(y!)).toEqual([a! + 3 * b!, 2 * a! + 4 * b!]);
      expect(largest!.shape).toEqual([1, 1]);
    }
  });

  test('give bit for bit what the engine gives for the batch', async () => {
    const weights = Float32Array.from({ length: 64 * 64 }, (_, at) => Math.sin(at));
    const bytes = model({
      nodes: [node('MatMul', ['x', 'weights'], ['y'])],
      inputs: [value('x', 'FP32', ['n', 64])],
      outputs: [value('y', 'FP32', ['n', 64])],
      constants: [constant('weights', 'FP32', [64, 64], new Uint8Array(weights.buffer))],
    });
    const { load } = startPool(batching);
    const loaded = await load(bytes);
    expect(loaded.plan.mostRows).toBe(16);
    const all = Float32Array.from({ length: 10 * 64 }, (_, at) => Math.cos(at));
    const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    const { y: expected } = await session.run({ x: new Tensor('float32', all, [10, 64]) });
    await session.release();
    const caller = {};
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, row) =>
        loaded.run([tensor('x', 'FP32', all.slice(row * 64, (row + 1) * 64), [1, 64])], {
          ...patient,
          caller,
        }),
      ),
    );
    expect(answers.flatMap(([y]) => asFloats(y!))).toEqual([...(expected!.data as Float32Array)]);
  });

  test('are not of models with fixed rows, nor of those whose rows change each other', async () => {
    const { load } = startPool(batching);
    expect((await load(subtraction([1, 2]))).plan.mostRows).toBe(1);
    expect((await load(mixing())).plan.mostRows).toBe(1);
  });

  test('hold what is alike only, and any number of rows', async () => {
    const { load } = startPool(batching);
    const loaded = await load(identity('FP32', ['n', 'm']));
    expect(loaded.plan.mostRows).toBe(16);
    const caller = {};
    const shapes = [
      [1, 2],
      [3, 2],
      [1, 5],
      [20, 2],
      [2, 2],
      [0, 2],
      [1, 5],
    ];
    const answers = await Promise.all(
      shapes.map(async (shape, at) => {
        const values = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => at * 100 + i);
        const [y] = await loaded.run([tensor('x', 'FP32', values, shape)], { ...patient, caller });
        return [y!.shape, asFloats(y!), [...values]] as const;
      }),
    );
    for (const [at, [shape, found, expected]] of answers.entries()) {
      expect(shape).toEqual(shapes[at]);
      expect(found).toEqual(expected);
    }
  });

  test('with a bad item fail for that alone', async () => {
    const { load } = startPool(batching);
    const loaded = await load(lookUp());
    expect(loaded.plan.mostRows).toBe(16);
    const caller = {};
    const answers = await Promise.allSettled(
      [0n, 3n, 77n, 1n].map(async (row) => loaded.run(index(row), { ...patient, caller })),
    );
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((answers[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'bad-input' });
    expect(
      answers.flatMap((answer) =>
        answer.status === 'fulfilled' ? asFloats(answer.value[0]!) : [],
      ),
    ).toEqual([10, 40, 20]);
  });

  test('without room for one of the answers go on without that one', async () => {
    const { load } = startPool(batching);
    const loaded = await load(lookUp());
    const caller = {};
    const held: number[] = [];
    const noRoom = new ProtocolError('too-many-requests', 'no room');
    const answers = await Promise.allSettled(
      [0n, 1n, 2n].map(async (row) =>
        loaded.run(index(row), {
          ...patient,
          caller,
          hold: (bytes) => {
            held.push(bytes);
            if (row === 1n) throw noRoom;
          },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((answers[1] as PromiseRejectedResult).reason).toBe(noRoom);
    expect(held).toEqual([4, 4, 4]);
  });

  test.each([
    ['stay apart', {}, false],
    ['are put together if the upload said so', { batchAcrossCallers: true }, true],
  ])('of different callers %s', async (_, settings, together) => {
    const { load } = startPool(batching);
    const loaded = await load(mixingWhenAsked(), settings);
    expect(loaded.plan.mostRows).toBe(16);
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(async (caller) => loaded.run([floats('x', 5)], { ...patient, caller })),
    );
    // The model tells how many rows it was given at once.
    const rows = answers.map(([y]) => asFloats(y!)[0]);
    expect(rows).toEqual(together ? [3, 3, 3] : [1, 1, 1]);
  });
});

/** Answers how many rows there are where an input is 5, else 0: what the trial does not find out. */
function mixingWhenAsked(): Uint8Array {
  const five = new Uint8Array(Float32Array.of(5).buffer);
  return model({
    nodes: [
      node('Shape', ['x'], ['shape']),
      node('Cast', ['shape'], ['rows'], [integer('to', elementTypes.FP32)]),
      node('Equal', ['x', 'five'], ['isFive']),
      node('Where', ['isFive', 'rows', 'zero'], ['y']),
    ],
    inputs: [value('x', 'FP32', ['n'])],
    outputs: [value('y', 'FP32', ['n'])],
    constants: [
      constant('five', 'FP32', [1], five),
      constant('zero', 'FP32', [1], new Uint8Array(4)),
    ],
  });
}

import { datatypes, ProtocolError, type Datatype, type TensorBytes } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { createModelBytes } from '../../src/models/model-bytes.ts';
import { createChunkMemory } from '../../src/models/model-memory.ts';
import { identity, classifier, subtraction, zeros } from '../onnx/models.ts';
import { constant, model, node, value } from '../onnx/build.ts';
import { asFloats, floats, tensor } from '../onnx/tensors.ts';
import { patient, startPool } from './runner-pool.ts';

describe('a loaded model', () => {
  test('answers each datatype bit by bit, at any alignment', async () => {
    const { load } = startPool();
    for (const datatype of Object.keys(datatypes) as Datatype[]) {
      const loaded = await load(identity(datatype, ['n', 3]));
      expect(loaded.signature).toEqual({
        inputs: [{ name: 'x', datatype, shape: ['n', 3] }],
        outputs: [{ name: 'y', datatype, shape: ['n', 3] }],
      });
      const length = 6 * datatypes[datatype].bytes;
      const whole = Uint8Array.from({ length: length + 1 }, (_, index) =>
        datatype === 'BOOL' ? index % 2 : (index * 37 + 11) % 256,
      );
      const bytes = whole.subarray(1);
      const [y] = await loaded.run([{ name: 'x', datatype, shape: [2, 3], bytes }], patient);
      expect({ ...y, bytes: [...y!.bytes] }).toEqual({
        name: 'y',
        datatype,
        shape: [2, 3],
        bytes: [...bytes],
      });
      await loaded.unload();
    }
  });

  test('answers with its own input, whatever the size of the one before', async () => {
    const { load } = startPool();
    const loaded = await load(identity('UINT8', ['n']));
    // Around what a runner reads at one stroke, and what it keeps memory for.
    const sizes = [1, 3, 3, 0, 60_000, 65_400, 65_536, 65_537, 2, 200_000, 200_000, 5_000_000, 7];
    for (const [turn, size] of sizes.entries()) {
      const bytes = new Uint8Array(size).map((_, at) => (at * 31 + turn * 7) % 256);
      const [y] = await loaded.run(
        [{ name: 'x', datatype: 'UINT8', shape: [size], bytes }],
        patient,
      );
      expect(y!.shape).toEqual([size]);
      expect(Buffer.compare(y!.bytes, bytes)).toBe(0);
    }
  });

  test('computes, with several outputs, optimised and not', async () => {
    const { load } = startPool();
    for (const optimize of [true, false]) {
      const loaded = await load(classifier(), { optimize });
      const outputs = await loaded.run(
        [tensor('x', 'FP32', Float32Array.of(1, 1, 5, -5), [2, 2])],
        patient,
      );
      expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
        ['y', [2, 2]],
        ['largest', [2, 1]],
      ]);
      expect(asFloats(outputs[0]!)).toEqual([4, 6, -10, -10]);
      expect([...new BigInt64Array(Uint8Array.from(outputs[1]!.bytes).buffer)]).toEqual([1n, 0n]);
    }
  });

  test('may also have been sent over the pipe, where the system knows no better', async () => {
    const { pool } = startPool();
    const writer = createModelBytes(1000, undefined, createChunkMemory());
    for (const byte of classifier()) writer.write(Uint8Array.of(byte));
    const loaded = await pool.load(writer.seal(), { optimize: true }, patient);
    const [y] = await loaded.run([tensor('x', 'FP32', Float32Array.of(1, 1), [1, 2])], patient);
    expect(asFloats(y!)).toEqual([4, 6]);
  });

  test('takes inputs by name in any order, or by position', async () => {
    const { load } = startPool();
    const loaded = await load(subtraction([2]));
    const inOrder = [floats('left', 5, 6), floats('right', 1, 2)];
    const withoutNames = inOrder.map((input): TensorBytes => ({ ...input, name: null }));
    for (const inputs of [inOrder, inOrder.toReversed(), withoutNames]) {
      const [difference] = await loaded.run(inputs, patient);
      expect(asFloats(difference!)).toEqual([4, 4]);
    }
  });

  test('takes empty tensors, scalars and free dimensions without a name', async () => {
    const { load } = startPool();
    const free = await load(identity('FP32', ['', 'm']));
    expect(free.signature.inputs[0]!.shape).toEqual([null, 'm']);
    const [empty] = await free.run([tensor('x', 'FP32', new Float32Array(), [0, 7])], patient);
    expect([empty!.shape, empty!.bytes.length]).toEqual([[0, 7], 0]);
    const scalar = await load(identity('INT64', []));
    const [seven] = await scalar.run([tensor('x', 'INT64', BigInt64Array.of(7n), [])], patient);
    expect([seven!.shape, seven!.bytes[0]]).toEqual([[], 7]);
  });

  test('takes any rank where the model does not say it', async () => {
    const { load } = startPool();
    const loaded = await load(identity('FP32', null));
    for (const shape of [[4], [2, 2], [1, 1, 1, 4]]) {
      const [y] = await loaded.run(
        [tensor('x', 'FP32', Float32Array.of(1, 2, 3, 4), shape)],
        patient,
      );
      expect(y!.shape).toEqual(shape);
    }
  });

  test('needs no input, if it declares none', async () => {
    const { load } = startPool();
    const loaded = await load(
      model({
        nodes: [node('ConstantOfShape', ['two'], ['zeros'])],
        inputs: [],
        outputs: [value('zeros', 'FP32', [2])],
        constants: [constant('two', 'INT64', [1], new Uint8Array(BigInt64Array.of(2n).buffer))],
      }),
    );
    const [two] = await loaded.run([], patient);
    expect(asFloats(two!)).toEqual([0, 0]);
  });

  test('leaves outputs for which there is no room with their process, which goes on', async () => {
    const { load, runners } = startPool();
    const loaded = await load(zeros());
    const inputs = [tensor('count', 'INT64', BigInt64Array.of(100_000n))];
    const asked: number[] = [];
    const hold = (bytes: number): void => {
      asked.push(bytes);
      throw new ProtocolError('too-many-requests', 'no room');
    };
    await expect(loaded.run(inputs, { ...patient, hold })).rejects.toMatchObject({
      code: 'too-many-requests',
      message: 'no room',
    });
    const roomy = { ...patient, hold: (bytes: number) => void asked.push(bytes) };
    expect((await loaded.run(inputs, roomy))[0]!.bytes).toHaveLength(400_000);
    expect(asked).toEqual([400_000, 400_000]);
    expect(runners()).toHaveLength(1);
  });

  test('writes every true as 1, whatever byte the model keeps for it', async () => {
    const { load } = startPool();
    const loaded = await load(
      model({
        nodes: [node('Identity', ['flags'], ['y'])],
        inputs: [],
        outputs: [value('y', 'BOOL', [3])],
        constants: [constant('flags', 'BOOL', [3], Uint8Array.of(2, 0, 255))],
      }),
    );
    const [y] = await loaded.run([], patient);
    expect([...y!.bytes]).toEqual([1, 0, 1]);
  });
});

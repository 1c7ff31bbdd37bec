import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { datatypes, type TensorBytes } from '@blindai/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import type { LoadedModel } from '../../src/inference/pool.ts';
import type { TensorSpec } from '../../src/inference/signature.ts';
import { identity } from '../onnx/models.ts';
import { asFloats, floats, tensor } from '../onnx/tensors.ts';
import { randomNumbers } from '../random-numbers.ts';
import { isRunning, patient, sealed, startPool, type TestedPool } from './runner-pool.ts';

const folder = `${sharedFolder}/models`;
const read = (name: string): Uint8Array => readFileSync(`${folder}/${name}`);
const zerosLike = ({ name, datatype, shape }: TensorSpec): TensorBytes => {
  const fixed = shape.map((size) => (typeof size === 'number' ? size : 1));
  const elements = fixed.reduce((product, size) => product * size, 1);
  return {
    name,
    datatype,
    shape: fixed,
    bytes: new Uint8Array(elements * datatypes[datatype].bytes),
  };
};

describe.runIf(sharedAvailable('models'))('real models', () => {
  test.each<[string, TensorBytes[], [string, number[]][]]>([
    [
      'covid_cxr_cnn.onnx',
      [tensor('input.1', 'FP32', new Float32Array(3 * 128 * 128), [1, 3, 128, 128])],
      [['FP32', [1, 3]]],
    ],
    [
      'mnist-8.onnx',
      [tensor('Input3', 'FP32', new Float32Array(28 * 28), [1, 1, 28, 28])],
      [['FP32', [1, 10]]],
    ],
    [
      'silero_vad_v5.onnx',
      [
        tensor('input', 'FP32', new Float32Array(512), [1, 512]),
        tensor('sr', 'INT64', BigInt64Array.of(16_000n), []),
        tensor('state', 'FP32', new Float32Array(2 * 128), [2, 1, 128]),
      ],
      [
        ['FP32', [1, 1]],
        ['FP32', [2, 1, 128]],
      ],
    ],
    [
      'ppocr_cls.onnx',
      [tensor('x', 'FP32', new Float32Array(2 * 3 * 48 * 192), [2, 3, 48, 192])],
      [['FP32', [2, 2]]],
    ],
    [
      'magika_v3_3.onnx',
      [tensor('bytes', 'INT32', new Int32Array(2048), [1, 2048])],
      [['FP32', [1, 214]]],
    ],
    [
      'byte_sb_bidi_lstm.onnx',
      [tensor('input', 'UINT8', Uint8Array.of(1, 2, 3, 4), [1, 4])],
      [['FP32', [1, 4, 2]]],
    ],
    [
      'ultraface_rfb320.onnx',
      [tensor('input', 'FP32', new Float32Array(3 * 240 * 320), [1, 3, 240, 320])],
      [
        ['FP32', [1, 4420, 2]],
        ['FP32', [1, 4420, 4]],
      ],
    ],
    [
      'rand_mobilenetv2_224.onnx',
      [tensor('input', 'FP32', new Float32Array(3 * 224 * 224), [1, 3, 224, 224])],
      [['FP32', [1, 1000]]],
    ],
  ])('%s runs', async (name, inputs, expected) => {
    const { load } = startPool();
    const loaded = await load(read(name));
    const outputs = await loaded.run(inputs, patient);
    expect(outputs.map(({ datatype, shape }) => [datatype, shape])).toEqual(expected);
  });

  test.each<[string, string, number[]]>([
    ['mnist-8.onnx', 'Input3', [1, 1, 28, 28]],
    ['covid_cxr_cnn.onnx', 'input.1', [1, 3, 128, 128]],
    ['ultraface_rfb320.onnx', 'input', [1, 3, 240, 320]],
  ])('%s answers what the bare engine does', async (name, input, shape) => {
    const random = randomNumbers(7);
    const data = Float32Array.from(
      { length: shape.reduce((product, size) => product * size, 1) },
      () => random(1000) / 1000,
    );
    const session = await InferenceSession.create(read(name));
    const expected = await session.run({ [input]: new Tensor('float32', data, shape) });
    await session.release();
    const { load } = startPool();
    const loaded = await load(read(name));
    const outputs = await loaded.run([tensor(input, 'FP32', data, shape)], patient);
    expect(outputs.map((output) => output.name)).toEqual(Object.keys(expected));
    for (const output of outputs) {
      const values = [...(expected[output.name!]!.data as Float32Array)];
      asFloats(output).forEach((value, index) => expect(value).toBeCloseTo(values[index]!, 4));
    }
  });

  test('superres_ort_extensions.onnx is refused, and told why', async () => {
    const { load } = startPool();
    await expect(load(read('superres_ort_extensions.onnx'))).rejects.toMatchObject({
      code: 'model-refused',
      message: expect.stringContaining(
        'node "pre_process_0" (DecodeImage): operators of domain "com.microsoft.extensions"',
      ) as string,
    });
  });
});

/** What may become of a hostile model, by what its name says that it does. */
const endings: Record<string, readonly string[]> = {
  segv: ['model-crashed'],
  abort: ['model-crashed'],
  fpe: ['model-crashed'],
  hang: ['model-timeout', 'model-memory'],
  bomb: ['model-timeout', 'model-memory'],
  external: ['model-refused'],
};

/** Those that no longer reach the engine. */
const refusedByInspection = new Set(['fpe-run-ultraface.onnx', 'hang-load-layernorm.onnx']);

describe.runIf(sharedAvailable('models/hostile'))('hostile models', () => {
  const names = existsSync(`${folder}/hostile`) ? readdirSync(`${folder}/hostile`) : [];

  test.each([...refusedByInspection])('%s is refused by inspection', async (name) => {
    const { code, phase } = await endOf(read(`hostile/${name}`), startPool(), 20_000);
    expect({ code, phase }).toEqual({ code: 'model-refused', phase: 'load' });
  });

  test.each(names)('%s', async (name) => {
    // What the inspection refuses by default, the process is still to survive where it is let through.
    const tested = startPool({ cores: 1, operatorDomains: ['com.microsoft.nchwc'] });
    const witness = await tested.load(identity());
    const [kind, expectedPhase] = name.split('-');
    const isRefused = name === 'hang-load-layernorm.onnx';
    // Only those that never end are given up.
    const isEndless = !isRefused && (kind === 'hang' || kind === 'bomb');
    const timeoutMs = isEndless ? 1500 : 20_000;
    const { code, phase } = await endOf(read(`hostile/${name}`), tested, timeoutMs);
    expect(isRefused ? ['model-refused'] : endings[kind!]).toContain(code);
    if (expectedPhase === 'load' || expectedPhase === 'run') expect(phase).toBe(expectedPhase);
    const [y] = await witness.run([floats('x', 7)], patient);
    expect(asFloats(y!)).toEqual([7]);
    await tested.pool.close();
    expect(tested.log.lines.filter(({ runner }) => isRunning(runner!))).toEqual([]);
  });
});

/** Loads and runs a hostile model, and tells where and with which code it ended. */
async function endOf(
  model: Uint8Array,
  { pool }: TestedPool,
  timeoutMs: number,
): Promise<{ phase: string; code: string }> {
  let loaded: LoadedModel;
  try {
    loaded = await pool.load(sealed(model), { optimize: true }, { timeoutMs });
  } catch (error) {
    return { phase: 'load', code: (error as { code: string }).code };
  }
  try {
    await loaded.run(loaded.signature.inputs.map(zerosLike), { timeoutMs });
  } catch (error) {
    return { phase: 'run', code: (error as { code: string }).code };
  }
  return { phase: 'run', code: 'answered' };
}

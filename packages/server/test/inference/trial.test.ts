import { describe, expect, test } from 'vitest';
import { constant, model, node, value } from '../onnx/build.ts';
import { endlessLoop } from '../onnx/models.ts';
import { floats, tensor } from '../onnx/tensors.ts';
import { eventually, isRunning, MIB, patient, startPool } from './runner-pool.ts';

const side = 512;

/** Multiplies matrices for long enough that threads may pay. */
function heavy(): Uint8Array {
  const weights = new Uint8Array(new Float32Array(side * side).fill(0.01).buffer);
  return model({
    nodes: [
      node('MatMul', ['x', 'weights'], ['a']),
      node('MatMul', ['a', 'weights'], ['b']),
      node('MatMul', ['b', 'weights'], ['y']),
    ],
    inputs: [value('x', 'FP32', [side, side])],
    outputs: [value('y', 'FP32', [side, side])],
    constants: [constant('weights', 'FP32', [side, side], weights)],
  });
}

const matrix = () => tensor('x', 'FP32', new Float32Array(side * side), [side, side]);

/** Reads the same weights for each batch, however many rows that has: threads are worth a try, and batches pay. */
function deep(): Uint8Array {
  const width = 1024;
  const layers = 32;
  const weights = new Uint8Array(new Float32Array(width * width).fill(1 / width).buffer);
  const names = ['x', ...Array.from({ length: layers - 1 }, (_, at) => `h${at}`), 'y'];
  return model({
    nodes: names.slice(1).map((name, at) => node('MatMul', [names[at]!, 'weights'], [name])),
    inputs: [value('x', 'FP32', ['n', width])],
    outputs: [value('y', 'FP32', ['n', width])],
    constants: [constant('weights', 'FP32', [width, width], weights)],
  });
}

describe('the trial of a model', () => {
  test.runIf(process.platform === 'linux')(
    'keeps what it showed of batches if there is no room to try threads',
    async () => {
      const { load, runners } = startPool({
        cores: 2,
        scheduling: 'auto',
        maxBatchRows: 16,
        maxRunnersBytes: 160 * MIB,
      });
      const loaded = await load(deep());
      expect(loaded.plan).toEqual({ threads: 1, mostRunners: 2, mostRows: 16 });
      expect(runners()).toHaveLength(1);
    },
  );

  test('that hangs or crashes costs it nothing but the trial', async () => {
    const { load, log } = startPool({ cores: 2, scheduling: 'auto', maxBatchRows: 16 });
    const hangs = await load(endlessLoop());
    expect(hangs.plan).toEqual({ threads: 1, mostRunners: 2, mostRows: 1 });
    await expect(hangs.run([floats('x', 1)], { timeoutMs: 300 })).rejects.toMatchObject({
      code: /^(?:model-timeout|too-many-requests)$/,
    });
    expect(log.lines.some(({ event }) => event === 'model-quarantined')).toBe(false);
  });

  test('ends all processes but those that are needed', async () => {
    const { load, runners } = startPool({ cores: 2, scheduling: 'auto', maxBatchRows: 16 });
    const loaded = await load(heavy());
    expect([1, 2]).toContain(loaded.plan.threads);
    expect(loaded.plan.mostRunners).toBe(loaded.plan.threads === 1 ? 2 : 1);
    // Where the machine is busy, the time for the trial may be over before the other one has started.
    expect(runners().length).toBeLessThanOrEqual(2);
    await expect.poll(() => runners().filter(isRunning).length, eventually).toBe(1);
    expect(await loaded.run([matrix()], patient)).toHaveLength(1);
  });
});

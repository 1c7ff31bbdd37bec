import { describe, expect, test } from 'vitest';
import { loop } from '../onnx/models.ts';
import { rounds } from '../onnx/tensors.ts';
import { eventually, patient, startPool, type TestedPool } from './runner-pool.ts';

const ready = { state: 'ready', reason: '' };
const loading = { state: 'loading', reason: "the model's process is being started" };

/** Kills the runner that was started last, from outside, and waits until the server has noticed. */
async function crash({ runners, log }: TestedPool): Promise<void> {
  const crashes = (): number => log.lines.filter(({ event }) => event === 'runner-crashed').length;
  const before = crashes();
  process.kill(runners().at(-1)!, 'SIGKILL');
  await expect.poll(crashes, eventually).toBe(before + 1);
}

describe('the health of a model', () => {
  test('is ready, loading while its process is started again, and ready once more', async () => {
    const tested = startPool();
    const loaded = await tested.load(loop());
    expect(loaded.health).toEqual(ready);
    await crash(tested);
    // The next run starts another process, so that runs are taken all the same.
    expect(loaded.health).toEqual(ready);
    const run = loaded.run([rounds(1n)], patient);
    expect(loaded.health).toEqual(loading);
    await run;
    expect(loaded.health).toEqual(ready);
  });

  test('is quarantined after three crashes in a row, and says why', async () => {
    const tested = startPool();
    const loaded = await tested.load(loop());
    await crash(tested);
    for (const count of [2, 3]) {
      const run = loaded.run([rounds(2n ** 62n)], patient).catch((error: unknown) => error);
      await expect.poll(() => tested.runners().length, eventually).toBe(count);
      await crash(tested);
      expect(await run).toMatchObject({ code: 'model-crashed' });
    }
    expect(loaded.health).toEqual({
      state: 'quarantined',
      reason: expect.stringMatching(/^the model is quarantined after 3 crashes in a row/) as string,
    });
  });
});

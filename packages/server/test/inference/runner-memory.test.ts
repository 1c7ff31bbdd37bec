import { describe, expect, test } from 'vitest';
import { identity, loop } from '../onnx/models.ts';
import { asFloats, floats, rounds } from '../onnx/tensors.ts';
import { isRunning, MIB, patient, startPool } from './runner-pool.ts';

const slow = rounds(300_000n);

describe('the memory of all models', () => {
  test.runIf(process.platform === 'linux')(
    'makes the one that was idle the longest give way, which comes back',
    async () => {
      // A process has about 100 MB, and is expected to have 96 MiB: two fit.
      const { load, log, runners } = startPool({ maxRunnersBytes: 250 * MIB });
      const [first, second] = [await load(identity()), await load(identity())];
      await first.run([floats('x', 1)], patient);
      const third = await load(identity());
      expect(runners().map(isRunning)).toEqual([true, false, true]);
      expect(second.health).toEqual({ state: 'ready', reason: '' });
      for (const [at, loaded] of [first, second, third].entries()) {
        const [y] = await loaded.run([floats('x', at)], patient);
        expect(asFloats(y!)).toEqual([at]);
      }
      expect(runners().filter(isRunning).length).toBeLessThanOrEqual(2);
      expect(log.lines.some(({ event }) => event === 'runner-crashed')).toBe(false);
    },
  );

  test.runIf(process.platform === 'linux')('is waited for while all are busy', async () => {
    const { load } = startPool({ cores: 2, maxRunnersBytes: 160 * MIB });
    const busy = await load(loop());
    const answer = busy.run([slow], patient);
    const other = await load(identity());
    expect(await answer).toHaveLength(1);
    expect(asFloats((await other.run([floats('x', 2)], patient))[0]!)).toEqual([2]);
  });

  test.runIf(process.platform === 'linux')('bounds how many processes a model gets', async () => {
    const { load, runners } = startPool({
      cores: 2,
      maxQueuedRuns: 64,
      maxRunnersBytes: 160 * MIB,
    });
    const loaded = await load(loop());
    const answers = Array.from({ length: 6 }, () => loaded.run([slow], patient));
    expect(await Promise.all(answers)).toHaveLength(6);
    expect(runners()).toHaveLength(1);
  });
});

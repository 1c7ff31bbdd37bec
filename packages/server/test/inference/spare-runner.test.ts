import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { identity, loop } from '../onnx/models.ts';
import { asFloats, floats, rounds } from '../onnx/tensors.ts';
import { childrenOf, eventually, isRunning, patient, startPool } from './runner-pool.ts';

const quick = [rounds(3n)];

/** A pool with a model, and the process that it had started ahead, which is dead without its knowledge. */
async function killSpare(): Promise<ReturnType<typeof startPool> & { spare: number }> {
  const before = childrenOf(process.pid);
  const pool = startPool({ spareRunners: 1 });
  await pool.load(identity());
  const [spare] = childrenOf(process.pid).filter(
    (pid) => !before.includes(pid) && !pool.runners().includes(pid),
  );
  process.kill(spare!, 'SIGKILL');
  return { ...pool, spare: spare! };
}

describe.runIf(process.platform === 'linux')('a process that is started ahead', () => {
  test('becomes the process of the next model, and is replaced', async () => {
    const before = childrenOf(process.pid);
    const { load, runners } = startPool({ spareRunners: 1 });
    const ahead = (): number[] =>
      childrenOf(process.pid).filter((pid) => !before.includes(pid) && !runners().includes(pid));
    expect(ahead()).toHaveLength(1);
    await load(identity());
    const [spare] = ahead();
    expect(ahead()).toHaveLength(1);
    const second = await load(loop());
    expect(runners()[1]).toBe(spare);
    expect(ahead()).toHaveLength(1);
    expect(await second.run(quick, patient)).toHaveLength(1);
    // A process that dies is followed by the spare.
    const [next] = ahead();
    process.kill(spare!, 'SIGKILL');
    await expect.poll(() => isRunning(spare!), eventually).toBe(false);
    await expect
      .poll(
        () =>
          second.run(quick, patient).then(
            () => true,
            () => false,
          ),
        eventually,
      )
      .toBe(true);
    expect(runners()[2]).toBe(next);
  });

  test('that was killed is not missed', async () => {
    const { load, runners, spare } = await killSpare();
    // Once its entry is gone, this process has heard of it.
    await expect.poll(() => existsSync(`/proc/${spare}`), eventually).toBe(false);
    const loaded = await load(identity());
    expect(asFloats((await loaded.run([floats('x', 4)], patient))[0]!)).toEqual([4]);
    expect(runners()[1]).not.toBe(spare);
  });

  test('that was killed a moment ago is not missed either', async () => {
    const { load, runners, spare } = await killSpare();
    // It is taken: this process has not heard of its death.
    const loaded = await load(identity());
    expect(asFloats((await loaded.run([floats('x', 4)], patient))[0]!)).toEqual([4]);
    expect(runners().at(-1)).not.toBe(spare);
  });

  test('ends with the pool', async () => {
    const before = childrenOf(process.pid);
    const { load, pool } = startPool({ spareRunners: 1 });
    await load(identity());
    const started = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    expect(started).toHaveLength(2);
    await pool.close();
    expect(started.filter(isRunning)).toEqual([]);
  });

  test('is none unless it was asked for', async () => {
    const { load } = startPool();
    const before = childrenOf(process.pid);
    await load(identity());
    expect(childrenOf(process.pid).filter((pid) => !before.includes(pid))).toHaveLength(1);
  });
});

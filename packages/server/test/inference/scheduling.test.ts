import { ProtocolError } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { leastDemanded } from '../../src/inference/runner-cage.ts';
import { sharedUser, type RunnerUsers } from '../../src/inference/runner-users.ts';
import { identity, loop } from '../onnx/models.ts';
import { asFloats, floats, rounds } from '../onnx/tensors.ts';
import { eventually, isRunning, patient, startPool } from './runner-pool.ts';

const slow = rounds(300_000n);
const endless = [rounds(2n ** 62n)];
const quick = [rounds(3n)];

describe('runs of one model', () => {
  test('get more processes while cores are free, as many as cores', async () => {
    const { load, runners } = startPool({ cores: 2, maxQueuedRuns: 64 });
    const loaded = await load(loop());
    expect(runners()).toHaveLength(1);
    const answers = Array.from({ length: 12 }, () => loaded.run([slow], patient));
    expect(await Promise.all(answers)).toHaveLength(12);
    expect(new Set(runners()).size).toBe(2);
    await loaded.unload();
    expect(runners().filter(isRunning)).toEqual([]);
  });

  test('are answered by the process there is, if no other can be started', async () => {
    let started = 0;
    const users: RunnerUsers = {
      ...sharedUser('a test'),
      take: () => {
        started += 1;
        if (started > 1) throw new ProtocolError('too-many-requests', 'no user is left');
        return null;
      },
    };
    const { load, runners } = startPool({ cores: 2, maxQueuedRuns: 64 }, undefined, {
      users,
      demanded: leastDemanded,
    });
    const loaded = await load(loop());
    const answers = Array.from({ length: 6 }, () => loaded.run([slow], patient));
    expect(await Promise.all(answers)).toHaveLength(6);
    expect(started).toBeGreaterThan(1);
    expect(runners()).toHaveLength(1);
  });

  test('get one process of all cores, if that is asked for', async () => {
    const { load, runners } = startPool({ cores: 2, scheduling: 'latency', maxQueuedRuns: 64 });
    const loaded = await load(loop());
    expect(loaded.plan).toEqual({ threads: 2, mostRunners: 1, mostRows: 1 });
    const answers = Array.from({ length: 6 }, () => loaded.run([slow], patient));
    expect(await Promise.all(answers)).toHaveLength(6);
    expect(runners()).toHaveLength(1);
  });

  test('of several callers take turns', async () => {
    const { load } = startPool({ maxQueuedRuns: 64 });
    const loaded = await load(loop());
    const order: string[] = [];
    const ask = async (caller: string): Promise<void> => {
      await loaded.run([slow], { ...patient, caller });
      order.push(caller);
    };
    const greedy = Array.from({ length: 8 }, () => ask('greedy'));
    await Promise.all([ask('modest'), ...greedy]);
    expect(order.indexOf('modest')).toBeLessThan(3);
  });

  test('leave a place for a caller who has none', async () => {
    const { load } = startPool({ maxQueuedRuns: 3 });
    const loaded = await load(loop());
    const ask = async (caller: string): Promise<string> =>
      loaded.run([slow], { ...patient, caller }).then(
        () => 'answered',
        (error: unknown) => (error as ProtocolError).code,
      );
    const greedy = Array.from({ length: 4 }, () => ask('greedy'));
    const modest = ask('modest');
    expect(await modest).toBe('answered');
    // The newest of theirs made place.
    expect(await Promise.all(greedy)).toEqual([
      'answered',
      'answered',
      'answered',
      'too-many-requests',
    ]);
  });

  test('beyond the bound are refused, with the time after which to try again', async () => {
    const { load } = startPool({ maxQueuedRuns: 1 });
    const loaded = await load(loop());
    const caller = {};
    const taken = [1, 2].map(() => loaded.run([slow], { ...patient, caller }));
    const refused = await loaded
      .run([slow], { ...patient, caller })
      .catch((error: unknown) => error as Refusal);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: 'too-many-requests', headers: { 'Retry-After': '1' } });
    await Promise.all(taken);
  });
});

describe("a caller's own deadline", () => {
  test('answers at that time, and leaves the process a little longer', async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    await expect(loaded.run(endless, { ...patient, callerTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'model-timeout',
      message: 'the model did not answer within 200 ms',
    });
    expect(isRunning(runners()[0]!)).toBe(true);
    await expect.poll(() => isRunning(runners()[0]!), eventually).toBe(false);
    expect(await loaded.run(quick, patient)).toHaveLength(1);
  });

  test('holds while the run waits', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    const hung = expect(loaded.run(endless, { timeoutMs: 1500 })).rejects.toMatchObject({
      code: 'model-timeout',
    });
    await expect(loaded.run(quick, { ...patient, callerTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'too-many-requests',
      message: 'the model was busy or starting for all of 50 ms',
    });
    await hung;
  });

  test('is no longer than the own of the server', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    await expect(
      loaded.run(endless, { timeoutMs: 300, callerTimeoutMs: 60_000 }),
    ).rejects.toMatchObject({ message: 'the model did not answer within 300 ms' });
  });
});

describe('a model whose runs hang', () => {
  test('is quarantined after three in a row', async () => {
    const { load, log, runners } = startPool();
    const loaded = await load(loop());
    for (let times = 0; times < 3; times++) {
      await expect(loaded.run(endless, { timeoutMs: 2000 })).rejects.toMatchObject({
        code: 'model-timeout',
      });
    }
    await expect(loaded.run(quick, patient)).rejects.toMatchObject({
      code: 'model-timeout',
      message:
        'the model is quarantined after 3 runs in a row that did not come to an end; ' +
        'delete it and upload it again',
    });
    expect(loaded.health.state).toBe('quarantined');
    expect(log.lines.filter(({ event }) => event === 'model-quarantined')).toHaveLength(1);
    await expect.poll(() => runners().some(isRunning), eventually).toBe(false);
  });

  test('is not, if one between them is answered', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    for (const inputs of [endless, endless, quick, endless, endless]) {
      await loaded.run(inputs, { timeoutMs: 2000 }).catch(() => undefined);
    }
    expect(loaded.health.state).toBe('ready');
  });

  test('is not for callers who do not wait', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    for (let times = 0; times < 4; times++) {
      await expect(loaded.run(endless, { ...patient, callerTimeoutMs: 100 })).rejects.toMatchObject(
        { code: /^(?:model-timeout|too-many-requests)$/ },
      );
    }
    expect(await loaded.run(quick, patient)).toHaveLength(1);
  });
});

describe('a model with a process for each caller', () => {
  test('never serves two runs with one', async () => {
    const { load, runners } = startPool();
    const loaded = await load(identity(), { runner: 'per-caller' });
    for (const number of [1, 2, 3]) {
      const [y] = await loaded.run([floats('x', number)], patient);
      expect(asFloats(y!)).toEqual([number]);
    }
    await loaded.unload();
    expect(new Set(runners()).size).toBeGreaterThanOrEqual(3);
    expect(runners().filter(isRunning)).toEqual([]);
  });
});

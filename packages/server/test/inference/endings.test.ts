import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TensorBytes } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { descendantsOf } from '../../../../test/support/process-watch.ts';
import { identity, loop, zeros } from '../onnx/models.ts';
import { asFloats, floats, rounds, tensor } from '../onnx/tensors.ts';
import {
  eventually,
  isRunning,
  MIB,
  patient,
  sealed,
  startPool,
  type TestedPool,
} from './runner-pool.ts';

const short = { timeoutMs: 300 } as const;
const endless = [rounds(2n ** 62n)];
const quick = [rounds(3n)];
const count = (value: bigint): TensorBytes[] => [tensor('count', 'INT64', BigInt64Array.of(value))];

/** Kills the runner that was started last, from outside, and waits until the server has noticed. */
async function crash({ runners, log }: TestedPool): Promise<void> {
  const pid = runners().at(-1)!;
  process.kill(pid, 'SIGKILL');
  await expect
    .poll(
      () => log.lines.filter(({ event }) => event === 'runner-crashed').map((line) => line.runner),
      eventually,
    )
    .toContain(pid);
}

describe.runIf(process.platform === 'linux')('a process that is killed (needs /proc)', () => {
  test('before it was given the model, and another after it, is not ready, and no bug', async () => {
    // A program that says nothing: it never gets as far as to be given a model.
    const { load } = startPool(
      {},
      fileURLToPath(new URL('programs/never-starts.mjs', import.meta.url)),
    );
    const before = new Set(descendantsOf(process.pid));
    const loaded = load(identity());
    const refused = expect(loaded).rejects.toMatchObject({
      code: 'not-ready',
      message: "the model's process was killed while it started",
    });
    const started = (): number[] => descendantsOf(process.pid).filter((pid) => !before.has(pid));
    await expect.poll(started, eventually).toHaveLength(1);
    const [first] = started();
    process.kill(first!, 'SIGKILL');
    const others = (): number[] => started().filter((pid) => pid !== first);
    await expect.poll(others, eventually).toHaveLength(1);
    process.kill(others()[0]!, 'SIGKILL');
    await refused;
  });
});

describe.runIf(process.platform === 'linux')('a process that crashes at once (needs /proc)', () => {
  test('has crashed, though its death is noticed before its words', async () => {
    const program = new URL('programs/starts-and-dies.mjs', import.meta.url);
    const { load } = startPool({}, fileURLToPath(program));
    const before = new Set(descendantsOf(process.pid));
    const refused = expect(load(identity())).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the process that ran the model ended with SIGTERM',
    });
    let runner: number | undefined;
    while (runner === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      runner = descendantsOf(process.pid).find((pid) => !before.has(pid));
    }
    // Another process speaks and dies. By the time its words are dealt with, and so before its death is, the
    // runner has died too: both deaths are noticed together, and what the runner said comes only then.
    const other = spawn('echo', ['word'], { stdio: ['ignore', 'pipe', 'ignore'] });
    other.stdout.once('data', () => waitUntilDead(runner));
    waitUntilDead(other.pid!);
    await refused;
  });
});

/** Waits without noticing anything else, until a process can be noticed to be dead. */
function waitUntilDead(pid: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  // Its first thread is dead before the others are.
  const isThere = (): boolean => isRunning(pid) || readdirSync(`/proc/${pid}/task`).length > 1;
  for (let times = 0; isThere() && times < 2000; times += 1) Atomics.wait(clock, 0, 0, 5);
}

describe('a model that hangs', () => {
  test('ends in model-timeout with its process gone, and runs again', async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    await expect(loaded.run(endless, short)).rejects.toMatchObject({
      code: 'model-timeout',
      message: 'the model did not answer within 300 ms',
    });
    expect(isRunning(runners()[0]!)).toBe(false);
    const [done] = await loaded.run(quick, patient);
    expect(asFloats(done!)).toEqual([1]);
    expect(runners()).toHaveLength(2);
  });

  test('keeps no other model from answering, however few cores there are', async () => {
    const { load } = startPool({ cores: 1 });
    const [hanging, other] = [await load(loop()), await load(identity())];
    let isOver = false;
    const hung = hanging.run(endless, { timeoutMs: 3000 }).catch((error: unknown) => {
      isOver = true;
      return error;
    });
    const [y] = await other.run([floats('x', 7)], patient);
    expect(asFloats(y!)).toEqual([7]);
    expect(isOver).toBe(false);
    expect(await hung).toMatchObject({ code: 'model-timeout' });
  });

  test('makes those behind it wait no longer than their own deadline', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    const hung = expect(loaded.run(endless, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'model-timeout',
    });
    await expect(loaded.run(quick, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'too-many-requests',
      message: 'the model was busy or starting for all of 100 ms',
    });
    await hung;
  });

  test('is never quarantined for it', async () => {
    const { load } = startPool();
    const loaded = await load(loop());
    for (let times = 0; times < 4; times++) {
      await expect(loaded.run(endless, { timeoutMs: 150 })).rejects.toMatchObject({
        code: expect.stringMatching(/^(model-timeout|too-many-requests)$/) as string,
      });
    }
    expect(await loaded.run(quick, patient)).toHaveLength(1);
  });
});

describe('a caller who leaves', () => {
  test('hears at once, and the endless run is ended', async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    const caller = new AbortController();
    const run = loaded.run(endless, { ...patient, signal: caller.signal });
    // Behind the turn of the loop that starts it.
    await new Promise((resolve) => setImmediate(resolve));
    caller.abort(new Error('left'));
    await expect(run).rejects.toThrow('left');
    expect(isRunning(runners()[0]!)).toBe(true);
    await expect.poll(() => isRunning(runners()[0]!), eventually).toBe(false);
    expect(await loaded.run(quick, patient)).toHaveLength(1);
  });

  test('costs the next one nothing, if the run ends by itself', async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    const caller = new AbortController();
    const run = loaded.run(quick, { ...patient, signal: caller.signal });
    caller.abort(new Error('left'));
    await expect(run).rejects.toThrow('left');
    expect(await loaded.run(quick, patient)).toHaveLength(1);
    expect(runners()).toHaveLength(1);
  });

  test('before the call is not served', async () => {
    const { load } = startPool();
    const loaded = await load(identity());
    const signal = AbortSignal.abort(new Error('left'));
    await expect(loaded.run([floats('x', 1)], { ...patient, signal })).rejects.toThrow('left');
  });

  test('frees its place in the queue', async () => {
    const { load } = startPool({ maxQueuedRuns: 1 });
    const loaded = await load(loop());
    const first = loaded.run([rounds(1_000_000n)], patient);
    const caller = new AbortController();
    const second = loaded.run(quick, { ...patient, signal: caller.signal });
    await expect(loaded.run(quick, patient)).rejects.toMatchObject({
      code: 'too-many-requests',
      message: 'too many runs wait for this model',
    });
    caller.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    const third = loaded.run(quick, patient);
    expect(await Promise.all([first, third])).toHaveLength(2);
  });
});

describe('a model that takes too much memory', () => {
  test.runIf(process.platform === 'linux')('ends in model-memory, and runs again', async () => {
    const { load, runners } = startPool({ runnerMemoryBytes: 256 * MIB });
    const loaded = await load(zeros());
    await expect(loaded.run(count(2n ** 32n), patient)).rejects.toMatchObject({
      code: 'model-memory',
    });
    const [few] = await loaded.run(count(2n), patient);
    expect(asFloats(few!)).toEqual([0, 0]);
    expect(runners()).toHaveLength(2);
  });

  test.runIf(process.platform === 'linux')('also when its inputs alone do', async () => {
    const { load, runners } = startPool({ runnerMemoryBytes: 128 * MIB });
    const loaded = await load(identity('UINT8', ['n']));
    const large = tensor('x', 'UINT8', new Uint8Array(256 * MIB));
    await expect(loaded.run([large], patient)).rejects.toMatchObject({ code: 'model-memory' });
    expect(await loaded.run([tensor('x', 'UINT8', Uint8Array.of(1))], patient)).toHaveLength(1);
    expect(runners()).toHaveLength(2);
  });

  test('or gives too much: too-large', async () => {
    const { load } = startPool({ maxReplyBytes: 100 });
    const loaded = await load(zeros());
    const run = loaded.run(count(26n), patient);
    await expect(run).rejects.toMatchObject({
      code: 'too-large',
      message: 'the outputs have 104 bytes, at most 100 are returned',
    });
  });
});

describe('a runner that crashes', () => {
  test('ends the run in model-crashed, and the next run has another one', async () => {
    const tested = startPool();
    const loaded = await tested.load(loop());
    const run = expect(loaded.run(endless, patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the process that ran the model ended with SIGKILL',
    });
    await crash(tested);
    await run;
    expect(await loaded.run(quick, patient)).toHaveLength(1);
    expect(tested.runners()).toHaveLength(2);
  });

  test('keeps no other model from answering', async () => {
    const tested = startPool();
    const other = await tested.load(identity());
    const loaded = await tested.load(loop());
    const run = loaded.run(endless, patient).catch((error: unknown) => error);
    const answers = other.run([floats('x', 7)], patient);
    await crash(tested);
    expect(await run).toMatchObject({ code: 'model-crashed' });
    expect(asFloats((await answers)[0]!)).toEqual([7]);
    expect(isRunning(tested.runners()[0]!)).toBe(true);
  });

  test('three times in a row puts its model in quarantine, for good', async () => {
    const tested = startPool();
    const loaded = await tested.load(loop());
    await crash(tested);
    const second = loaded.run(endless, patient).catch((error: unknown) => error);
    await expect.poll(() => tested.runners().length, eventually).toBe(2);
    await crash(tested);
    expect(await second).toMatchObject({ code: 'model-crashed' });
    const last = loaded.run(endless, patient).catch((error: unknown) => error);
    const waiting = loaded.run(quick, patient).catch((error: unknown) => error);
    await expect.poll(() => tested.runners().length, eventually).toBe(3);
    await crash(tested);
    const quarantined = {
      code: 'model-crashed',
      message:
        'the model is quarantined after 3 crashes in a row (the last: the process that ran the model ' +
        'ended with SIGKILL); delete it and upload it again',
    };
    expect(await last).toMatchObject({ code: 'model-crashed' });
    expect(await waiting).toMatchObject(quarantined);
    await expect(loaded.run(quick, patient)).rejects.toMatchObject(quarantined);
    expect(tested.log.lines.at(-1)).toMatchObject({ event: 'model-quarantined', count: 3 });
    const other = await tested.load(identity());
    expect(await other.run([floats('x', 1)], patient)).toHaveLength(1);
  });

  test('is started again for all who wait, not for each', async () => {
    const tested = startPool();
    const loaded = await tested.load(identity());
    await crash(tested);
    await expect(loaded.run([floats('x', 1)], { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'too-many-requests',
    });
    expect(asFloats((await loaded.run([floats('x', 2)], patient))[0]!)).toEqual([2]);
    expect(tested.runners()).toHaveLength(2);
  });

  test('and answers in between is not quarantined', async () => {
    const tested = startPool();
    const loaded = await tested.load(identity());
    for (let times = 0; times < 4; times++) {
      await crash(tested);
      expect(await loaded.run([floats('x', 1)], patient)).toHaveLength(1);
    }
  });
});

describe('a first load that fails', () => {
  test.each<[string, Uint8Array, string]>([
    ['refused', Uint8Array.of(1, 2, 3), 'model-refused'],
    ['empty', new Uint8Array(), 'model-refused'],
  ])('%s: leaves no process', async (_, model, code) => {
    const { load, log } = startPool();
    await expect(load(model)).rejects.toMatchObject({ code });
    expect(log.lines.map(({ event }) => event)).toEqual(['runner-ended']);
    expect(isRunning(log.lines[0]!.runner!)).toBe(false);
  });

  test('for its deadline', async () => {
    const { pool, log } = startPool();
    const load = pool.load(sealed(identity()), { optimize: true }, { timeoutMs: 1 });
    await expect(load).rejects.toMatchObject({
      code: 'model-timeout',
      message: 'the model did not load within 1 ms',
    });
    expect(log.lines.every(({ runner }) => !isRunning(runner!))).toBe(true);
  });
});

describe('the end of a model', () => {
  test('unload answers those who run and those who wait, and ends the process', async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    const runs = [loaded.run(endless, patient), loaded.run(quick, patient)].map((run) =>
      expect(run).rejects.toMatchObject({ code: 'not-found', message: 'the model was deleted' }),
    );
    await loaded.unload();
    expect(isRunning(runners()[0]!)).toBe(false);
    await Promise.all(runs);
    await expect(loaded.run(quick, patient)).rejects.toMatchObject({ code: 'not-found' });
    await loaded.unload();
  });

  test('close of the pool ends everything, also what is just loading', async () => {
    const { pool, load, runners } = startPool();
    const loaded = await load(loop());
    const failing = [
      loaded.run(endless, patient),
      loaded.run(quick, patient),
      pool.load(sealed(identity()), { optimize: true }, patient),
    ].map((promise) => expect(promise).rejects.toMatchObject({ code: 'going-down' }));
    await pool.close();
    expect(runners().filter(isRunning)).toEqual([]);
    await Promise.all(failing);
    await expect(load(identity())).rejects.toMatchObject({ code: 'going-down' });
  });
});

describe('a model with a runner per caller', () => {
  test('never uses a process twice', async () => {
    const { load, runners } = startPool();
    const loaded = await load(identity(), { runner: 'per-caller' });
    for (let times = 0; times < 3; times++) {
      expect(asFloats((await loaded.run([floats('x', times)], patient))[0]!)).toEqual([times]);
    }
    expect(new Set(runners()).size).toBeGreaterThanOrEqual(3);
    await expect.poll(() => runners().slice(0, 3).filter(isRunning), eventually).toEqual([]);
  });
});

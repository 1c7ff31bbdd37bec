import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { cageMechanisms } from '../../src/inference/messages.ts';
import { RunnerPool, type PoolConfig } from '../../src/inference/pool.ts';
import { countThreads, leastDemanded, type RunnerCage } from '../../src/inference/runner-cage.ts';
import { ownUsers, sharedUser } from '../../src/inference/runner-users.ts';
import { findIsolation } from '../../src/isolation/find-isolation.ts';
import { systemCalls } from '../../src/platform/system-calls.ts';
import { eventually, MIB, patient, sealed } from '../inference/runner-pool.ts';
import { identity } from '../onnx/models.ts';
import { asFloats, floats } from '../onnx/tensors.ts';
import { recordLog, type RecordedLog } from '../recorded-log.ts';
import { isRoot } from './elsewhere.ts';

const program = (name: string): string =>
  fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));

const config: PoolConfig = {
  runnerMemoryBytes: 512 * MIB,
  maxQueuedRuns: 4,
  maxTensors: 8,
  maxRank: 8,
  loadTimeoutMs: 20_000,
  cores: 2,
  scheduling: 'latency',
};

/** All that there is under one user. */
const everything: RunnerCage = {
  users: sharedUser('a test'),
  demanded: cageMechanisms.filter((mechanism) => mechanism !== 'own-user'),
};

const found = await findIsolation({ runnerUids: null, runnerMemoryBytes: 512 * MIB });
const isComplete = available(
  'a kernel with all that the cage is made of',
  everything.demanded.every((mechanism) => found.cage.demanded.includes(mechanism)),
  { environmental: true },
);

function startPool(cage: RunnerCage, name?: string): { pool: RunnerPool; log: RecordedLog } {
  const log = recordLog();
  const pool = new RunnerPool(config, log, cage, name === undefined ? undefined : program(name));
  onTestFinished(() => pool.close());
  return { pool, log };
}

const load = async (pool: RunnerPool, model: Uint8Array): ReturnType<RunnerPool['load']> =>
  pool.load(sealed(model), { optimize: true }, { timeoutMs: 20_000, modelRef: '0123456789abcdef' });

const runnerOf = ({ lines }: RecordedLog): number =>
  lines.find(({ event }) => event === 'runner-started')!.runner!;

describe.runIf(isComplete)('a runner', () => {
  test('that is caged as demanded runs its model, and is filtered on every thread', async () => {
    const { pool, log } = startPool(everything);
    const loaded = await load(pool, identity());
    const [y] = await loaded.run([floats('x', 7)], patient);
    expect(asFloats(y!)).toEqual([7]);
    const { all, filtered, capable } = countThreads(runnerOf(log))!;
    expect(all).toBeGreaterThan(4);
    expect([filtered, capable]).toEqual([all, 0]);
    expect(log.lines.filter(({ event }) => event === 'call-denied')).toEqual([]);
  });

  test('that only says so gets no model: the kernel is asked about its threads', async () => {
    const { pool } = startPool({ ...everything, demanded: ['system-calls'] }, 'boaster');
    await expect(load(pool, identity())).rejects.toMatchObject({
      code: 'internal',
      message: 'a runner could not close its cage',
    });
    // Where nothing of it is demanded, nothing is looked for.
    await load(startPool({ ...everything, demanded: leastDemanded }, 'boaster').pool, identity());
  });

  test('in whose cage one mechanism is missing gets no model', async () => {
    const { pool } = startPool({ ...everything, demanded: [...everything.demanded, 'own-user'] });
    await expect(load(pool, identity())).rejects.toMatchObject({ code: 'internal' });
  });
});

/** Has a caged runner try system calls; tells what became of them, by errno. */
async function attempt(
  calls: readonly (readonly [string, number])[],
): Promise<{ said: unknown; log: RecordedLog }> {
  const { pool, log } = startPool(everything, 'curious');
  const model = new TextEncoder().encode(JSON.stringify(calls));
  const error: unknown = await load(pool, model).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'model-refused' });
  return { said: JSON.parse((error as Error).message), log };
}

/** Names and numbers of the calls that the log tells of. */
const deniedIn = ({ lines }: RecordedLog): unknown[][] =>
  lines
    .filter(({ event }) => event === 'call-denied')
    .map(({ call, callNumber }) => [call, callNumber]);

describe.runIf(isComplete)('a runner that starts threads without end', () => {
  test('is ended, whose user it may be', async () => {
    const { pool, log } = startPool(everything, 'swarm');
    const loaded = await load(pool, identity());
    await expect(loaded.run([], patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the model started more than 128 threads',
    });
    // Node may have ended itself for want of another thread before the signal came.
    expect(log.lines.at(-1)).toMatchObject({
      event: 'runner-crashed',
      signal: expect.stringMatching(/^SIG(?:KILL|ABRT)$/) as string,
    });
  });
});

describe.runIf(isComplete)('a runner that computes on after its answer', () => {
  test('is ended: no deadline would', async () => {
    const { pool, log } = startPool(everything, 'restless');
    const loaded = await load(pool, identity());
    expect(await loaded.run([], patient)).toEqual([]);
    await expect
      .poll(() => log.lines.at(-1), eventually)
      .toMatchObject({ event: 'runner-crashed', signal: 'SIGKILL' });
  });

  test('and one that only waits is not', async () => {
    const { pool, log } = startPool(everything);
    const loaded = await load(pool, identity());
    // For about as long as the other one takes to be ended, twice.
    for (let value = 0; value < 2; value++) {
      const [y] = await loaded.run([floats('x', value)], patient);
      expect(asFloats(y!)).toEqual([value]);
      await setTimeout(3500);
    }
    expect(log.lines.filter(({ event }) => event === 'runner-started')).toHaveLength(1);
    expect(log.lines.filter(({ event }) => event === 'runner-crashed')).toEqual([]);
  });
});

describe.runIf(isComplete)('system calls that a runner is refused', () => {
  test('fail, and the first of each is told by name and number', async () => {
    const { said, log } = await attempt([
      ['socket', 3],
      ['ptrace', 1],
      ['socket', 1],
    ]);
    expect(said).toEqual({ EPERM: 5 });
    expect(deniedIn(log)).toEqual([
      ['socket', systemCalls!.numberOf('socket')],
      ['ptrace', systemCalls!.numberOf('ptrace')],
    ]);
    expect(log.lines.find(({ event }) => event === 'call-denied')).toMatchObject({
      level: 'warn',
      modelRef: '0123456789abcdef',
      runner: expect.any(Number) as number,
    });
  });

  test('are told for the first eight only: which ones a model chooses could tell something', async () => {
    const names = [
      'socket',
      'ptrace',
      'bpf',
      'keyctl',
      'openat',
      'kill',
      'execve',
      'mount',
      'setns',
      'chroot',
    ];
    const { said, log } = await attempt(names.map((name) => [name, 1]));
    expect(said).toEqual({ EPERM: names.length });
    expect(deniedIn(log).map(([name]) => name)).toEqual(names.slice(0, 8));
  });

  test('fail all the same when there are many of them', async () => {
    const { said, log } = await attempt([['socket', 400]]);
    expect(said).toEqual({ EPERM: 400 });
    expect(deniedIn(log)).toHaveLength(1);
  });
});

/** Real, effective, saved and for files. */
const usersOf = (pid: number): number[] =>
  /^Uid:\s*(.*)$/m
    .exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]!
    .split(/\s+/)
    .map(Number);

describe.runIf(isRoot() && isComplete)('runners with users of their own', () => {
  // None that servers take by default: those of other tests may have taken them.
  const range = { first: 60_600, last: 60_603 };
  const ownUserCage = (): RunnerCage => ({ users: ownUsers(range), demanded: cageMechanisms });
  test('are different ones, in no group but their own', async () => {
    const { pool, log } = startPool(ownUserCage());
    for (let count = 0; count < 3; count++) await load(pool, identity());
    const runners = log.lines
      .filter(({ event }) => event === 'runner-started')
      .map(({ runner }) => runner!);
    const users = runners.map((pid) => new Set(usersOf(pid)));
    expect(users.map(({ size }) => size)).toEqual([1, 1, 1]);
    expect(new Set(users.flatMap((set) => [...set])).size).toBe(3);
    for (const [at, pid] of runners.entries()) {
      const [user] = users[at]!;
      expect(user).toBeGreaterThanOrEqual(range.first);
      expect(user).toBeLessThanOrEqual(range.last);
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      expect(status).toMatch(new RegExp(`^Gid:\\s*${user}\\s+${user}\\s+${user}\\s+${user}$`, 'm'));
      expect(status).toMatch(/^Groups:\s*$/m);
      expect(readFileSync(`/proc/${pid}/limits`, 'latin1')).toMatch(/^Max processes +128 +128 /m);
    }
  });

  test('are refused when no user is left, and start when one is', async () => {
    const { pool } = startPool({
      ...ownUserCage(),
      users: ownUsers({ first: 60_604, last: 60_604 }),
    });
    const first = await load(pool, identity());
    await expect(load(pool, identity())).rejects.toMatchObject({ code: 'too-many-requests' });
    await first.unload();
    await load(pool, identity());
  });
});

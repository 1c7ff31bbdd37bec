import { ProtocolError } from '@blindai/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../src/errors.ts';
import { leastDemanded } from '../../src/inference/runner-cage.ts';
import { sharedUser, type RunnerUsers } from '../../src/inference/runner-users.ts';
import {
  constant,
  elementTypes,
  graph,
  integer,
  model,
  node,
  subgraph,
  value,
} from '../onnx/build.ts';
import { classifier, identity, loop, subtraction } from '../onnx/models.ts';
import { asFloats, floats, rounds, tensor } from '../onnx/tensors.ts';
import { eventually, isRunning, MIB, patient, startPool } from './runner-pool.ts';

const slow = rounds(300_000n);
const endless = [rounds(2n ** 62n)];
const quick = [rounds(3n)];

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

/** Never comes to an end. */
function endlessLoop(): Uint8Array {
  const body = graph({
    nodes: [node('Identity', ['again'], ['more']), node('Identity', ['state'], ['next'])],
    inputs: [value('round', 'INT64', []), value('again', 'BOOL', []), value('state', 'FP32', [1])],
    outputs: [value('more', 'BOOL', []), value('next', 'FP32', [1])],
  });
  return model({
    nodes: [node('Loop', ['rounds', 'always', 'x'], ['y'], [subgraph('body', body)])],
    inputs: [value('x', 'FP32', [1])],
    outputs: [value('y', 'FP32', [1])],
    constants: [
      constant('rounds', 'INT64', [], new Uint8Array(BigInt64Array.of(2n ** 62n).buffer)),
      constant('always', 'BOOL', [], Uint8Array.of(1)),
    ],
  });
}

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

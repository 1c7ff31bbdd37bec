import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TensorBytes } from '@blindai/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoadedModel } from '../../src/inference/pool.ts';
import { createModelBytes } from '../../src/models/model-bytes.ts';
import {
  eventually,
  isRunning,
  MIB,
  openPool,
  patient,
  sealed,
  startPool,
  type TestedPool,
} from '../inference/runner-pool.ts';
import { identity } from '../onnx/models.ts';
import { asFloats, floats, tensor } from '../onnx/tensors.ts';

const program = fileURLToPath(new URL('./liar.mjs', import.meta.url));

/** Every lie that the program knows, by when it is told. */
const lies = JSON.parse(
  execFileSync(process.execPath, [program, '--list'], { encoding: 'utf8' }),
) as Record<
  | 'loadLies'
  | 'doubleLoadLies'
  | 'slowLoadLies'
  | 'idleLies'
  | 'runLies'
  | 'doubleLies'
  | 'slowRunLies',
  string[]
>;

const input: readonly TensorBytes[] = [floats('x', 1, 2)];
/** What the program takes as a model: when to lie, and how. */
const lying = (when: 'load' | 'idle' | 'run' | 'never', lie: string): Uint8Array =>
  new TextEncoder().encode(`${when}/${lie}`);

/** What a lie may cost this process, at any moment. */
const mostGrowthBytes = 64 * MIB;

/** A real model in another pool, whom the lies of others are nothing to. */
class Witness {
  readonly #tested = openPool();
  #model!: LoadedModel;

  async load(): Promise<void> {
    const writer = createModelBytes(10_000);
    writer.write(identity());
    this.#model = await this.#tested.pool.load(writer.seal(), { optimize: true }, patient);
  }

  async answers(): Promise<void> {
    const [y] = await this.#model.run([floats('x', 7)], patient);
    expect(asFloats(y!)).toEqual([7]);
    expect(this.#tested.runners()).toHaveLength(1);
  }

  async close(): Promise<void> {
    await this.#tested.pool.close();
  }
}

/** The most physical memory that this process had since it was started. */
class MemoryPeak {
  readonly #before = process.memoryUsage.rss();
  #peak = 0;
  readonly #timer = setInterval(() => this.#look(), 2);

  growth(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#peak - this.#before;
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss());
  }
}

const witness = new Witness();
let peak: MemoryPeak;
beforeAll(() => witness.load());
afterAll(() => witness.close());
beforeEach(() => {
  peak = new MemoryPeak();
});
afterEach(async () => {
  expect(peak.growth()).toBeLessThan(mostGrowthBytes);
  await witness.answers();
});

/** Waits until the runner that lied was killed for it. */
async function awaitCrash({ log }: TestedPool): Promise<void> {
  await expect
    .poll(() => log.lines.map(({ event }) => event), eventually)
    .toContain('runner-crashed');
  expectGone(log.lines.find(({ event }) => event === 'runner-crashed'));
}

/** The end of a process in the log tells how it ended, and it is no more. */
function expectGone(end: TestedPool['log']['lines'][number] | undefined): void {
  expect(end).toMatchObject({ signal: 'SIGKILL' });
  expect(isRunning(end!.runner!)).toBe(false);
}

describe('a runner that lies about the load is killed:', () => {
  test.each(lies.loadLies)('%s', async (lie) => {
    const { load, log } = startPool({}, program);
    await expect(load(lying('load', lie))).rejects.toMatchObject({
      code: 'model-crashed',
      message: expect.stringMatching(
        /^the model broke the process that ran it$|ended with SIGKILL$/,
      ) as string,
    });
    expectGone(log.lines[0]);
  });

  test.each(lies.doubleLoadLies)('%s', async (lie) => {
    const tested = startPool({}, program);
    await Promise.allSettled([tested.load(lying('load', lie))]);
    await awaitCrash(tested);
  });

  test.each(lies.slowLoadLies)('%s', async (lie) => {
    const { pool, log } = startPool({}, program);
    const load = pool.load(sealed(lying('load', lie)), { optimize: true }, { timeoutMs: 500 });
    await expect(load).rejects.toMatchObject({ code: 'model-timeout' });
    expectGone(log.lines[0]);
  });
});

test('a runner that ends before it started is a fault of the server, not of the model', async () => {
  const { load, log } = startPool({}, program);
  await expect(load(lying('load', 'ends with a status'))).rejects.toMatchObject({
    code: 'internal',
  });
  expect(log.lines[0]).toMatchObject({ event: 'runner-ended', exitCode: 3 });
});

test.runIf(process.platform === 'linux')('a runner without its cage gets no model', async () => {
  const { load } = startPool({}, program);
  await expect(load(lying('load', 'no cage'))).rejects.toMatchObject({
    code: 'internal',
    message: 'a runner could not close its cage',
  });
});

describe('a runner that lies about a run is killed:', () => {
  test.each(lies.runLies)('%s', async (lie) => {
    const { load, log, runners } = startPool({}, program);
    const loaded = await load(lying('run', lie));
    await expect(loaded.run(input, patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: expect.stringMatching(
        /^the model broke the process that ran it$|ended with SIGKILL$/,
      ) as string,
    });
    expect(isRunning(runners()[0]!)).toBe(false);
    expect(log.lines.at(-1)).toMatchObject({ event: 'runner-crashed', signal: 'SIGKILL' });
  });

  // What came before the lie may pass; the process does not outlive it.
  test.each(lies.doubleLies)('%s', async (lie) => {
    const tested = startPool({}, program);
    const loaded = await tested.load(lying('run', lie));
    await Promise.allSettled([loaded.run(input, patient)]);
    await awaitCrash(tested);
  });

  test.each(lies.idleLies)('%s', async (lie) => {
    const tested = startPool({}, program);
    await Promise.allSettled([tested.load(lying('idle', lie))]);
    await awaitCrash(tested);
  });

  test.each(lies.slowRunLies)('%s', async (lie) => {
    const { load, runners } = startPool({}, program);
    const loaded = await load(lying('run', lie));
    await expect(loaded.run(input, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'model-timeout',
    });
    expect(isRunning(runners()[0]!)).toBe(false);
  });

  test('an answer to what it did not hear', async () => {
    const { load, log } = startPool({}, program);
    const loaded = await load(lying('never', 'an answer to what it did not hear'));
    // More than fits into the pipe: what is not read would pile up here, run for run.
    const large = tensor('x', 'FP32', new Float32Array(4 * MIB));
    await expect(loaded.run([large], patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the model broke the process that ran it',
    });
    expectGone(log.lines.at(-1));
  });
});

describe('what a runner leaves behind', () => {
  test('a process that goes on talking is not heard, and ends for want of a listener', async () => {
    const { load, log } = startPool({}, program);
    const loaded = await load(lying('run', 'an accomplice'));
    for (let times = 0; times < 3; times++) {
      await expect(loaded.run(input, { timeoutMs: 300 })).rejects.toMatchObject({
        code: expect.stringMatching(/^(model-timeout|too-many-requests)$/) as string,
      });
    }
    // A fault would be a crash: nothing that came after the kill was listened to.
    expect(log.lines.filter(({ event }) => event === 'runner-crashed')).toEqual([]);
    await expect.poll(accomplices, eventually).toEqual([]);
  });
});

describe('an honest one', () => {
  test('is believed', async () => {
    const { load, runners } = startPool({}, program);
    const loaded = await load(lying('never', 'honest'));
    for (let times = 0; times < 3; times++) {
      const [y, flag] = await loaded.run([floats('x', times, 2)], patient);
      expect(asFloats(y!)).toEqual([times, 2]);
      expect([...flag!.bytes]).toEqual([1]);
    }
    expect(runners()).toHaveLength(1);
  });
});

describe('a runner that dies by itself', () => {
  test('is told by its signal', async () => {
    const { load } = startPool({}, program);
    const loaded = await load(lying('run', 'an abort'));
    await expect(loaded.run(input, patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the process that ran the model ended with SIGABRT',
    });
  });
});

describe.runIf(process.platform === 'linux')(
  'a runner whose memory has no limit of its own',
  () => {
    test('is killed by the watch', async () => {
      const { load, runners, log } = startPool({ runnerMemoryBytes: 128 * MIB }, program);
      const loaded = await load(lying('run', 'a hog'));
      await expect(loaded.run(input, patient)).rejects.toMatchObject({ code: 'model-memory' });
      expect(isRunning(runners()[0]!)).toBe(false);
      expect(log.lines.at(-1)).toMatchObject({ event: 'runner-ended', code: 'model-memory' });
    });

    test('is known to have died of it near the limit', async () => {
      const { load } = startPool({ runnerMemoryBytes: 400 * MIB }, program);
      const loaded = await load(lying('run', 'a hog that aborts'));
      await expect(loaded.run(input, patient)).rejects.toMatchObject({ code: 'model-memory' });
    });
  },
);

/** Process ids of the processes that runners left; none where the system does not tell. */
function accomplices(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('/liar/accomplice.mjs');
      } catch {
        return false;
      }
    });
}

import { fileURLToPath } from 'node:url';
import type { TensorBytes } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { floats } from '../onnx/tensors.ts';
import { eventually, isRunning, MIB, patient, sealed, startPool } from './runner-pool.ts';

const program = fileURLToPath(new URL('./programs/liar.mjs', import.meta.url));
const input: readonly TensorBytes[] = [floats('x', 1, 2)];
const named = (lie: string): Uint8Array => new TextEncoder().encode(lie);

describe('a runner that lies about the load is killed:', () => {
  test.each([
    'another kind',
    'started twice',
    'loaded before started',
    'a datatype of its own',
    'a rank of nine',
    'a refusal of a run',
    'a refusal in two lines',
    'no frame',
    'no CBOR',
    'an endless header',
    'a payload where none belongs',
    'hangs up',
  ])('%s', async (lie) => {
    const { load, log } = startPool({}, program);
    await expect(load(named(lie))).rejects.toMatchObject({ code: 'model-crashed' });
    const [end] = log.lines;
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    expect(isRunning(end!.runner!)).toBe(false);
  });

  test.each(['says nothing', 'says half a frame'])('%s', async (lie) => {
    const { pool, log } = startPool({}, program);
    const load = pool.load(sealed(named(lie)), { optimize: true }, { timeoutMs: 500 });
    await expect(load).rejects.toMatchObject({ code: 'model-timeout' });
    expect(isRunning(log.lines[0]!.runner!)).toBe(false);
  });
});

test('a runner that ends before it started is a fault of the server, not of the model', async () => {
  const { load, log } = startPool({}, program);
  await expect(load(named('ends with a status'))).rejects.toMatchObject({ code: 'internal' });
  expect(log.lines[0]).toMatchObject({ event: 'runner-ended', exitCode: 3 });
});

test.runIf(process.platform === 'linux')('a runner without its cage gets no model', async () => {
  const { load } = startPool({}, program);
  await expect(load(named('no cage'))).rejects.toMatchObject({
    code: 'internal',
    message: 'a runner could not limit itself',
  });
});

describe('a runner that lies about a run is killed:', () => {
  test.each([
    'one output',
    'three outputs',
    'another name',
    'another datatype',
    'another shape than bytes',
    'a dimension below zero',
    'a byte too few',
    'a byte too many',
    'four gigabytes',
    'a refusal of a load',
    'loaded again',
  ])('%s', async (lie) => {
    const { load, log, runners } = startPool({}, program);
    const loaded = await load(named(lie));
    await expect(loaded.run(input, patient)).rejects.toMatchObject({
      code: 'model-crashed',
      message: 'the model broke the process that ran it',
    });
    expect(isRunning(runners()[0]!)).toBe(false);
    expect(log.lines.at(-1)).toMatchObject({ event: 'runner-crashed', signal: 'SIGKILL' });
  });

  test('half an answer', async () => {
    const { load, runners } = startPool({}, program);
    const loaded = await load(named('half an answer'));
    await expect(loaded.run(input, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'model-timeout',
    });
    expect(isRunning(runners()[0]!)).toBe(false);
  });

  test.each(['two answers', 'an answer that nobody asked for'])('%s', async (lie) => {
    const { load, log } = startPool({}, program);
    // What came before the lie may pass; the process does not outlive it.
    const run = load(named(lie)).then((loaded) => loaded.run(input, patient));
    await Promise.allSettled([run]);
    await expect
      .poll(() => log.lines.map(({ event }) => event), eventually)
      .toContain('runner-crashed');
  });
});

describe('a runner that dies by itself', () => {
  test('is told by its signal', async () => {
    const { load } = startPool({}, program);
    const loaded = await load(named('an abort'));
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
      const loaded = await load(named('a hog'));
      await expect(loaded.run(input, patient)).rejects.toMatchObject({ code: 'model-memory' });
      expect(isRunning(runners()[0]!)).toBe(false);
      expect(log.lines.at(-1)).toMatchObject({ event: 'runner-ended', code: 'model-memory' });
    });

    test('is known to have died of it near the limit', async () => {
      const { load } = startPool({ runnerMemoryBytes: 400 * MIB }, program);
      const loaded = await load(named('a hog that aborts'));
      await expect(loaded.run(input, patient)).rejects.toMatchObject({ code: 'model-memory' });
    });
  },
);

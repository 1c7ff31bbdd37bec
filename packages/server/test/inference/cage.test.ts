import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { encodeFrame, FrameReader, type FrameHeader } from '../../src/inference/framing.ts';
import type { LoadMessage, RunMessage } from '../../src/inference/messages.ts';
import { runnerProgram } from '../../src/inference/runner-process.ts';
import { identity, loop } from '../onnx/models.ts';
import { floats } from '../onnx/tensors.ts';
import { eventually, isRunning, MIB, patient, startPool } from './runner-pool.ts';

const program = (name: string): string =>
  fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
const onLinux = process.platform === 'linux';

interface Probed {
  readonly environment: Record<string, string>;
  readonly folder: string[];
  readonly descriptors: string[];
}

/** Starts a parent of runners, and reads its first line. */
async function startParent(...args: string[]): Promise<{ parent: ChildProcess; line: string }> {
  // What is killed leaves its folder behind.
  const folder = temporaryFolder();
  const parent = spawn(process.execPath, [program('parent'), ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  return { parent, line };
}

describe.runIf(onLinux)('a runner is given', () => {
  test('an environment of three variables, an empty folder, its pipe and its model', async () => {
    const { line } = await startParent(hexOf(identity()), program('probe'));
    expect(JSON.parse(line) as Probed).toEqual({
      environment: {
        ORT_DISABLE_TELEMETRY: '1',
        MALLOC_TRIM_THRESHOLD_: '131072',
        MALLOC_MMAP_THRESHOLD_: '131072',
      },
      folder: [],
      descriptors: [
        '0 /dev/null',
        '1 /dev/null',
        '2 /dev/null',
        '3 socket',
        '4 /memfd',
        '5 socket',
      ],
    } satisfies Probed);
  });

  test('limits, before it is given a model', async () => {
    const { load, runners } = startPool({ runnerMemoryBytes: 256 * MIB });
    await load(identity());
    const limits = readFileSync(`/proc/${runners()[0]}/limits`, 'utf8');
    for (const [name, most] of [
      ['Max core file size', 0],
      ['Max file size', 0],
      ['Max open files', 64],
      ['Max data size', 256 * MIB],
    ] as const) {
      expect(limits).toMatch(new RegExp(`^${name} +${most} +${most} `, 'm'));
    }
  });

  test('at least 128 MiB, since the engine needs them', async () => {
    const { load, runners } = startPool({ runnerMemoryBytes: 1 });
    const loaded = await load(identity());
    expect(await loaded.run([floats('x', 1)], patient)).toHaveLength(1);
    const limits = readFileSync(`/proc/${runners()[0]}/limits`, 'utf8');
    expect(limits).toMatch(new RegExp(`^Max data size +${128 * MIB} `, 'm'));
  });

  test('a session of its own, so that the terminal does not interrupt it', async () => {
    const { load, runners } = startPool();
    await load(identity());
    const [pid] = runners();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    // proc(5): state, ppid, pgrp, session.
    expect(stat.slice(1, 4)).toEqual([String(process.pid), String(pid), String(pid)]);
  });

  test('its end by the server alone, when a whole service is told to stop', async () => {
    const { load, runners } = startPool();
    const loaded = await load(identity());
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.kill(runners()[0]!, signal);
    }
    expect(await loaded.run([floats('x', 1)], patient)).toHaveLength(1);
    expect(runners()).toHaveLength(1);
  });
});

describe.runIf(onLinux)('a runner dies with its server', () => {
  test('that is killed while the model never comes to an end', async () => {
    const { parent, line } = await startParent(hexOf(loop()));
    const runner = Number(line);
    expect(isRunning(runner)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isRunning(runner), eventually).toBe(false);
  });

  test('or ends at once, if it is not the child of the one that speaks to it', async () => {
    const { child, replies } = startRunner(
      process.execPath,
      ['--jitless', runnerProgram],
      identity(),
      1,
    );
    const [status] = (await once(child, 'exit')) as [number];
    expect([status, replies]).toEqual([1, []]);
  });
});

test('a runner ends when its pipe is closed', async () => {
  const { child, channel, replies } = startRunner(
    process.execPath,
    ['--jitless', runnerProgram],
    identity(),
  );
  await expect.poll(() => replies.length, eventually).toBe(2);
  channel.destroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

const count = (): number => readdirSync('/proc/self/fd').length;
const folders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`blindai-runners-${process.pid}-`));

describe('loading and unloading', () => {
  test.runIf(onLinux)('gives all descriptors and the folder back', async () => {
    const { pool, load } = startPool();
    expect(folders()).toHaveLength(1);
    await (await load(identity())).unload();
    const before = count();
    for (let times = 0; times < 3; times++) {
      await (await load(identity())).unload();
      await expect(load(Uint8Array.of(0xff))).rejects.toMatchObject({ code: 'model-refused' });
    }
    // The models themselves are the test's, and stay open until it is over.
    await expect.poll(() => count() - before, eventually).toBe(6);
    await pool.close();
    expect(folders()).toEqual([]);
  });
});

const hasStrace = available('strace', onLinux && spawnSync('strace', ['-V']).status === 0, {
  environmental: true,
});

describe.runIf(hasStrace)('traced, a runner', () => {
  test('opens no file for writing, makes none, and no socket, not even for an inspector', async () => {
    const trace = join(temporaryFolder(), 'trace');
    const { child, channel, replies } = startRunner(
      'strace',
      // Not as the parent of what it traces: a runner looks who its parent is.
      [
        '-D',
        '-f',
        '-qq',
        '-o',
        trace,
        '-e',
        'trace=%file,%network',
        process.execPath,
        '--jitless',
        runnerProgram,
      ],
      identity(),
    );
    await expect.poll(() => replies.length, eventually).toBe(2);
    process.kill(child.pid!, 'SIGUSR1');
    const input = floats('x', 1);
    const { name, datatype, shape } = input;
    const run: RunMessage = { kind: 'run', tensors: [{ name: name!, datatype, shape }] };
    for (const part of encodeFrame(run, [input.bytes])) {
      channel.write(part);
    }
    await expect.poll(() => replies.length, eventually).toBe(3);
    channel.destroy();
    await once(child, 'exit');
    expect(replies.map(({ kind }) => kind)).toEqual(['started', 'loaded', 'ran']);
    await expect.poll(() => readFileSync(trace, 'utf8'), eventually).toContain('onnxruntime');
    const lines = readFileSync(trace, 'utf8').split('\n');
    const writing = lines.filter(
      (line) =>
        /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/.test(line) && !line.includes('"/dev/null"'),
    );
    expect(writing).toEqual([]);
    const changing =
      /\b(?:creat|mkdir|mknod|rename|unlink|rmdir|link|symlink|truncate|chmod|chown)/;
    expect(lines.filter((line) => changing.test(line.replace(/readlink\w*/, '')))).toEqual([]);
    expect(lines.filter((line) => /\b(?:socket|connect|bind|listen|sendto)\(/.test(line))).toEqual(
      [],
    );
  });
});

/** Starts the real runner without a pool, and loads a model; replies are noted as they come. */
function startRunner(
  command: string,
  args: readonly string[],
  model: Uint8Array,
  parent: number = process.pid,
): { child: ChildProcess; channel: Duplex; replies: FrameHeader[] } {
  const child = spawn(command, args, {
    env: { ORT_DISABLE_TELEMETRY: '1', PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const channel = child.stdio[3] as Duplex;
  const replies: FrameHeader[] = [];
  const reader = new FrameReader({
    begin: () => undefined,
    judge: (header) => replies.push(header) > 0,
    deliver: () => undefined,
  });
  channel.on('data', (chunk: Uint8Array) => reader.push(chunk));
  channel.on('error', () => undefined);
  const load: LoadMessage = {
    kind: 'load',
    parent,
    user: null,
    reportsDenials: false,
    memoryBytes: 512 * MIB,
    threads: 1,
    optimize: true,
    modelBytes: model.length,
    modelIn: 'payload',
    operatorDomains: [],
    limits: { maxTensors: 8, maxRank: 8, maxNameBytes: 64, maxReplyBytes: MIB },
  };
  for (const part of encodeFrame(load, [model])) channel.write(part);
  return { child, channel, replies };
}

/** A folder that is removed with all that is in it when the test is over. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function hexOf(model: Uint8Array): string {
  return Buffer.from(model).toString('hex');
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { descendantsOf } from '../../../../test/support/process-watch.ts';
import { eventually, isRunning, patient, startPool } from '../inference/runner-pool.ts';
import { identity, loop } from '../onnx/models.ts';
import { asFloats, floats, rounds } from '../onnx/tensors.ts';
import { callKernel } from '../../src/platform/kernel.ts';
import { built, isRoot } from './elsewhere.ts';

const onLinux = process.platform === 'linux';

const hexOf = (model: Uint8Array): string => Buffer.from(model).toString('hex');

/** A server reduced to its pool: one model waits, one runs for ever, and one is being loaded. */
function startServer(range: string): ChildProcess {
  const program = fileURLToPath(new URL('./programs/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, range, hexOf(identity()), hexOf(loop())], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const users: [string, string][] = [["the server's user", 'null']];
if (isRoot()) users.push(['users of their own', '{"first":60706,"last":61183}']);

describe.runIf(onLinux)('kill -9 of a server', () => {
  test.each(users)('leaves no runner with %s: none that loads, runs or waits', async (_, range) => {
    const server = startServer(range);
    const [line] = (await once(server.stdout!.setEncoding('utf8'), 'data')) as [string];
    const runners = JSON.parse(line) as number[];
    expect(runners).toHaveLength(2);
    const all = descendantsOf(server.pid!);
    expect(all).toEqual(expect.arrayContaining(runners));
    // And the one that is being loaded.
    expect(all.length).toBeGreaterThan(runners.length);
    for (const pid of all) expect(isRunning(pid)).toBe(true);
    server.kill('SIGKILL');
    for (const pid of all) await expect.poll(() => isRunning(pid), eventually).toBe(false);
  });
});

test.runIf(onLinux)('what a runner inherits beyond what it was given is closed', async () => {
  const stray = openSync(built, 'r');
  onTestFinished(() => closeSync(stray));
  const source = `
    import { readdirSync, readlinkSync, writeSync } from 'node:fs';
    import { closeStrayDescriptors } from '${built}/runner/cage/descriptors.js';
    const open = () => readdirSync('/proc/self/fd').flatMap((name) => {
      try { return [[name, readlinkSync('/proc/self/fd/' + name)]]; } catch { return []; }
    }).filter(([name, kind]) => Number(name) > 5 && !kind.includes('/fd'));
    const before = open();
    const step = closeStrayDescriptors(5);
    await new Promise((resolve) => setTimeout(resolve, 1));
    writeSync(1, JSON.stringify({ before, after: open(), step }));
  `;
  const child = spawn(process.execPath, ['--jitless', '--input-type=module', '-e', source], {
    // A folder, and a socket.
    stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', stray, 'pipe'],
  });
  const [line] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
  const { before, after, step } = JSON.parse(line) as Record<'before' | 'after', string[][]> & {
    step: unknown;
  };
  const kindOf = (name: string): string | undefined => before.find(([each]) => each === name)?.[1];
  expect([kindOf('6'), kindOf('7')]).toEqual([built, expect.stringMatching(/^socket:/)]);
  // Whoever runs the tests may have left more.
  const kept = new Set(after.map(([name]) => name));
  const closed = before.filter(([name]) => !kept.has(name));
  expect(closed.map(([name]) => name)).toEqual(expect.arrayContaining(['6', '7']));
  for (const [, kind] of after) expect(kind).toMatch(/^(?:pipe:.*|anon_inode:.*|\/dev\/null)$/);
  expect(step).toEqual({
    mechanism: 'descriptors',
    inForce: true,
    detail: `${closed.length} inherited beyond those given, closed`,
  });
});

/** Within how long after its deadline a run's process has to be gone. */
const mostLateMs = 1000;

describe.runIf(onLinux)('a run that never ends', () => {
  // Where the machine is so busy that not even a timer fires in time, nothing is told.
  test('has no process any more a second after its deadline', { retry: 2 }, async () => {
    const { load, runners } = startPool();
    const loaded = await load(loop());
    const [pid] = runners();
    const timeoutMs = 500;
    const ended = loaded.run([rounds(2n ** 62n)], { timeoutMs }).catch((error: unknown) => error);
    await expect
      .poll(() => isRunning(pid!), { timeout: timeoutMs + mostLateMs, interval: 20 })
      .toBe(false);
    expect(await ended).toMatchObject({ code: 'model-timeout' });
  });
});

const RLIMIT_CORE = 4;

/** Lets this process, and those that it starts, leave core dumps as large as they may. Returns what undoes it. */
function allowCoreDumps(): () => void {
  const before = new BigUint64Array(2);
  callKernel('prlimit64', 0, RLIMIT_CORE, 0, before);
  callKernel('prlimit64', 0, RLIMIT_CORE, BigUint64Array.of(before[1]!, before[1]!), 0);
  return () => void callKernel('prlimit64', 0, RLIMIT_CORE, before, 0);
}

/** Starts a program in a folder, and kills it as an access to no memory would. */
async function crashIn(folder: string): Promise<void> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => 0, 1000)'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGSEGV');
  await once(child, 'exit');
}

/** Whether the system writes the memory of a process that crashes into the folder that it works in. */
async function leavesCoreDumps(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-lifetime-'));
  const undo = allowCoreDumps();
  await crashIn(folder);
  undo();
  const files = readdirSync(folder);
  rmSync(folder, { recursive: true });
  return files.length > 0;
}

const hasCoreDumps =
  onLinux &&
  available(
    'a system that leaves core dumps in the working folder of what crashed',
    await leavesCoreDumps(),
    { environmental: true },
  );

test.runIf(hasCoreDumps)('a runner that crashes leaves no core dump', async () => {
  onTestFinished(allowCoreDumps());
  const { load, log, runners } = startPool();
  await load(identity());
  const [pid] = runners();
  const folder = readlinkSync(`/proc/${pid}/cwd`);
  // So that it would not fail for that.
  chmodSync(folder, 0o700);
  process.kill(pid!, 'SIGSEGV');
  await expect.poll(() => log.lines.at(-1)?.event, eventually).toBe('runner-crashed');
  expect(log.lines.at(-1)).toMatchObject({ signal: 'SIGSEGV' });
  expect(readdirSync(folder)).toEqual([]);
});

/** What a process had written to disks, in bytes (proc(5), `io`). */
function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))![1]);
}

/** Whether the system counts what a process writes where temporary files are. */
async function countsWriting(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-lifetime-'));
  const source = `
    fs.writeFileSync('${folder}/file', 'x'.repeat(65536));
    console.log(/^write_bytes: (.*)$/m.exec(fs.readFileSync('/proc/self/io', 'latin1'))[1]);
  `;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  rmSync(folder, { recursive: true });
  return Number(line) >= 65_536;
}

const isWritingCounted =
  onLinux &&
  isRoot() &&
  available('a system that counts what processes write to disks', await countsWriting(), {
    environmental: true,
  });

test.runIf(isWritingCounted)('a model that is loaded and run writes nothing to disks', async () => {
  const { load, runners } = startPool();
  const loaded = await load(identity());
  const [y] = await loaded.run([floats('x', 7)], patient);
  expect(asFloats(y!)).toEqual([7]);
  expect(writtenBytes(runners()[0]!)).toBe(0);
});

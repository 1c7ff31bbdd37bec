import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { descendantsOf } from '../../../../test/support/process-watch.ts';
import { eventually, isRunning } from '../inference/runner-pool.ts';
import { identity, loop } from '../onnx/models.ts';
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

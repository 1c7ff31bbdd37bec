import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReadyInfo } from '../src/server.ts';
import { openSocket, openTls, readAll } from './raw-socket.ts';

/** A server as a process of its own, from the built package, with its ready line on stdout. */
const program = `
  import { loadConfig, runUntilSignal, startServer } from '@blindai/server';
  const config = await loadConfig({
    flags: { simulation: true, unattestedPort: '0', attestedPort: '0', managementPort: '0' },
    environment: process.env,
  });
  const server = await startServer(config);
  const ended = runUntilSignal(server);
  process.on('SIGUSR2', () => { throw new Error('patient 4711'); });
  console.log(JSON.stringify(server.ready));
  await ended;
`;

interface Started {
  readonly child: ChildProcess;
  readonly ready: Promise<ReadyInfo>;
  /** What it has written to stderr so far. */
  readonly written: () => string;
  readonly ended: Promise<{ code: number | null; signal: string | null; errors: string }>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(execArgv: string[] = [], environment: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, [...execArgv, '--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env['PATH'], ORT_DISABLE_TELEMETRY: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ready = once(child.stdout.setEncoding('utf8'), 'data').then(
    ([line]: string[]) => JSON.parse(line ?? '') as ReadyInfo,
  );
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode,
    signal: child.signalCode,
    errors,
  }));
  return { child, ready, written: () => errors, ended };
}

function postHead(length: number, ending = ''): string {
  return `POST /upload HTTP/1.1\r\nHost: blindai-srv\r\nContent-Length: ${length}\r\n${ending}\r\n`;
}

describe('a server process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains and ends well at %s', async (signal) => {
    const { child, ready, ended } = start();
    await ready;
    child.kill(signal);
    const { code, errors } = await ended;
    expect(code).toBe(0);
    const events = errors
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['server-ready', 'server-draining', 'server-closed']);
  });

  it('writes nothing but its log, however its clients leave', async () => {
    const { child, ready, ended } = start();
    const { addresses } = await ready;
    let output = '';
    child.stdout?.on('data', (text: string) => (output += text));
    const port = Number(addresses.management?.split(':').at(-1));
    for (const text of [
      '',
      'POST',
      postHead(10),
      `${postHead(10)}x`,
      `${postHead(1)}x`,
      '\0\r\n\r\n',
    ]) {
      const leaving = await openTls(port);
      leaving.write(text, () => leaving.destroy());
      const resetting = await openSocket(port);
      resetting.write(text);
      resetting.resetAndDestroy();
    }
    const last = await openTls(port);
    last.write(postHead(1, 'Connection: close\r\n') + 'x');
    expect(await readAll(last)).toContain('HTTP/1.1 400');
    child.kill('SIGTERM');
    const { code, errors } = await ended;
    expect(code).toBe(0);
    expect(output).toBe('');
    for (const line of errors.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ simulation: 'protects nothing', level: 'info' });
    }
  });

  it('opens no inspector at SIGUSR1', async () => {
    const { child, ready, written, ended } = start();
    await ready;
    child.kill('SIGUSR1');
    await expect.poll(written).toContain('inspector-refused');
    child.kill('SIGTERM');
    const { code, errors } = await ended;
    expect(code).toBe(0);
    expect(errors).not.toContain('Debugger listening');
  });

  it.each([
    ['as an argument', ['--inspect=0'], {}],
    ['in NODE_OPTIONS', [], { NODE_OPTIONS: '--inspect=0' }],
  ])('does not start with --inspect %s', async (_, execArgv, environment) => {
    const { ended } = start(execArgv, environment);
    const { code, errors } = await ended;
    expect(code).not.toBe(0);
    expect(errors).toContain("code: 'debugger'");
  });

  it('ends at a bug that nobody caught, and tells where it is but not what it says', async () => {
    const { child, ready, ended } = start();
    await ready;
    child.kill('SIGUSR2');
    const { code, errors } = await ended;
    expect(code).toBe(70);
    expect(errors).toContain('server-crashed');
    expect(errors).not.toContain('4711');
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';

const source = readFileSync(new URL('watchdog.ts', import.meta.url), 'utf8');
const { code } = transformSync(source, { loader: 'ts', format: 'esm' });

/** A process that runs a case under a watchdog which allows 100 ms of it. */
function runCase(body: string): { signal: NodeJS.Signals | null; stderr: string; stdout: string } {
  const program = `${code}
const watchdog = await startWatchdog(100);
watchdog.watch('the case before');
watchdog.watch('the case');
${body}
watchdog.rest();
await watchdog.stop();
console.log('ended');`;
  const options = { input: program, encoding: 'utf8', timeout: 60_000 } as const;
  return spawnSync(process.execPath, ['--input-type=module', '-'], options);
}

test.each([
  ['never gives the thread back', 'for (;;);'],
  ['waits for ever', 'await new Promise(() => setInterval(() => {}, 1000));'],
])('ends the process whose case %s', (_, body) => {
  const { signal, stderr, stdout } = runCase(body);
  expect(signal).toBe('SIGKILL');
  expect(stderr).toBe('fuzz: more than 100 ms: the case\n');
  expect(stdout).toBe('');
});

test('lets others be', () => {
  const { signal, stdout } = runCase('');
  expect([signal, stdout]).toEqual([null, 'ended\n']);
});

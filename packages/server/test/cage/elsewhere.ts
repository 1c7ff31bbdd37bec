import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { available } from '../../../../test/support/optional.ts';

/** The built package, for programs that run in processes of their own. */
export const built: string = fileURLToPath(new URL('../../dist', import.meta.url));

/** Another surroundings for a program: a command to start it by. */
export interface Surroundings {
  readonly name: string;
  readonly command: readonly string[];
}

const setpriv = 'setpriv --reuid 65534 --regid 65534 --clear-groups'.split(' ');

/** Who starts the tests, an unprivileged user, and user 0 of a namespace of that user's own. */
export const surroundings: Readonly<Record<'here' | 'nobody' | 'namespace', Surroundings>> = {
  here: { name: 'whoever runs the tests', command: [] },
  nobody: { name: 'nobody', command: setpriv },
  namespace: {
    name: 'user 0 of a user namespace of nobody',
    command: [...(isRoot() ? setpriv : []), 'unshare', '-U', '-r'],
  },
};

/** How a program in a process of its own ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** As runners are started. */
const runnerOptions = ['--jitless', '--expose-gc', '--single-threaded-gc', '--v8-pool-size=1'];

/** Runs a program, in which `BUILT` stands for the built package, to its end. */
export function runElsewhere(
  source: string,
  { command }: Surroundings = surroundings.here,
  options: readonly string[] = runnerOptions,
): Ended {
  const [first, ...rest] = [
    ...command,
    process.execPath,
    ...options,
    '--input-type=module',
    '-e',
    source.replaceAll('BUILT', built),
  ];
  const { status, signal, stdout, stderr } = spawnSync(first, rest, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ORT_DISABLE_TELEMETRY: '1' },
    cwd: built,
    timeout: 60_000,
  });
  return { status, signal, out: stdout, err: stderr };
}

/** Runs a program that prints JSON. */
export function askElsewhere(
  source: string,
  around?: Surroundings,
  options?: readonly string[],
): unknown {
  const { out, err, status, signal } = runElsewhere(source, around, options);
  if (status !== 0) throw new Error(`${signal ?? status}: ${err}`);
  return JSON.parse(out);
}

/** Whether programs can be run in these surroundings; prints why tests are skipped if not. */
export function isPossible(around: Surroundings): boolean {
  if (process.platform !== 'linux')
    return available(`Linux, for ${around.name}`, false, { environmental: true });
  const { status } = runElsewhere(`await import('BUILT/inference/framing.js')`, around);
  return available(`a process as ${around.name}`, status === 0, { environmental: true });
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

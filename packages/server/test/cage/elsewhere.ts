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

/** What there is of them, by name: it is found out once, and told once. */
const possible = new Map<string, boolean>();

/**
 * Whether programs can be run in these surroundings; prints why tests are skipped if not. Whether there are
 * such surroundings is up to the machine. That a user may reach node and this repository is up to where they
 * were put, so that it can be had everywhere.
 */
export function isPossible(around: Surroundings): boolean {
  const known = possible.get(around.name);
  if (known !== undefined) return known;
  const found = isStartable(around) && isReachable(around);
  possible.set(around.name, found);
  return found;
}

function isStartable({ name, command }: Surroundings): boolean {
  if (process.platform !== 'linux')
    return available(`Linux, for ${name}`, false, { environmental: true });
  const [first, ...rest] = [...command, 'true'];
  const { status } = spawnSync(first, rest);
  return available(`a process as ${name}`, status === 0, { environmental: true });
}

/**
 * Reads the built package and its libraries, and starts node from there, as a server does: the first node
 * may still be started with capabilities that setpriv had.
 */
function isReachable(around: Surroundings): boolean {
  const { status } = runElsewhere(
    `
      import { spawnSync } from 'node:child_process';
      await import('BUILT/isolation/find-isolation.js');
      const { status } = spawnSync(process.execPath, ['-e', '0']);
      process.exit(status ?? 1);
    `,
    around,
  );
  const what = `a node, and a built repository, in folders that are open to ${around.name}`;
  return available(what, status === 0);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

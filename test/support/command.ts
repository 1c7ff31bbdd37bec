import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The command as npm links it; it runs the build, so `npm run build` comes before these tests. */
export const commandFile: string = fileURLToPath(
  new URL('../../packages/cli/bin/blindai.js', import.meta.url),
);

/** What a finished command left. */
export interface Finished {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end. */
export async function blindai(
  args: readonly string[],
  options: { environment?: Record<string, string>; cwd?: string } = {},
): Promise<Finished> {
  const child = start(args, options);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end();
  const [status] = (await once(child, 'close')) as [number | null];
  return { status: status ?? -1, out, err };
}

/** The ready line of `serve --json`. */
export interface Ready {
  readonly tee: string;
  readonly simulation: boolean;
  readonly measurement: string;
  readonly isolation: string;
  readonly isolationMissing: readonly string[];
  readonly addresses: { unattested: string; attested: string; management: string };
}

/** A served simulation in a process of its own, on free ports. */
export interface Serving {
  readonly ready: Ready;
  readonly pid: number;
  /** The three port options for other commands. */
  readonly ports: readonly string[];
  /** The same for `connect`. */
  readonly portOptions: { unattestedPort: number; attestedPort: number; managementPort: number };
  /** Everything it has logged so far. */
  log(): string;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<{ status: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts `blindai serve --simulation` on free ports and waits until it is ready. */
export async function serve(args: readonly string[] = []): Promise<Serving> {
  const free = ['unattested', 'attested', 'management'].flatMap((name) => [`--${name}-port`, '0']);
  const child = start(['serve', '--simulation', '--json', ...free, ...args], {});
  let out = '';
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) resolve(JSON.parse(out.slice(0, out.indexOf('\n'))) as Ready);
    });
    child.once('close', (status) => reject(new Error(`serve ended with ${status}: ${err}`)));
  });
  const port = (name: keyof Ready['addresses']): number =>
    Number(/:(\d+)$/.exec(ready.addresses[name])![1]);
  const portOptions = {
    unattestedPort: port('unattested'),
    attestedPort: port('attested'),
    managementPort: port('management'),
  };
  return {
    ready,
    pid: child.pid!,
    portOptions,
    ports: ['unattested', 'attested', 'management'].flatMap((name) => [
      `--${name}-port`,
      String(portOptions[`${name}Port` as keyof typeof portOptions]),
    ]),
    log: () => err,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
      }
      return { status: child.exitCode, signal: child.signalCode };
    },
  };
}

function start(
  args: readonly string[],
  options: { environment?: Record<string, string>; cwd?: string },
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [commandFile, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      ...options.environment,
    },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 15_000;

/** A server started as an operator would start it, in a process of its own, on free ports of this machine. */
export interface SimulatedServer extends AsyncDisposable {
  readonly host: string;
  readonly unattestedPort: number;
  readonly attestedPort: number;
  readonly managementPort: number;
  readonly measurement: string;
  /** Asks the server to end (SIGTERM) and resolves with its exit code. */
  stop(): Promise<number | null>;
}

interface Ready {
  readonly event: 'ready';
  readonly measurement: string;
  readonly addresses: Record<'unattested' | 'attested' | 'management', string>;
}

/** Runs `blindai serve --simulation`. Whatever happens to this process, the server does not outlive it. */
export async function startSimulatedServer(): Promise<SimulatedServer> {
  const loopback = ['unattested', 'attested', 'management'].flatMap((surface) => [
    `--${surface}-address=127.0.0.1`,
    `--${surface}-port=0`,
  ]);
  const child = spawn(
    process.execPath,
    [command(), 'serve', '--simulation', '--json', ...loopback],
    {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit').then(([code]) => {
    process.removeListener('exit', kill);
    return code as number | null;
  });

  const ready = await readyLine(child, exited);
  const [host, unattestedPort] = split(ready.addresses.unattested);
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    const late = setTimeout(kill, STOPPED_WITHIN_MS);
    const code = await exited;
    clearTimeout(late);
    return code;
  };
  return {
    host,
    unattestedPort,
    attestedPort: split(ready.addresses.attested)[1],
    managementPort: split(ready.addresses.management)[1],
    measurement: ready.measurement,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/**
 * Runs `blindai manifest`: what an auditor who built the same sources would publish. It is computed from the
 * files of this checkout; what the server says of itself plays no part.
 */
export async function manifestOfThisBuild(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [command(), 'manifest'], {
    env: environment(),
  });
  return stdout;
}

async function readyLine(child: ChildProcess, exited: Promise<number | null>): Promise<Ready> {
  const log: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    log.push(line);
    if (log.length > 20) log.shift();
  });
  const lines = createInterface({ input: child.stdout! });
  const told = once(lines, 'line', { signal: AbortSignal.timeout(READY_WITHIN_MS) });
  const failed = exited.then((code) => {
    throw new Error(`the server ended with code ${code} before it was ready`);
  });
  try {
    const [line] = (await Promise.race([told, failed])) as [string];
    failed.catch(() => {});
    return JSON.parse(line) as Ready;
  } catch (error) {
    told.catch(() => {});
    child.kill('SIGKILL');
    throw new Error(['the server did not start', ...log].join('\n  '), { cause: error });
  }
}

/** The `blindai` command, found where npm installed it. */
function command(): string {
  const manifest = new URL(import.meta.resolve('blindai/package.json'));
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { blindai: string } };
  return fileURLToPath(new URL(bin.blindai, manifest));
}

/** Without the settings of another server that this shell may have been prepared for. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BLINDAI_')),
  );
}

function split(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}

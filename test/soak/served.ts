import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { checkoutFolder } from '../support/checkout.ts';
import type { Ports, Surface } from '../fuzz/exchange.ts';

/** What a server holds once its garbage is collected, in bytes. */
export interface Memory {
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** How late the event loop of a process was since the last look, in milliseconds. */
export interface LoopDelay {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

/** `blindai serve --simulation` in a process of its own, which tells besides what memory it really holds. */
export interface Served {
  readonly pid: number;
  readonly ports: Ports;
  /** How it keeps models apart, by its own ready line. */
  readonly isolation: string;
  /** Whether the process that was started is still there. */
  readonly isAlive: boolean;
  /** Everything it has logged so far, but for the requests. */
  log(): string;
  memory(): Promise<Memory>;
  loopDelay(): Promise<LoopDelay>;
  /** Asks it to end, and answers how it did. */
  stop(): Promise<number | null>;
}

/** The histogram holds the time between two looks; what is more than this is delay. */
export const loopResolutionMs = 5;

/** Loaded into the server's process before the command: at a signal it says how it is. */
const probe = `
  import { monitorEventLoopDelay } from 'node:perf_hooks';
  const loop = monitorEventLoopDelay({ resolution: ${loopResolutionMs} });
  loop.enable();
  const delay = (nanoseconds) => Math.max(nanoseconds / 1e6 - ${loopResolutionMs}, 0);
  const say = (held) => process.stdout.write(JSON.stringify(held) + '\\n');
  process.on('SIGWINCH', () => {
    const [median, p99] = [50, 99].map((share) => delay(loop.percentile(share)));
    say({ medianMs: median, p99Ms: p99, mostMs: delay(loop.max) });
    loop.reset();
  });
  process.on('SIGUSR2', async () => {
    // What ends late, such as the wait for the rest of a refused body, has ended by then.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    gc();
    const { heapUsed, rss, external } = process.memoryUsage();
    say({ heapBytes: heapUsed + external, residentBytes: rss });
  });
`;

interface Ready {
  readonly isolation: string;
  readonly addresses: Readonly<Record<Surface, string>>;
}

/**
 * Starts the built command on free ports.
 *
 * @param flags - More settings, each by its flag without the two dashes.
 */
export async function serve(flags: Readonly<Record<string, string>>): Promise<Served> {
  const free = { 'unattested-port': '0', 'attested-port': '0', 'management-port': '0' };
  const settings = Object.entries({ ...free, ...flags }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      `data:text/javascript,${encodeURIComponent(probe)}`,
      `${checkoutFolder}/packages/cli/bin/blindai.js`,
      'serve',
      '--simulation',
      '--json',
      ...settings,
    ],
    { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!line.includes('"event":"request"')) log += `${line}\n`;
  });
  const ended = once(child, 'close');
  child.once('close', () => process.off('exit', kill));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`the server ended: ${log}`);
    return JSON.parse(value);
  };
  let asked: Promise<unknown> = Promise.resolve();
  /** One question at a time, so that each gets its own line. */
  const ask = async (signal: NodeJS.Signals): Promise<unknown> => {
    asked = asked.then(async () => {
      child.kill(signal);
      return nextLine();
    });
    return asked;
  };
  const { isolation, addresses } = (await nextLine()) as Ready;
  const port = (surface: Surface): number => Number(addresses[surface].split(':').at(-1));
  return {
    pid: child.pid!,
    ports: {
      unattested: port('unattested'),
      attested: port('attested'),
      management: port('management'),
    },
    isolation,
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    log: () => log,
    memory: async () => (await ask('SIGUSR2')) as Memory,
    loopDelay: async () => (await ask('SIGWINCH')) as LoopDelay,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

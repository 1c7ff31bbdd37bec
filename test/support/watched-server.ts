import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect, type BlindAIClient } from '@blindai/client/node';
import type { ReadyInfo } from '@blindai/server';
import type { Ports, Surface } from '../fuzz/exchange.ts';

/** What a server holds once its garbage is collected, in bytes. */
export interface Memory {
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** A simulation served by the built package, which tells what memory it really holds. */
export interface WatchedServer {
  readonly pid: number;
  readonly ports: Ports;
  /** Everything it has logged so far. */
  log(): string;
  /** Everything it has written to its standard output so far. */
  output(): string;
  memory(): Promise<Memory>;
  /** Opens a verified connection. */
  connect(): Promise<BlindAIClient>;
  /** Asks it to end, and answers how it did. */
  stop(): Promise<number | null>;
}

/** The server as its package starts it; a signal makes it collect its garbage and say what is left. */
const program = `
  import { loadConfig, runUntilSignal, startServer } from '@blindai/server';
  const flags = JSON.parse(process.argv[1]);
  const server = await startServer(await loadConfig({ flags, environment: {} }));
  const ended = runUntilSignal(server);
  process.on('SIGUSR2', async () => {
    // What ends late, such as the wait for the rest of a refused body, has ended by then.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    gc();
    const { heapUsed, rss, external } = process.memoryUsage();
    console.log(JSON.stringify({ heapBytes: heapUsed + external, residentBytes: rss }));
  });
  console.log(JSON.stringify(server.ready));
  await ended;
`;

/** Starts a simulation on free ports, with more settings by their names. */
export async function startWatched(flags: Record<string, string>): Promise<WatchedServer> {
  const free = { unattestedPort: '0', attestedPort: '0', managementPort: '0' };
  const all = JSON.stringify({ simulation: true, ...free, ...flags });
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', program, all],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`the server ended: ${log}`);
    return JSON.parse(value);
  };
  const { addresses } = (await nextLine()) as ReadyInfo;
  const port = (surface: Surface): number => Number(addresses[surface]!.split(':').at(-1));
  const ports: Ports = {
    unattested: port('unattested'),
    attested: port('attested'),
    management: port('management'),
  };
  return {
    pid: child.pid!,
    ports,
    log: () => log,
    output: () => output,
    async memory() {
      child.kill('SIGUSR2');
      return (await nextLine()) as Memory;
    },
    connect: async () =>
      connect('127.0.0.1', {
        unattestedPort: ports.unattested,
        attestedPort: ports.attested,
        managementPort: ports.management,
        simulation: true,
      }),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'close');
      }
      return child.exitCode;
    },
  };
}

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type BlindAIClient, type ConnectOptions } from '@blindai/client/node';
import type { ReadyInfo } from '@blindai/server';
import { descendantsOf, processorMs } from '../../test/support/process-watch.ts';
import type { OtherServer } from '../section.ts';
import { Worker } from '../worker.ts';
import type { LoopDelay, ServerOrder, Stages } from './server-order.ts';

/** A server that is measured: one of our own, or somebody else's of which nothing is seen but its answers. */
export interface Served extends AsyncDisposable {
  readonly host: string;
  readonly options: ConnectOptions & { readonly attestedPort: number };
  /** Null for somebody else's. */
  readonly process: ServerProcess | null;
  connect(): Promise<BlindAIClient>;
}

/** A server's process, where it is one of our own. */
export interface ServerProcess {
  readonly pid: number;
  /** The processor time that it has used so far, with its runners, in milliseconds. */
  processorMs(): number;
  watchLoop(): Promise<void>;
  loopDelay(): Promise<LoopDelay>;
  watchStages(): Promise<void>;
  stages(): Promise<readonly Stages[]>;
  /** Everything it has logged so far, a JSON object a line. */
  log(): string;
}

/** Settings besides their defaults: nobody may be refused for asking often. */
const settings = {
  simulation: true,
  unattestedPort: 'off',
  attestedAddress: '127.0.0.1',
  attestedPort: '0',
  managementPort: '0',
  quotesPerMinute: '1000000',
  logFormat: 'json',
};

/** Starts a server, or takes the one that is given. */
export async function serve(
  other: OtherServer | null,
  more: Readonly<Record<string, string>> = {},
): Promise<Served> {
  return other === null ? startOwn(more) : takeOther(other);
}

function takeOther({ host, manifestFile, ...ports }: OtherServer): Served {
  const options = {
    ...ports,
    ...(manifestFile === null ? { simulation: true } : { manifestFile }),
  };
  return {
    host,
    options,
    process: null,
    connect: async () => connect(host, options),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startOwn(more: Readonly<Record<string, string>>): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'blindai-bench-'));
  const logFile = join(folder, 'log');
  const descriptor = openSync(logFile, 'a');
  const log = (): string => readFileSync(logFile, 'utf8');
  const worker = new Worker<ServerOrder>('server-process.js', import.meta.url, {
    args: [JSON.stringify({ ...settings, ...more })],
    stderr: descriptor,
  });
  closeSync(descriptor);
  const close = async (): Promise<void> => {
    await worker[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  };
  let ready: ReadyInfo;
  try {
    ready = (await worker.ready()) as ReadyInfo;
  } catch (cause) {
    const reason = log();
    await close();
    throw new Error(`the server did not start: ${reason}`, { cause });
  }
  const options = {
    simulation: true,
    attestedPort: portOf(ready.addresses.attested),
    managementPort: portOf(ready.addresses.management),
  };
  return {
    host: '127.0.0.1',
    options,
    process: {
      pid: worker.pid,
      processorMs: () =>
        [worker.pid, ...descendantsOf(worker.pid)].reduce((sum, pid) => sum + processorMs(pid), 0),
      watchLoop: async () => void (await worker.ask({ kind: 'watch-loop' })),
      loopDelay: async () => (await worker.ask({ kind: 'loop-delay' })) as LoopDelay,
      watchStages: async () => void (await worker.ask({ kind: 'watch-stages' })),
      stages: async () => (await worker.ask({ kind: 'stages' })) as readonly Stages[],
      log,
    },
    connect: async () => connect('127.0.0.1', options),
    [Symbol.asyncDispose]: close,
  };
}

function portOf(address: string | null): number {
  return Number(address!.split(':').at(-1));
}

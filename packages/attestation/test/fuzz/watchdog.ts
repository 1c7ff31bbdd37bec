import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** How much work a case may take. */
export const caseTimeoutMs = 2_000;

/** Watches that no case takes too long, though it never gives the thread back. */
export interface Watchdog {
  /** A case begins; the one before has ended. */
  readonly watch: (name: string) => void;
  /** No case is under way. */
  readonly rest: () => void;
  /** The slowest one so far, by the clock on the wall. */
  readonly slowest: () => { readonly ms: number; readonly name: string };
  readonly stop: () => Promise<void>;
}

/**
 * Starts a thread that ends this process, and says on standard error in which case, when a case takes too long: an
 * endless loop cannot be ended otherwise. Counted is the time of the processor, so that a busy machine accuses
 * nobody; a case that waits for ever is ended after ten times as much on the wall.
 */
export async function startWatchdog(timeoutMs: number = caseTimeoutMs): Promise<Watchdog> {
  const shared = new SharedArrayBuffer(8 + maxNameLength);
  const beat = new Int32Array(shared, 0, 2);
  const name = new Uint8Array(shared, 8);
  const worker = new Worker(program, {
    eval: true,
    execArgv: [],
    workerData: { shared, timeoutMs },
  });
  await once(worker, 'online'); // It could not begin in a process that hangs already.
  let count = 0;
  let running = { name: '', since: 0 };
  let slowest = { ms: 0, name: '' };
  const end = (): void => {
    const ms = performance.now() - running.since;
    if (running.name !== '' && ms > slowest.ms) slowest = { ms, name: running.name };
  };
  return {
    watch: (next) => {
      end();
      running = { name: next, since: performance.now() };
      const bytes = new TextEncoder().encode(next).subarray(0, maxNameLength);
      name.set(bytes);
      Atomics.store(beat, 1, bytes.length);
      count = (count % 0x7fff_ffff) + 1;
      Atomics.store(beat, 0, count);
    },
    rest: () => {
      end();
      running = { name: '', since: 0 };
      Atomics.store(beat, 0, 0);
    },
    slowest: () => slowest,
    stop: async () => {
      await worker.terminate();
    },
  };
}

const maxNameLength = 400;

/** It writes to standard error by itself: the stream of a worker needs the thread that hangs. */
const program = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { shared, timeoutMs } = workerData;
const beat = new Int32Array(shared, 0, 2);
const name = new Uint8Array(shared, 8);
const usedMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let last = 0;
let since = { used: 0, wall: 0 };
setInterval(() => {
  const now = Atomics.load(beat, 0);
  const current = { used: usedMs(), wall: performance.now() };
  if (now !== last) {
    last = now;
    since = current;
  }
  const used = current.used - since.used;
  const wall = current.wall - since.wall;
  if (now === 0 || wall <= timeoutMs || (used <= timeoutMs && wall <= 10 * timeoutMs)) return;
  const text = new TextDecoder().decode(name.slice(0, Atomics.load(beat, 1)));
  writeSync(2, 'fuzz: more than ' + timeoutMs + ' ms: ' + text + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 100);
`;

/** Keeps no watch: where timings must not decide, on machines that others are busy on. */
export const noWatchdog: Watchdog = {
  watch: () => {},
  rest: () => {},
  slowest: () => ({ ms: 0, name: '' }),
  stop: async () => {},
};

import { Worker } from 'node:worker_threads';

/** How much work a case may take. */
export const caseTimeoutMs = 2_000;

/** Watches that no case takes longer than {@link caseTimeoutMs}, though it never gives the thread back. */
export interface Watchdog {
  /** A case begins; the one before has ended. */
  readonly watch: (name: string) => void;
  /** No case is under way. */
  readonly rest: () => void;
  /** How long the slowest one took so far, by the clock on the wall. */
  readonly slowestMs: () => number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a thread that ends this process, and says on standard error in which case, when a case takes too long: an
 * endless loop cannot be ended otherwise. Counted is the time of the processor, so that a busy machine accuses
 * nobody; a case that waits for ever is ended after ten times as much on the wall.
 */
export function startWatchdog(): Watchdog {
  const shared = new SharedArrayBuffer(8 + maxNameLength);
  const beat = new Int32Array(shared, 0, 2);
  const name = new Uint8Array(shared, 8);
  const worker = new Worker(program, { eval: true, workerData: { shared, caseTimeoutMs } });
  let count = 0;
  let started: number | null = null;
  let slowest = 0;
  const end = (): void => {
    if (started !== null) slowest = Math.max(slowest, performance.now() - started);
  };
  return {
    watch: (next) => {
      end();
      started = performance.now();
      const bytes = new TextEncoder().encode(next).subarray(0, maxNameLength);
      name.set(bytes);
      Atomics.store(beat, 1, bytes.length);
      count = (count % 0x7fff_ffff) + 1;
      Atomics.store(beat, 0, count);
    },
    rest: () => {
      end();
      started = null;
      Atomics.store(beat, 0, 0);
    },
    slowestMs: () => slowest,
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
const { shared, caseTimeoutMs } = workerData;
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
  if (now === 0 || wall <= caseTimeoutMs || (used <= caseTimeoutMs && wall <= 10 * caseTimeoutMs)) return;
  const text = new TextDecoder().decode(name.slice(0, Atomics.load(beat, 1)));
  writeSync(2, 'fuzz: more than ' + caseTimeoutMs + ' ms: ' + text + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 100);
`;

/** Keeps no watch: where timings must not decide, on machines that others are busy on. */
export const noWatchdog: Watchdog = {
  watch: () => {},
  rest: () => {},
  slowestMs: () => 0,
  stop: async () => {},
};

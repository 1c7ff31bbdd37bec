// The server as its package starts it, with a few eyes on it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadConfig, runUntilSignal, startServer } from '@blindai/server';
import { answerOrders } from '../answer-orders.ts';
import type { LoopDelay, ServerOrder } from './server-order.ts';
import { StageWatch } from './stage-watch.ts';

const flags = JSON.parse(process.argv[2]!) as Record<string, string>;
const server = await startServer(await loadConfig({ flags, environment: {} }));
const ended = runUntilSignal(server);

/** The histogram holds the time between two looks; what is more than this is delay. */
const resolutionMs = 5;
const loop = monitorEventLoopDelay({ resolution: resolutionMs });
const stageWatch = new StageWatch();

/** Nanoseconds between two looks, as milliseconds of delay. */
function delayOf(nanoseconds: number): number {
  return Math.max(nanoseconds / 1e6 - resolutionMs, 0);
}

answerOrders<ServerOrder>(
  {
    'watch-loop': async () => {
      loop.enable();
      loop.reset();
    },
    'loop-delay': async (): Promise<LoopDelay> => ({
      p50: delayOf(loop.percentile(50)),
      p99: delayOf(loop.percentile(99)),
      max: delayOf(loop.max),
    }),
    'watch-stages': async () => stageWatch.start(),
    stages: async () => stageWatch.take(),
  },
  server.ready,
);
await ended;
process.disconnect();

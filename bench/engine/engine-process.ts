// The bare engine in a process of its own: nothing between what asks and what computes.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Datatype } from '@blindai/protocol';
import { answerOrders } from '../answer-orders.ts';
import type { EngineOrder } from './engine-order.ts';

const engineTypes: Partial<Record<Datatype, string>> = {
  FP32: 'float32',
  INT32: 'int32',
  INT64: 'int64',
  UINT8: 'uint8',
};

let session: InferenceSession | undefined;
let feeds: InferenceSession.FeedsType = {};

async function run(): Promise<number> {
  const started = performance.now();
  await session!.run(feeds);
  return performance.now() - started;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Timers of Node are late by up to a millisecond; this one is not. Nothing else waits in this process. */
function sleep(ms: number): void {
  if (ms > 0) Atomics.wait(pause, 0, 0, ms);
}

/** A clock that all processes of the machine share, in milliseconds. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

answerOrders<EngineOrder>({
  load: async ({ model, inputs, threads }) => {
    const started = performance.now();
    session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      // As the server has it: a thread that waits does not keep a core busy.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { datatype, data, shape }]) => [
        name,
        new Tensor(engineTypes[datatype] as 'float32', data as Float32Array, shape),
      ]),
    );
    return { loadMs: performance.now() - started };
  },
  paced: async ({ count, gapMs }) => {
    const times: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      sleep(gapMs);
      times.push(await run());
    }
    return times;
  },
  saturate: async ({ durationMs }) => {
    const started = performance.now();
    let runs = 0;
    while (performance.now() - started < durationMs) {
      await run();
      runs += 1;
    }
    return { runs, rate: (1000 * runs) / (performance.now() - started) };
  },
  arrivals: async ({ firstAt, gapMs, count }) => {
    const times: number[] = [];
    for (let arrival = 0; arrival < count; arrival += 1) {
      const due = firstAt + arrival * gapMs;
      sleep(due - now());
      await run();
      times.push(now() - due);
    }
    return times;
  },
});

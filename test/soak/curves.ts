import { get } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { summarise } from '../../bench/statistics.ts';
import { countDescriptors, descendantsOf, residentBytes } from '../support/process-watch.ts';
import { loopResolutionMs, type LoopDelay } from './served.ts';
import type { Target } from './target.ts';

/** What a server was like at one moment of a soak, and since the moment before. */
export interface Sample {
  /** Since the start. */
  readonly seconds: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Processes that descend from the server. */
  readonly processes: number;
  /** All of them together. */
  readonly processBytes: number;
  /** Right answers to good callers, a second. */
  readonly answers: number;
  /** How long they took, in milliseconds. Null if there was none. */
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  /** How long a look at its health took, in milliseconds. */
  readonly healthMs: number;
  /** How late the server's event loop was. */
  readonly loop: LoopDelay;
  /** How late the event loop of the process that attacks, asks and measures was, at most. */
  readonly ownLoopMs: number;
  /** Answers by status, to everybody. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Looks at a server again and again until it is over. */
export async function watch(target: Target, everyMs: number): Promise<Sample[]> {
  const { server, tally, isOver } = target;
  const samples: Sample[] = [];
  const ownLoop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  ownLoop.enable();
  await server.loopDelay();
  tally.takeLatencies();
  let heard = new Map(tally.statuses);
  const startedAt = performance.now();
  let lookedAt = startedAt;
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    const healthMs = await askHealth(target);
    const loop = await server.loopDelay();
    const now = performance.now();
    const latencies = tally.takeLatencies();
    const times = latencies.length === 0 ? null : summarise(latencies);
    const processes = descendantsOf(server.pid);
    const statuses = [...tally.statuses].map(([status, count]) => [
      String(status),
      count - (heard.get(status) ?? 0),
    ]);
    heard = new Map(tally.statuses);
    samples.push({
      seconds: (now - startedAt) / 1000,
      residentBytes: residentBytes(server.pid),
      descriptors: countDescriptors(server.pid),
      processes: processes.length,
      processBytes: processes.reduce((sum, pid) => sum + residentOf(pid), 0),
      answers: (1000 * latencies.length) / (now - lookedAt),
      medianMs: times?.median ?? null,
      p99Ms: times?.p99 ?? null,
      healthMs,
      loop,
      ownLoopMs: Math.max(ownLoop.max / 1e6 - loopResolutionMs, 0),
      statuses: Object.fromEntries(statuses) as Record<string, number>,
    });
    ownLoop.reset();
    lookedAt = now;
  }
  ownLoop.disable();
  return samples;
}

async function askHealth({ server: { ports }, tally }: Target): Promise<number> {
  const startedAt = performance.now();
  try {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const url = `http://127.0.0.1:${ports.unattested}/v2/health/ready`;
      get(url, { agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    if (status !== 200) tally.blame(`its health: ${status}`);
  } catch (error) {
    tally.blame(`its health: ${String(error)}`);
  }
  return performance.now() - startedAt;
}

/** 0 for a process that is gone by now. */
function residentOf(pid: number): number {
  try {
    return residentBytes(pid);
  } catch {
    return 0;
  }
}

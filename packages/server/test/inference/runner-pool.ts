import { readdirSync, readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { RunnerPool, type LoadedModel, type PoolConfig } from '../../src/inference/pool.ts';
import type { RunnerCage } from '../../src/inference/runner-cage.ts';
import type { ModelSettings } from '../../src/inference/hosted-model.ts';
import { createModelBytes, type SealedModel } from '../../src/models/model-bytes.ts';
import { recordLog, type RecordedLog } from '../recorded-log.ts';

export const MIB: number = 1024 ** 2;

/** A pool for one test, which closes it. */
export interface TestedPool {
  readonly pool: RunnerPool;
  readonly log: RecordedLog;
  readonly load: (model: Uint8Array, settings?: Partial<ModelSettings>) => Promise<LoadedModel>;
  /** Process ids of all runners that were started so far, in order. */
  readonly runners: () => number[];
}

const config: PoolConfig = {
  runnerMemoryBytes: 512 * MIB,
  maxQueuedRuns: 4,
  maxTensors: 256,
  maxRank: 8,
  loadTimeoutMs: 20_000,
  cores: 1,
  scheduling: 'throughput',
};

export function startPool(
  settings: Partial<PoolConfig> = {},
  program?: string,
  cage?: RunnerCage,
): TestedPool {
  const tested = openPool(settings, program, cage);
  onTestFinished(() => tested.pool.close());
  return tested;
}

/** A pool that whoever opens it closes. */
export function openPool(
  settings: Partial<PoolConfig> = {},
  program?: string,
  cage?: RunnerCage,
): TestedPool {
  const log = recordLog();
  const pool = new RunnerPool({ ...config, ...settings }, log, cage, program);
  return {
    pool,
    log,
    load: async (model, given = {}) =>
      pool.load(sealed(model), { optimize: true, ...given }, { timeoutMs: 20_000 }),
    runners: () =>
      log.lines.filter(({ event }) => event === 'runner-started').map(({ runner }) => runner!),
  };
}

/** A model as an upload leaves it; closed when the test ends. */
export function sealed(model: Uint8Array): SealedModel {
  const writer = createModelBytes(model.length);
  writer.write(model);
  const result = writer.seal();
  onTestFinished(() => result.close());
  return result;
}

/** Processes that this one has started and that still do something. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        // The name of the program stands in brackets, and may hold any; the parent comes after the state.
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .filter(isRunning);
}

/** Whether a process still does anything: one that its parent has not noticed to be dead does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^\d+ \(.*\) [ZX]/.test(stat);
  } catch {
    return false;
  }
}

/** No deadline that a test means to reach. */
export const patient = { timeoutMs: 20_000 } as const;

/** How long something may take that has to happen. */
export const eventually = { timeout: 20_000 } as const;

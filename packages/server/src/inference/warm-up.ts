import { ProtocolError } from '@blindai/protocol';
import type { CancellationSignal } from '../cancellation.ts';
import { declaresRows, joinInputs, splitOutputs } from './rows.ts';
import type { RunPlan, Scheduling } from './run-plan.ts';
import type { RunnerProcess } from './runner-process.ts';
import type { NamedTensorBytes } from './signature.ts';
import { makeTrialInputs } from './trial-inputs.ts';

/** What a model is tried out for, and with what. */
export interface WarmUp {
  readonly scheduling: Scheduling;
  readonly cores: number;
  /** The most rows that may be computed as one; 1 where that is not wanted. */
  readonly mostRows: number;
  /** Starts another process of the model, which has so many threads. */
  readonly startOther: (threads: number) => Promise<RunnerProcess>;
  /** Does something while nothing else computes. */
  readonly inQuiet: <Result>(act: () => Promise<Result>) => Promise<Result>;
  /** Aborted when the time for it is over: the process that computes is killed then. */
  readonly until: CancellationSignal;
}

/** A run that is over sooner gains nothing from threads, in milliseconds. */
const leastThreadedMs = 2;

/** One process with all cores has to do this part of what as many processes with one thread do. */
const leastThroughput = 0.95;

/** Rows of the batch that is tried, and how much sooner it has to be over than so many runs. */
const triedRows = 8;
const leastGain = 1.25;

/** Runs of the same rows alone and in a batch differ by rounding only, in proportion to the larger of 1 and them. */
const tolerance = 1e-3;

/** How often a run is timed, and when that is enough. */
const mostTimed = 5;
const enoughMs = 100;

/**
 * Tries a model out on made-up inputs, and chooses how its runs are spread. What cannot be tried, for the model
 * takes other inputs or none, crashes or takes too long, leaves what is chosen without.
 *
 * @param first - A process of the model as `plan` has it; dead afterwards if it did not bear the trial.
 * @param plan - What is chosen if there is nothing to learn.
 */
export async function chooseByTrial(
  first: RunnerProcess,
  plan: RunPlan,
  warmUp: WarmUp,
): Promise<RunPlan> {
  const { scheduling, cores, mostRows } = warmUp;
  const mayThread = scheduling === 'auto' && cores > 1;
  const mayBatch = mostRows > 1 && declaresRows(first.signature);
  if (!mayThread && !mayBatch) return plan;
  let chosen = plan;
  try {
    const aloneMs = await timeRuns(first, 1, warmUp);
    if (aloneMs === null) return plan;
    // What one trial showed holds, even if the next one fails.
    if (mayBatch && (await gainsInBatches(first, aloneMs, warmUp))) {
      chosen = { ...chosen, mostRows };
    }
    if (mayThread && (await gainsByThreads(aloneMs, warmUp))) {
      chosen = { ...chosen, threads: cores, mostRunners: 1 };
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  return chosen;
}

async function gainsByThreads(aloneMs: number, warmUp: WarmUp): Promise<boolean> {
  if (aloneMs < leastThreadedMs) return false;
  const other = await warmUp.startOther(warmUp.cores);
  const threadedMs = await timeRuns(other, 1, warmUp);
  return threadedMs !== null && aloneMs / threadedMs >= leastThroughput * warmUp.cores;
}

async function gainsInBatches(
  runner: RunnerProcess,
  aloneMs: number,
  warmUp: WarmUp,
): Promise<boolean> {
  const batchMs = await timeRuns(runner, triedRows, warmUp);
  if (batchMs === null || (triedRows * aloneMs) / batchMs < leastGain) return false;
  return keepsRowsApart(runner, warmUp);
}

/** Whether two different rows come out of a batch as they do alone. */
async function keepsRowsApart(runner: RunnerProcess, { until }: WarmUp): Promise<boolean> {
  const both = makeTrialInputs(runner.signature, 2, 2);
  const rows = both && splitOutputs(both, [1, 1]);
  if (rows === null) return false;
  const together = splitOutputs(await runner.run(joinInputs([both!]), until), [1, 1]);
  if (together === null) return false;
  for (const [index, row] of rows.entries()) {
    if (!areClose(await runner.run(joinInputs([row]), until), together[index]!)) return false;
  }
  return true;
}

function areClose(some: readonly NamedTensorBytes[], others: readonly NamedTensorBytes[]): boolean {
  return some.every((tensor, position) => {
    const other = others[position]!;
    if (tensor.shape.join() !== other.shape.join()) return false;
    if (Buffer.compare(tensor.bytes, other.bytes) === 0) return true;
    const [a, b] = [readFloats(tensor), readFloats(other)];
    if (a === null || b === null) return false;
    return a.every((value, index) => {
      const distance = Math.abs(value - b[index]!);
      return Object.is(value, b[index]) || distance <= tolerance * Math.max(1, Math.abs(value));
    });
  });
}

function readFloats({ datatype, bytes }: NamedTensorBytes): Float32Array | Float64Array | null {
  const { buffer } = Uint8Array.from(bytes);
  if (datatype === 'FP32') return new Float32Array(buffer);
  return datatype === 'FP64' ? new Float64Array(buffer) : null;
}

/** The shortest of a few runs, in milliseconds; null if there is no way to make inputs up. */
async function timeRuns(
  runner: RunnerProcess,
  rows: number,
  { inQuiet, until }: WarmUp,
): Promise<number | null> {
  const inputs = makeTrialInputs(runner.signature, rows, 2);
  if (inputs === null) return null;
  const joined = joinInputs([inputs]);
  return inQuiet(async () => {
    // The first one is for the engine to find its memory.
    await runner.run(joined, until);
    let shortest = Infinity;
    let all = 0;
    for (let count = 0; count < mostTimed && all < enoughMs; count++) {
      const startedAt = performance.now();
      await runner.run(joined, until);
      const tookMs = performance.now() - startedAt;
      shortest = Math.min(shortest, tookMs);
      all += tookMs;
    }
    return shortest;
  });
}

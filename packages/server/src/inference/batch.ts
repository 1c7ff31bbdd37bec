import { ProtocolError } from '@blindai/protocol';
import { FirstOf } from '../cancellation.ts';
import type { PendingRun } from './pending-run.ts';
import { joinInputs, splitOutputs } from './rows.ts';
import type { RunnerProcess } from './runner-process.ts';
import type { NamedTensorBytes } from './signature.ts';

/**
 * Computes runs as one and answers each, if that can be done.
 *
 * @param batch - Alike, with rows.
 * @returns `failed` if the process did not answer, `rows-lost` if its answer has not as many rows as the runs:
 *   nobody is answered then, but who had no room for the outputs.
 */
export async function answerTogether(
  runner: RunnerProcess,
  batch: readonly PendingRun[],
): Promise<'answered' | 'failed' | 'rows-lost'> {
  const counts = batch.map(({ rows }) => rows!);
  const all = counts.reduce((sum, rows) => sum + rows, 0);
  const hold = (bytes: number): void => {
    for (const run of batch) holdPart(run, (bytes * run.rows!) / all);
  };
  using until = new FirstOf(batch.map((run) => run.until));
  let outputs: NamedTensorBytes[][] | null;
  try {
    const joined = joinInputs(batch.map(({ inputs }) => inputs));
    outputs = splitOutputs(await runner.run(joined, until, hold), counts);
  } catch (error) {
    if (error instanceof ProtocolError) return 'failed';
    throw error;
  }
  if (outputs === null) return 'rows-lost';
  for (const [index, run] of batch.entries()) run.succeed(outputs[index]!);
  return 'answered';
}

/** Without room for its outputs a run fails alone, whatever it is computed along with. */
function holdPart(run: PendingRun, bytes: number): void {
  try {
    run.hold?.(bytes);
  } catch (error) {
    run.fail(error);
  }
}

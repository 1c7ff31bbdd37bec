import type { Subject } from '../models/subjects.ts';
import { ServedModel } from './served-model.ts';
import { serve } from './served.ts';

/** How a server spreads the runs of a model, as its trial found. */
export interface Plan {
  /** Of the engine, in each process. */
  readonly threads: number;
  /** Processes at most. */
  readonly runners: number;
  /** Rows that are computed as one at most; 1: runs are never put together. */
  readonly rows: number;
}

/** What a server has to log for {@link plansIn}. */
export const planLogging = { logLevel: 'debug' } as const;

/** The plans that a server has logged, in order. */
export function plansIn(log: string): Plan[] {
  return log
    .split('\n')
    .filter((line) => line.includes('"model-planned"'))
    .map((line) => {
      const { threads, runners, rows } = JSON.parse(line) as Plan;
      return { threads, runners, rows };
    });
}

/** What a server of our own chooses for each model if it is left to it. */
export async function choosePlans(subjects: readonly Subject[]): Promise<Plan[]> {
  await using served = await serve(null, planLogging);
  for (const subject of subjects) {
    await using _model = await ServedModel.upload(served, subject);
  }
  return plansIn(served.process!.log());
}

/** A plan in a few words. */
export function formatPlan({ threads, runners }: Pick<Plan, 'threads' | 'runners'>): string {
  return `${runners} × ${threads} thread${threads === 1 ? '' : 's'}`;
}

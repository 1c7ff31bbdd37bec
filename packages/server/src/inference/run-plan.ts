/** How a model's runs are spread over processes. */
export interface RunPlan {
  /** Of the engine, in each process. */
  readonly threads: number;
  /** The most processes at once; more than the first are started when runs wait. */
  readonly mostRunners: number;
  /** The most rows that are computed as one; 1 where runs are never put together. */
  readonly mostRows: number;
}

/**
 * What a model is run for: `throughput` is as many processes with one thread as there are cores, `latency` is
 * one process with as many threads; `auto` is the second where a short measurement shows that it costs next to
 * no throughput, else the first.
 */
export type Scheduling = 'auto' | 'throughput' | 'latency';

/** The plan of a model of which nothing is known yet. */
export function firstPlan(scheduling: Scheduling, cores: number): RunPlan {
  return scheduling === 'latency'
    ? { threads: cores, mostRunners: 1, mostRows: 1 }
    : { threads: 1, mostRunners: cores, mostRows: 1 };
}

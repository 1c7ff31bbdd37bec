import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where figures were measured: they mean nothing without it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Of the operating system and processor, as Node has it. */
  readonly platform: string;
  readonly node: string;
  /** What others keep busy, in cores: the load average of the last minute. 0 where the system has none. */
  readonly load: number;
}

/** The machine on which this runs. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    load: Math.round(loadavg()[0]! * 10) / 10,
  };
}

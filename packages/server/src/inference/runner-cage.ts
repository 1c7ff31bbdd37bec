import { readTaskStatuses } from '../platform/task-status.ts';
import type { CageMechanism, CageStep } from './messages.ts';
import type { RunnerUsers } from './runner-users.ts';

/** How all runners of a server are caged. */
export interface RunnerCage {
  readonly users: RunnerUsers;
  /** What has to be in force in a runner before it is given a model. */
  readonly demanded: readonly CageMechanism[];
}

/** What every Linux has. */
export const leastDemanded: readonly CageMechanism[] = [
  'limits',
  'dies-with-parent',
  'not-dumpable',
];

/** The threads of a caged process, counted from outside. */
export interface ThreadCount {
  readonly all: number;
  /** Those whose system calls go through a filter that this process, the server, does not have. */
  readonly filtered: number;
  /** Those with any capability left. */
  readonly capable: number;
}

/** Counts the threads of a process; null if the system does not show them. */
export function countThreads(pid: number): ThreadCount | null {
  try {
    const [own] = readTaskStatuses();
    const tasks = readTaskStatuses(pid);
    return {
      all: tasks.length,
      filtered: tasks.filter((task) => task.isFiltered && hasMore(task.filters, own!.filters))
        .length,
      capable: tasks.filter(({ capabilities }) => capabilities !== 0n).length,
    };
  } catch {
    return null;
  }
}

/** Where the kernel does not tell, a container's filter cannot be told from ours. */
function hasMore(filters: number | null, own: number | null): boolean {
  return filters === null || own === null || filters > own;
}

/**
 * Whether a runner that has started is caged as demanded: by what it says, while it is still only our own
 * code, and by what the kernel says of each of its threads. On other systems than Linux there is no cage.
 */
export function isCaged(
  pid: number,
  steps: readonly CageStep[],
  demanded: readonly CageMechanism[],
): boolean {
  if (process.platform !== 'linux') return true;
  const inForce = new Set(steps.filter((step) => step.inForce).map(({ mechanism }) => mechanism));
  if (!demanded.every((mechanism) => inForce.has(mechanism))) return false;
  if (!demanded.includes('system-calls')) return true;
  const threads = countThreads(pid);
  if (threads === null || threads.all === 0 || threads.filtered < threads.all) return false;
  return threads.capable === 0 || !demanded.includes('capabilities');
}

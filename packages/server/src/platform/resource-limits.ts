import { bindSystemCall } from './c-library.ts';

/** The limits we set, with their numbers on Linux (`RLIMIT_…`). */
const resources = {
  fileSize: 1,
  data: 2,
  coreDump: 4,
  processes: 6,
  openFiles: 7,
  lockedMemory: 8,
  addressSpace: 9,
  pendingSignals: 11,
  messageQueues: 12,
} as const;

/**
 * A resource of a process that can be limited. Sizes are bytes, the others counts; processes are those of the
 * whole user, each thread being one.
 */
export type Resource = keyof typeof resources;

// A limit is two 64-bit numbers: the one in force and the one up to which it may be raised.
const getrlimit: (resource: number, limit: BigUint64Array) => number = bindSystemCall(
  'getrlimit',
  'int getrlimit(int resource, _Out_ uint64_t *limit)',
);
const setrlimit: (resource: number, limit: BigUint64Array) => number = bindSystemCall(
  'setrlimit',
  'int setrlimit(int resource, const uint64_t *limit)',
);

/**
 * Limits this process for good: only a privileged process could raise the limit again. One that is lower
 * already stays as it is.
 *
 * @throws {SystemCallError}
 */
export function lowerResourceLimit(resource: Resource, most: number): void {
  const limit = new BigUint64Array(2);
  getrlimit(resources[resource], limit);
  const wanted = BigInt(most);
  setrlimit(
    resources[resource],
    limit.map((present) => (present < wanted ? present : wanted)),
  );
}

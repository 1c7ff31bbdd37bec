import { bindSystemCall } from './c-library.ts';

/** The limits we set, with their numbers on Linux (`RLIMIT_…`). */
const resources = { fileSize: 1, data: 2, coreDump: 4, openFiles: 7 } as const;

/** A resource of a process that can be limited. Sizes are bytes, open files a count. */
export type Resource = keyof typeof resources;

const setrlimit = bindSystemCall<[resource: number, limit: BigUint64Array]>(
  'setrlimit',
  'int setrlimit(int resource, const uint64_t *limit)',
);

/**
 * Limits this process for good: its hard limit too, which only a privileged process could raise again.
 *
 * @throws {SystemCallError}
 */
export function setResourceLimit(resource: Resource, most: number): void {
  setrlimit(resources[resource], new BigUint64Array(2).fill(BigInt(most)));
}

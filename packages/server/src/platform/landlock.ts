import { closeSync } from 'node:fs';
import { SystemCallError } from './c-library.ts';
import { callKernel } from './kernel.ts';

/*
 * Landlock, the kernel's access control that every process may set for itself (landlock(7), and
 * include/uapi/linux/landlock.h for the numbers). What a version does not know it refuses, so that the rights
 * are counted by version.
 */

/** Bits of `handled_access_fs` that exist from a version on: how many of the lowest. */
const fileRights: readonly (readonly [version: number, count: number])[] = [
  [1, 13],
  [2, 14],
  [3, 15],
  [5, 16],
  [9, 17],
];
/** The same of `handled_access_net`: TCP, then UDP. */
const networkRights = [
  [4, 2],
  [10, 4],
] as const;
/** And of `scoped`: abstract sockets and signals. */
const scopes = [[6, 2]] as const;

const LANDLOCK_CREATE_RULESET_VERSION = 1;
const LANDLOCK_RESTRICT_SELF_TSYNC = 1 << 3;
const tsyncSince = 8;

/** What Landlock was asked to keep from this process. */
export interface LandlockDomain {
  /** Version of the interface that this kernel has. */
  readonly version: number;
  /** False: threads that were there already are as free as before. */
  readonly isOnAllThreads: boolean;
}

/**
 * Takes from the calling thread, the threads it will start, and from version 8 on from all threads, every
 * right that Landlock can take: opening and changing files, connecting, sockets and signals to processes
 * outside. Files that are open stay open. Needs no_new_privs.
 *
 * @throws {SystemCallError} `ENOSYS` or `EOPNOTSUPP` where the kernel has no Landlock.
 */
export function restrictByLandlock(): LandlockDomain {
  const version = callKernel('landlock_create_ruleset', 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  const ruleset = callKernel('landlock_create_ruleset', ...attributes(version), 0);
  try {
    return { version, isOnAllThreads: enter(ruleset, version) };
  } finally {
    closeSync(ruleset);
  }
}

function enter(ruleset: number, version: number): boolean {
  if (version >= tsyncSince) {
    try {
      callKernel('landlock_restrict_self', ruleset, LANDLOCK_RESTRICT_SELF_TSYNC);
      return true;
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
    }
  }
  callKernel('landlock_restrict_self', ruleset, 0);
  return false;
}

/** `struct landlock_ruleset_attr` as long as the version knows it, and that length. */
function attributes(version: number): [Uint8Array, number] {
  const members = [fileRights, networkRights, scopes].map((table) => bits(table, version));
  while (members.at(-1) === 0n) members.pop();
  const encoded = new Uint8Array(BigUint64Array.from(members).buffer);
  return [encoded, encoded.length];
}

function bits(table: readonly (readonly [number, number])[], version: number): bigint {
  const count = table.findLast(([since]) => since <= version)?.[1] ?? 0;
  return 2n ** BigInt(count) - 1n;
}

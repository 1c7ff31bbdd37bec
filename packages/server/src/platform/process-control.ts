import { bindSystemCall } from './c-library.ts';

const PR_SET_PDEATHSIG = 1;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;

const prctl: (option: number, value: number, a: 0, b: 0, c: 0) => number = bindSystemCall(
  'prctl',
  'int prctl(int option, unsigned long value, unsigned long a, unsigned long b, unsigned long c)',
);
const exitAtOnce: (status: number) => number = bindSystemCall('_exit', 'int _exit(int status)');

/**
 * Has the kernel kill this process when its parent ends. A parent that ended before the call goes unnoticed:
 * compare `process.ppid` afterwards. Becoming another user ends it: call this afterwards.
 *
 * @throws {SystemCallError}
 */
export function dieWithParent(): void {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/**
 * Denies other processes of the same user this one's memory, and the system its core dumps: a core pattern
 * that is a pipe gets them in spite of a core size limit of zero. Does not hold against root.
 *
 * @throws {SystemCallError}
 */
export function forbidDumping(): void {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/**
 * Whether other processes of the same user may read this one's memory.
 *
 * @throws {SystemCallError}
 */
export function isDumpable(): boolean {
  return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) !== 0;
}

/**
 * Lets no program that the calling thread starts gain privileges, whatever its file says. Threads that are
 * there already get it with a filter of system calls.
 *
 * @throws {SystemCallError}
 */
export function forbidNewPrivileges(): void {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/** Ends this process at once: nothing is written, closed or called any more. */
export function endProcess(status: number): never {
  if (process.platform === 'linux') exitAtOnce(status);
  process.exit(status);
}

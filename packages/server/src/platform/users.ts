import { bindSystemCall, SystemCallError } from './c-library.ts';
import { callKernel } from './kernel.ts';

// Of the C library, which changes the user of all threads; the kernel alone would change the calling one.
const setgroups: (size: number, list: null) => number = bindSystemCall(
  'setgroups',
  'int setgroups(size_t size, const uint32_t *list)',
);
const setgid: (id: number) => number = bindSystemCall('setgid', 'int setgid(uint32_t gid)');
const setuid: (id: number) => number = bindSystemCall('setuid', 'int setuid(uint32_t uid)');

const PRIO_USER = 2;

/**
 * Becomes another user, all threads, for good: no supplementary groups, and user and group of this number.
 * Capabilities end with it, unless the number is 0.
 *
 * @throws {SystemCallError} `EPERM` without CAP_SETUID and CAP_SETGID; `EINVAL` where the number is not
 *   mapped.
 */
export function becomeUser(id: number): void {
  setgroups(0, null);
  setgid(id);
  setuid(id);
}

/**
 * Gives up the supplementary groups.
 *
 * @throws {SystemCallError} `EPERM` without CAP_SETGID.
 */
export function dropGroups(): void {
  setgroups(0, null);
}

/** Whether this process has groups besides its own. */
export function hasGroups(): boolean {
  const own = process.getgid!();
  return process.getgroups!().some((group) => group !== own);
}

/** Whether any process that we could see, dying ones included, belongs to a user. */
export function hasProcesses(user: number): boolean {
  try {
    callKernel('getpriority', PRIO_USER, user);
    return true;
  } catch (error) {
    if (error instanceof SystemCallError && error.errno === 'ESRCH') return false;
    throw error;
  }
}

import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ProtocolError } from '@blindai/protocol';
import { hasCapability, type Capability } from '../platform/capabilities.ts';
import { readTaskStatuses } from '../platform/task-status.ts';
import { hasProcesses } from '../platform/users.ts';

/** Users, by number, that are set aside for runners; the groups of the same numbers are too. */
export interface UserRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** Whom runners run as. */
export interface RunnerUsers {
  /** Whether each gets a user of its own. */
  readonly areOwn: boolean;
  /** Why they do not, or which ones they get. */
  readonly reason: string;
  /**
   * The user for a new runner; null for the server's own. Given back when its process is gone and reaped.
   *
   * @throws {ProtocolError} `too-many-requests` if all are taken.
   */
  take(): number | null;
  /** Only once nothing runs as this user any more. */
  giveBack(user: number | null): void;
}

/** All runners run as the server's user. */
export function sharedUser(reason: string): RunnerUsers {
  return { areOwn: false, reason, take: () => null, giveBack: () => undefined };
}

/**
 * Users of a range, one for each runner. None is taken that has a process, whosever it is: another server may
 * use the same range, and a process may outlive the moment in which it was reaped. For the same reason the
 * search begins anywhere.
 */
export function ownUsers({ first, last }: UserRange): RunnerUsers {
  const taken = new Set<number>();
  const count = last - first + 1;
  return {
    areOwn: true,
    reason: `${first} to ${last}`,
    take() {
      const start = randomInt(count);
      for (let offset = 0; offset < count; offset++) {
        const user = first + ((start + offset) % count);
        if (taken.has(user) || hasProcesses(user)) continue;
        taken.add(user);
        return user;
      }
      throw new ProtocolError('too-many-requests', 'all users for processes of models are taken');
    },
    giveBack(user) {
      if (user !== null) taken.delete(user);
    },
  };
}

/** To become another user, to leave all groups, and to kill a process of another user. */
const needed: readonly Capability[] = ['setuid', 'setgid', 'kill'];

/**
 * Whether runners can get users of their own, as far as can be told without trying.
 *
 * @param range - Null if they are not to.
 */
export function planRunnerUsers(range: UserRange | null): RunnerUsers {
  if (range === null) return sharedUser('own users are off');
  if (process.platform !== 'linux') return sharedUser('only on Linux');
  const reason = findObstacle(range);
  return reason === null ? ownUsers(range) : sharedUser(reason);
}

function findObstacle(range: UserRange): string | null {
  try {
    const main = readTaskStatuses().find(({ id }) => id === process.pid);
    const missing = needed.filter((name) => !hasCapability(main?.effective ?? 0n, name));
    if (missing.length > 0) {
      return `the server lacks ${missing.map((name) => `CAP_${name.toUpperCase()}`).join(', ')}`;
    }
    if (!isMapped(range, '/proc/self/uid_map') || !isMapped(range, '/proc/self/gid_map')) {
      return `users ${range.first} to ${range.last} do not exist in this user namespace`;
    }
    if (readFileSync('/proc/self/setgroups', 'latin1').trim() !== 'allow') {
      return 'this user namespace does not let groups be dropped';
    }
    return null;
  } catch (error) {
    return `/proc does not tell (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** user_namespaces(7): lines of the first number inside, the first outside, and how many. */
function isMapped({ first, last }: UserRange, path: string): boolean {
  return readFileSync(path, 'latin1')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .some(([inside = 0, , count = 0]) => first >= inside && last < inside + count);
}

import type { CageStep } from '../../inference/messages.ts';
import { SystemCallError } from '../../platform/c-library.ts';
import { dropBoundingSet } from '../../platform/capabilities.ts';
import { becomeUser, dropGroups, hasGroups } from '../../platform/users.ts';
import { NotInForce, step } from './step.ts';

/**
 * Becomes a user whom nobody else is: between it and the server, files and other runners then stand the
 * oldest rules that the system has.
 *
 * @param user - Null if the server cannot give runners users of their own.
 */
export function becomeOwnUser(user: number | null): CageStep {
  return step('own-user', () => {
    if (user === null) {
      const groups = giveUpGroups();
      throw new NotInForce(`the server's user; ${groups}`);
    }
    // The bounding set cannot be emptied later: that takes a capability.
    dropBoundingSet();
    becomeUser(user);
    return `user and group ${user}, no other group, on all threads`;
  });
}

/** What can be had without a user of one's own. */
function giveUpGroups(): string {
  if (!hasGroups()) return 'no supplementary groups';
  try {
    dropGroups();
    return 'supplementary groups dropped';
  } catch (error) {
    if (error instanceof SystemCallError) return `supplementary groups kept (${error.errno})`;
    throw error;
  }
}

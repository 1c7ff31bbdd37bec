import type { CageSettings, CageStep } from '../../inference/messages.ts';
import { emptyCapabilities } from './capabilities.ts';
import { closeStrayDescriptors } from './descriptors.ts';
import { giveUpRights } from './landlock.ts';
import { endWithParent } from './lifetime.ts';
import { lowerLimits } from './limits.ts';
import { becomeOwnUser } from './own-user.ts';
import { becomeUndumpable, refusePrivileges } from './privileges.ts';
import { allowSystemCalls } from './system-calls.ts';

/** The last of the descriptors that a runner is given: for the reports on refused calls. */
const denialSocket = 5;

/**
 * Takes from this process, for good, what running a model does not need. To be called before any foreign
 * byte is read, and after everything is loaded that will be needed: nothing can be loaded later. On other
 * systems than Linux there is nothing to take.
 *
 * @returns what is in force now, and what is not and why; the server judges whether that is enough.
 */
export function enterCage(settings: CageSettings): readonly CageStep[] {
  if (process.platform !== 'linux') return [];
  // The order matters: a change of user undoes the tie to the parent, and each step takes what those before
  // it still needed.
  const descriptors = closeStrayDescriptors(denialSocket);
  const ownUser = becomeOwnUser(settings.user);
  return [
    descriptors,
    ownUser,
    emptyCapabilities(),
    lowerLimits(settings.memoryBytes, ownUser.inForce),
    endWithParent(settings.parent),
    becomeUndumpable(),
    refusePrivileges(),
    giveUpRights(),
    ...allowSystemCalls(settings.reportsDenials ? denialSocket : null),
  ];
}

import type { CageStep } from '../../inference/messages.ts';
import { SystemCallError } from '../../platform/c-library.ts';
import { dropBoundingSet, dropCapabilities } from '../../platform/capabilities.ts';
import { readTaskStatuses } from '../../platform/task-status.ts';
import { NotInForce, step } from './step.ts';

/**
 * Empties the calling thread's capabilities, and looks whether those of all threads are empty: a thread cannot
 * drop another's, so the others have to be without since they began, or since all became another user.
 */
export function emptyCapabilities(): CageStep {
  return step('capabilities', () => {
    emptyBoundingSet();
    dropCapabilities();
    const tasks = readTaskStatuses();
    const left = tasks.filter(({ capabilities }) => capabilities !== 0n);
    if (left.length > 0) {
      throw new NotInForce(`left on ${left.length} of ${tasks.length} threads`);
    }
    return `none on any of ${tasks.length} threads`;
  });
}

/** It matters to programs that are started later, of which there are none: having it is good, not needed. */
function emptyBoundingSet(): void {
  try {
    dropBoundingSet();
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
  }
}

import type { CageStep } from '../../inference/messages.ts';
import { forbidDumping, forbidNewPrivileges } from '../../platform/process-control.ts';
import { step } from './step.ts';

/** Others of the same user get neither this process's memory nor its core dump. */
export function becomeUndumpable(): CageStep {
  return step('not-dumpable', () => {
    forbidDumping();
    return 'no core dump, closed to others of the same user';
  });
}

/** No program started from here gains anything; what follows needs it. */
export function refusePrivileges(): CageStep {
  return step('no-new-privileges', () => {
    forbidNewPrivileges();
    return 'for good';
  });
}

import { allowDebug, type Policy, type UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';

/** @param specification - Where the format says what debugging is. */
export function planDebug(vouchedBy: string, specification: string): PlannedCheck {
  return plan('debug', 'a workload that its host cannot debug', vouchedBy, specification);
}

/** Refuses a workload whose memory the host can read, unless `[allowDebug]` was given. */
export function enforceDebug(
  isDebug: boolean,
  what: string,
  policy: Policy | UnmatchedPolicy,
  verdict: Verdict,
): void {
  const isAllowed = policy[allowDebug] === true;
  if (policy.manifest?.asksForDebug === true && !isAllowed) {
    verdict.refuse(
      'debug',
      'the manifest asks to accept debug enclaves, which a file alone cannot do',
      'Take `allow_debug` out of the manifest, or accept them by `[allowDebug]` (--allow-debug)',
    );
  }
  if (isDebug && !isAllowed) {
    verdict.refuse(
      'debug',
      `this is a debug ${what}: its host can read all of its memory`,
      'Only `[allowDebug]` (--allow-debug) accepts it, for tests',
    );
  }
  if (isDebug) {
    verdict.weakened(
      'debug',
      `a DEBUG ${what}, accepted by [allowDebug]: its host can read all of its memory`,
    );
  } else {
    verdict.passed('debug', `no debug ${what}`);
  }
}

import type { CageMechanism, CageStep } from '../../inference/messages.ts';
import { SystemCallError } from '../../platform/c-library.ts';

/**
 * Tries one mechanism. What the system refuses is reported, not thrown: whether a runner may go on with what
 * is left is the server's to judge.
 *
 * @param act - Returns what was done, in a few words.
 */
export function step(mechanism: CageMechanism, act: () => string): CageStep {
  try {
    return { mechanism, inForce: true, detail: act() };
  } catch (error) {
    if (error instanceof SystemCallError || error instanceof NotInForce) {
      return { mechanism, inForce: false, detail: error.message };
    }
    throw error;
  }
}

/** A mechanism that the system took, but that does not hold as it should. */
export class NotInForce extends Error {
  override readonly name = 'NotInForce';
}

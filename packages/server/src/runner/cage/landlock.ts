import type { CageStep } from '../../inference/messages.ts';
import { restrictByLandlock } from '../../platform/landlock.ts';
import { step } from './step.ts';

/** Gives up every right to files, the network, and sockets and signals outside that Landlock knows. */
export function giveUpRights(): CageStep {
  return step('landlock', () => {
    const { version, isOnAllThreads } = restrictByLandlock();
    const threads = isOnAllThreads ? 'all threads' : 'the main thread and later ones';
    const rights = [
      'files',
      ...(version >= 4 ? ['TCP'] : []),
      ...(version >= 10 ? ['UDP'] : []),
      ...(version >= 6 ? ['abstract sockets', 'signals'] : []),
    ];
    return `version ${version}: ${rights.join(', ')}; ${threads}`;
  });
}

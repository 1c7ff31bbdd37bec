import { maxThreads, type CageStep } from '../../inference/messages.ts';
import { lowerResourceLimit } from '../../platform/resource-limits.ts';
import { step } from './step.ts';

/** Enough for Node and the engine, which open nothing more once the cage is closed. */
const maxOpenFiles = 64;

/**
 * Bounds what this process can take from the machine.
 *
 * @param memoryBytes - The most memory that it may allocate.
 * @param hasOwnUser - Whether its user is nobody else's: the threads of a user are counted together.
 */
export function lowerLimits(memoryBytes: number, hasOwnUser: boolean): CageStep {
  return step('limits', () => {
    lowerResourceLimit('coreDump', 0);
    lowerResourceLimit('fileSize', 0);
    lowerResourceLimit('openFiles', maxOpenFiles);
    lowerResourceLimit('data', memoryBytes);
    lowerResourceLimit('lockedMemory', 0);
    lowerResourceLimit('messageQueues', 0);
    if (hasOwnUser) lowerResourceLimit('processes', maxThreads);
    const threads = hasOwnUser ? `, ${maxThreads} threads` : '';
    return `no core dump, no file, ${maxOpenFiles} descriptors, ${memoryBytes} bytes of data${threads}`;
  });
}

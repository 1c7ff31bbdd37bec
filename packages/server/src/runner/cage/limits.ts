import { maxThreads, type CageStep } from '../../inference/messages.ts';
import { readProcessMemory } from '../../platform/process-memory.ts';
import { lowerResourceLimit } from '../../platform/resource-limits.ts';
import { NotInForce, step } from './step.ts';

/** Enough for Node and the engine, which open nothing more once the cage is closed. */
const maxOpenFiles = 64;

/**
 * Addresses beyond those that were taken before and those of its memory, for what allocators set aside and do
 * not use. Memory that is only read is not counted by the limit of data, but the kernel keeps a page of tables
 * for each two megabytes of it: 32 MiB for so many addresses, and 256 GiB for all that there are.
 */
const spareAddressBytes = 16 * 1024 ** 3;

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
    lowerResourceLimit('addressSpace', takenAddressBytes() + memoryBytes + spareAddressBytes);
    lowerResourceLimit('lockedMemory', 0);
    lowerResourceLimit('messageQueues', 0);
    if (hasOwnUser) lowerResourceLimit('processes', maxThreads);
    const threads = hasOwnUser ? `, ${maxThreads} threads` : '';
    return `no core dump, no file, ${maxOpenFiles} descriptors, ${memoryBytes} bytes of data${threads}`;
  });
}

function takenAddressBytes(): number {
  const memory = readProcessMemory(process.pid);
  if (memory === null) throw new NotInForce('/proc does not tell how many addresses are taken');
  return memory.addressBytes;
}

import type { CageStep } from '../inference/messages.ts';
import { dieWithParent, forbidDumping } from '../platform/process-control.ts';
import { lowerResourceLimit } from '../platform/resource-limits.ts';

/** What a runner keeps to. */
export interface CageOptions {
  /** The most memory that the process may allocate, in bytes. */
  readonly memoryBytes: number;
  /** Process id of the server. */
  readonly parent: number;
}

/** Enough for Node and the engine, which open nothing more once the cage is closed. */
const maxOpenFiles = 64;

/**
 * At the first Node would open its debugger; the others reach every process of a service that is stopped,
 * while the server still lets its runs come to an end.
 */
const leftToTheServer = ['SIGUSR1', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Takes from this process, for good, what running a model does not need. To be called before any foreign
 * byte is read, and after everything is loaded that will be needed: nothing can be loaded later. On other
 * systems than Linux there is nothing to take.
 *
 * @returns what is in force now.
 * @throws {SystemCallError} if a step fails: such a process must not go on.
 */
export function enterCage(options: CageOptions): readonly CageStep[] {
  for (const signal of leftToTheServer) process.on(signal, () => undefined);
  if (process.platform !== 'linux') return [];
  lowerResourceLimit('coreDump', 0);
  lowerResourceLimit('fileSize', 0);
  lowerResourceLimit('openFiles', maxOpenFiles);
  lowerResourceLimit('data', options.memoryBytes);
  dieWithParent();
  // The parent may have ended before the line above: then another process has adopted this one.
  if (process.ppid !== options.parent) process.exit(1);
  forbidDumping();
  return [
    'core-dump-limit',
    'file-size-limit',
    'open-files-limit',
    'data-limit',
    'dies-with-parent',
    'not-dumpable',
  ];
}

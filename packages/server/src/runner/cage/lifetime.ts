import type { CageStep } from '../../inference/messages.ts';
import { dieWithParent, endProcess } from '../../platform/process-control.ts';
import { step } from './step.ts';

/**
 * Ties this process to the one that started it: the kernel kills it when that ends, however it ends, and
 * whatever this one computes.
 *
 * @param parent - Process id of the one that started it.
 */
export function endWithParent(parent: number): CageStep {
  return step('dies-with-parent', () => {
    dieWithParent();
    // The parent may have ended before the line above: then another process has adopted this one.
    if (process.ppid !== parent) endProcess(1);
    return 'killed when the server ends';
  });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFolder } from './checkout.ts';

/** The folder beside a checkout with evidence, models and recordings that are not ours to ship. */
export const sharedFolder: string = join(checkoutFolder, '../shared');

/**
 * Whether something that a test needs is there. Where it is not, the reason is printed and the test may skip.
 * Under BLINDAI_REQUIRE_ALL=1 (continuous integration, which installs all that can be installed) an absence
 * that is not `environmental` is an error instead.
 */
export function available(
  what: string,
  present: boolean,
  options: { environmental?: boolean } = {},
): boolean {
  if (present) return true;
  if (process.env['BLINDAI_REQUIRE_ALL'] === '1' && options.environmental !== true)
    throw new Error(`${what} is required by BLINDAI_REQUIRE_ALL=1 and absent`);
  process.stderr.write(`skipped: ${what} is absent\n`);
  return false;
}

/** Whether a path below the shared folder is there; that folder is never part of a checkout. */
export function sharedAvailable(path: string): boolean {
  const present = existsSync(`${sharedFolder}/${path}`);
  return available(`../shared/${path}`, present, { environmental: true });
}

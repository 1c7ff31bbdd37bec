import { ServerError } from './errors.ts';
import type { Isolation } from './settings.ts';

/**
 * What stands between a model and the server's keys (trust.md, "Isolation"). Runners are processes of their
 * own with limits, but this version does not cage them, so it claims nothing.
 */
export const isolationFound: Isolation = 'none';

const levels: readonly Isolation[] = ['none', 'separated', 'sandboxed'];

/**
 * Refuses to start with less isolation than the operator demands.
 *
 * @throws {ServerError} `isolation-too-weak`.
 */
export function enforceIsolation(floor: Isolation): void {
  if (levels.indexOf(isolationFound) >= levels.indexOf(floor)) return;
  throw new ServerError(
    'isolation-too-weak',
    `isolation "${floor}" is demanded, but this version reaches "${isolationFound}" only`,
  );
}

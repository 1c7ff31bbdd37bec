import { ServerError } from '../errors.ts';
import type { Isolation } from '../settings.ts';
import type { IsolationFindings } from './find-isolation.ts';

/** From the weakest on. */
const levels: readonly Isolation[] = ['none', 'separated', 'sandboxed'];

/**
 * Refuses to start with less isolation than the operator demands, and says what is missing.
 *
 * @throws {ServerError} `isolation-too-weak`.
 */
export function enforceIsolation(
  floor: Isolation,
  { level, missing }: Pick<IsolationFindings, 'level' | 'missing'>,
): void {
  if (levels.indexOf(level) >= levels.indexOf(floor)) return;
  throw new ServerError(
    'isolation-too-weak',
    `isolation "${floor}" is demanded, "${level}" was found: ${missing.join('; ')} ` +
      '("blindai isolation" prints every attempt)',
  );
}

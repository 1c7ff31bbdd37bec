import { SystemCallError } from '../../platform/c-library.ts';

/** One way to reach something: returns if it came through, and throws what the system said if not. */
export type Way = () => void | Promise<void>;

/** Tries all ways, whatever becomes of those before. */
export async function tryAll(
  ways: readonly Way[],
): Promise<{ readonly reached: boolean; readonly errno: string }> {
  const said: string[] = [];
  let reached = false;
  for (const way of ways) {
    try {
      await way();
      reached = true;
    } catch (error) {
      said.push(errnoOf(error));
    }
  }
  return { reached, errno: reached ? 'none' : (said[0] ?? 'ENOENT') };
}

function errnoOf(error: unknown): string {
  if (error instanceof SystemCallError) return error.errno;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z0-9]{2,20}$/.test(code)) return code;
  throw error;
}

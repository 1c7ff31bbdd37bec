import { readdirSync } from 'node:fs';
import { SystemCallError } from './c-library.ts';
import { fcntl } from './fcntl.ts';

const F_SETFD = 2;
const FD_CLOEXEC = 1;

/**
 * Keeps what this process inherited, beyond the three standard streams, from the processes that it starts.
 * Node marks all that it opens itself, but only the first few of those that were open before it.
 *
 * @throws {SystemCallError}
 */
export function keepDescriptorsFromChildren(): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name);
    if (descriptor <= 2) continue;
    try {
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    } catch (error) {
      // The one through which the folder was listed is closed by now.
      if (!(error instanceof SystemCallError && error.errno === 'EBADF')) throw error;
    }
  }
}

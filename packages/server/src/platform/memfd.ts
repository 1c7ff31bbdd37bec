import { bindSystemCall } from './c-library.ts';
import { fcntl } from './fcntl.ts';

const MFD_CLOEXEC = 0x1;
const MFD_ALLOW_SEALING = 0x2;
const F_ADD_SEALS = 1033;
const F_SEAL_SEAL = 0x1;
const F_SEAL_SHRINK = 0x2;
const F_SEAL_GROW = 0x4;
const F_SEAL_WRITE = 0x8;

const memfdCreate: (name: string, flags: number) => number = bindSystemCall(
  'memfd_create',
  'int memfd_create(const char *name, unsigned int flags)',
);

/**
 * Opens an anonymous file that lives in memory, outside of this process's own. The descriptor is not
 * inherited unless it is handed over, and the caller closes it.
 *
 * @throws {SystemCallError} where the kernel has none to give.
 */
export function createMemfd(name: string): number {
  return memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/**
 * From here on nobody, whoever holds the descriptor, can write, grow, shrink or unseal the file.
 *
 * @throws {SystemCallError} `EBUSY` while somebody maps the file for writing.
 */
export function sealMemfd(descriptor: number): void {
  fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

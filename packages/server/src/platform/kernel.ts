import { bindSystemCall, SystemCallError, type Argument } from './c-library.ts';
import { systemCalls } from './system-calls.ts';

const syscall: (...given: readonly Argument[]) => number = bindSystemCall(
  'syscall',
  'long syscall(long number, void *a, void *b, void *c, void *d, void *e, void *f)',
);

/**
 * Calls the kernel by the name of the call, past the C library, which has no function for some calls and more
 * than one call behind some functions. What is passed by address is a typed array, which the kernel may also
 * write into, or a text.
 *
 * @throws {SystemCallError} named for the call; `ENOSYS` too where this machine has no such call.
 */
export function callKernel(name: string, ...given: readonly Argument[]): number {
  const number = systemCalls?.numberOf(name);
  if (number === undefined) throw new SystemCallError(name, 'ENOSYS');
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = given;
  try {
    return syscall(number, a, b, c, d, e, f);
  } catch (error) {
    if (error instanceof SystemCallError) throw new SystemCallError(name, error.errno);
    throw error;
  }
}

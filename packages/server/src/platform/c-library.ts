import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/**
 * What a system call takes: numbers, addresses (bigint), a text, or a typed array by its address, which may
 * also be written into.
 */
export type Argument = number | bigint | string | null | Uint8Array | BigUint64Array;

const require = createRequire(import.meta.url);

/** A system call refused; `errno` is the name that the C library gives the reason, such as `EPERM`. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly call: string;
  readonly errno: string;

  constructor(call: string, errno: string) {
    super(`${call} failed with ${errno}`);
    this.call = call;
    this.errno = errno;
  }
}

/**
 * The library that calls native functions, loaded when it is first needed.
 *
 * @param call - What it is needed for.
 * @throws {SystemCallError} `ENOSYS` elsewhere than on Linux.
 */
export function loadKoffi(call: string): typeof Koffi {
  if (process.platform !== 'linux') throw new SystemCallError(call, 'ENOSYS');
  // Once: `require` looks for files again if somebody else loaded it first, and files may be out of reach.
  return (loaded ??= require('koffi') as typeof Koffi);
}

let loaded: typeof Koffi | undefined;

/**
 * Binds a function of the C library that returns −1 and sets errno when it fails. Nothing is loaded before
 * the first call, and nothing at all anywhere but on Linux, where the call then fails with ENOSYS.
 *
 * @param prototype - In C, with the arguments of a variadic function spelled out: on the 64-bit Linux that
 *   the engine runs on they travel in the same registers.
 */
export function bindSystemCall(
  name: string,
  prototype: string,
): (...given: readonly Argument[]) => number {
  let bound: ((...given: readonly Argument[]) => number) | undefined;
  return (...given) => {
    const koffi = loadKoffi(name);
    // `null` is the running program itself, so that any C library serves.
    bound ??= koffi.load(null).func(prototype) as (...given: readonly Argument[]) => number;
    const result = bound(...given);
    if (result === -1) throw new SystemCallError(name, errnoName(koffi));
    return result;
  };
}

/** Where the bytes of a typed array are in memory; valid as long as the array is held. */
export function addressOf(bytes: Uint8Array): bigint {
  return loadKoffi('addressOf').address(bytes);
}

function errnoName(koffi: typeof Koffi): string {
  const errno = koffi.errno();
  const known = Object.entries(koffi.os.errno).find(([, value]) => value === errno);
  return known?.[0] ?? String(errno);
}

// What an attempt is, in a group:
//   name
//   run           returns, or resolves, if it came through, and throws what the system said if it did not
//   apart         with which others it is made in a process of their own without the cage: it may end it, or
//                 change what comes after it
//   endsBy        with which code the server may end its process in the cage
//   spoils        leaves something, so that a fresh process follows it in the cage
//   isOnlyInCage  not made without a cage: nothing would end it
import { closeSync } from 'node:fs';
import { SystemCallError } from '../../../dist/platform/c-library.js';
import { callKernel } from './kernel-calls.mjs';

const AT_FDCWD = -100;

/** What the kernel says to a call that it did not even look at. */
const refusals = new Set(['EPERM', 'EACCES', 'ENOSYS']);

/**
 * Makes a call with arguments that can do no harm: that the kernel finds fault with them shows that the call
 * is there to be made.
 */
export function enter(call, ...given) {
  try {
    callKernel(call, ...given);
  } catch (error) {
    if (refusals.has(error.errno)) throw error;
  }
}

/** Opens a file past the C library and Node; closed again, unless it is used. */
export function openFile(path, flags, use = () => undefined) {
  const file = callKernel('openat', AT_FDCWD, path, flags, 0o600);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Comes through if one of the ways does; otherwise says what the first of them met. */
export async function anyOf(...ways) {
  let first;
  for (const way of ways) {
    try {
      await way();
      return;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

/** That it was stopped, where no call says so itself. */
export function stopped(call, errno) {
  return new SystemCallError(call, errno);
}

/** Bytes of a C structure, written member by member at their places. */
export function structure(size, ...members) {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [at, width, value] of members) {
    if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else if (width === 4) view.setUint32(at, Number(value), true);
    else view.setUint16(at, Number(value), true);
  }
  return bytes;
}

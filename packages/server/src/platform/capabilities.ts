import { callKernel } from './kernel.ts';
import { SystemCallError } from './c-library.ts';

/** Numbers of the capabilities that we ask for (capabilities(7)). */
export const capabilityNumbers = { kill: 5, setgid: 6, setuid: 7, setpcap: 8 } as const;

/** A capability that we ask for. */
export type Capability = keyof typeof capabilityNumbers;

/** Whether a set of capabilities, one bit each, has one. */
export function hasCapability(set: bigint, capability: Capability): boolean {
  return ((set >> BigInt(capabilityNumbers[capability])) & 1n) === 1n;
}

/** `_LINUX_CAPABILITY_VERSION_3`: two 32-bit words for each set. */
const version = 0x2008_0522;

// prctl(2).
const PR_GET_SECUREBITS = 27;
const PR_SET_SECUREBITS = 28;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** A program started by user 0 gets no capabilities for that. */
const SECBIT_NOROOT = 0x1;

/**
 * Empties the permitted, effective, inheritable and ambient capabilities of the calling thread, for good. The
 * kernel lets no thread do it for another.
 *
 * @throws {SystemCallError}
 */
export function dropCapabilities(): void {
  clearAmbient();
  const none = new Uint32Array(6);
  callKernel('capset', header(), new Uint8Array(none.buffer));
}

/**
 * Empties the bounding set of the calling thread: no program that it, or a thread that it starts, executes
 * can get a capability. Needs CAP_SETPCAP.
 *
 * @throws {SystemCallError} `EPERM`
 */
export function dropBoundingSet(): void {
  for (let capability = 0; capability < 64; capability++) {
    try {
      callKernel('prctl', PR_CAPBSET_DROP, capability);
    } catch (error) {
      // Beyond the last one that this kernel has.
      if (error instanceof SystemCallError && error.errno === 'EINVAL') return;
      throw error;
    }
  }
}

/**
 * Starts a program, so that it begins without capabilities in every one of its threads, even as user 0: a
 * program that has several threads from its start on cannot drop those of the others. What can be passed on
 * to a program is given up for good; what the calling thread itself can use, it keeps. Without CAP_SETPCAP
 * user 0 cannot be kept from passing on its capabilities: whoever relies on it looks at the result.
 */
export function startWithoutCapabilities<Started>(start: () => Started): Started {
  attempt(clearAmbient);
  attempt(clearInheritable);
  const before = attempt(() => callKernel('prctl', PR_GET_SECUREBITS)) ?? 0;
  const isChanged =
    (before & SECBIT_NOROOT) === 0 &&
    attempt(() => callKernel('prctl', PR_SET_SECUREBITS, before | SECBIT_NOROOT)) !== null;
  try {
    return start();
  } finally {
    if (isChanged) callKernel('prctl', PR_SET_SECUREBITS, before);
  }
}

function clearAmbient(): void {
  callKernel('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
}

function clearInheritable(): void {
  // For each of the two words: effective, permitted, inheritable.
  const sets = new Uint32Array(6);
  callKernel('capget', header(), new Uint8Array(sets.buffer));
  sets[2] = sets[5] = 0;
  callKernel('capset', header(), new Uint8Array(sets.buffer));
}

/** Of the calling thread, which is thread 0 to itself. */
function header(): Uint8Array {
  return new Uint8Array(Uint32Array.of(version, 0).buffer);
}

function attempt<Result>(act: () => Result): Result | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof SystemCallError) return null;
    throw error;
  }
}

import { closeSync } from 'node:fs';
import { addressOf, SystemCallError } from '../../platform/c-library.ts';
import { callKernel } from '../../platform/kernel.ts';
import type { Way } from './attempt.ts';
import type { TargetProcess } from './probes.ts';

const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_RDWR = 2;
const O_PATH = 0o10000000;
const PTRACE_SEIZE = 0x4206;
const RLIMIT_NOFILE = 7;

/** Ways into the memory of another process. */
export function readMemory(target: TargetProcess): readonly Way[] {
  const bytes = new Uint8Array(target.canaryBytes);
  const address = BigInt(target.canaryAddress);
  return [
    () =>
      withFile(`/proc/${target.pid}/mem`, O_RDONLY, (file) => {
        expectSome(callKernel('pread64', file, bytes, bytes.length, address));
      }),
    () => expectSome(moveMemory('process_vm_readv', target, bytes)),
  ];
}

/** Ways to change the memory of another process, where nothing of meaning is. */
export function writeMemory(target: TargetProcess): readonly Way[] {
  const bytes = new Uint8Array(target.canaryBytes).fill(0x2a);
  const address = BigInt(target.canaryAddress);
  return [
    () =>
      withFile(`/proc/${target.pid}/mem`, O_RDWR, (file) => {
        expectSome(callKernel('pwrite64', file, bytes, bytes.length, address));
      }),
    () => expectSome(moveMemory('process_vm_writev', target, bytes)),
  ];
}

/** What another process was started with, such as its secrets. */
export function readEnvironment({ pid }: TargetProcess): readonly Way[] {
  const bytes = new Uint8Array(16);
  return [
    () =>
      withFile(`/proc/${pid}/environ`, O_RDONLY, (file) => {
        expectSome(callKernel('read', file, bytes, bytes.length));
      }),
  ];
}

/** Ways to what another process has open: its connections, its models, the device that makes its evidence. */
export function takeDescriptors({ pid, descriptor }: TargetProcess): readonly Way[] {
  const path = `/proc/${pid}/fd/${descriptor}`;
  return [
    () => withFile(path, O_PATH, () => undefined),
    () => withFile(path, O_RDONLY, () => undefined),
    () => withProcess(pid, (handle) => closeSync(callKernel('pidfd_getfd', handle, descriptor, 0))),
  ];
}

/**
 * To become another process's debugger. That does not stop it, and ends with this process.
 *
 * @param threads - Those that nobody debugs yet.
 */
export function trace(threads: readonly number[]): readonly Way[] {
  return threads.map((thread) => () => void callKernel('ptrace', PTRACE_SEIZE, thread, 0, 0));
}

/** Ways to send signals, all of them with the one that does nothing. */
export function signal({ pid, threads }: TargetProcess): readonly Way[] {
  const thread = threads[0]!;
  return [
    () => void callKernel('kill', pid, 0),
    () => void callKernel('tgkill', pid, thread, 0),
    () => void callKernel('tkill', thread, 0),
    () => withProcess(pid, (handle) => void callKernel('pidfd_send_signal', handle, 0, 0, 0)),
  ];
}

/** To see, and so to change, what another process may use. */
export function readLimits({ pid }: TargetProcess): readonly Way[] {
  return [() => void callKernel('prlimit64', pid, RLIMIT_NOFILE, 0, new BigUint64Array(2))];
}

/** `struct iovec` for the bytes here, and for those there. */
function moveMemory(call: string, target: TargetProcess, bytes: Uint8Array): number {
  const length = BigInt(bytes.length);
  const here = BigUint64Array.of(addressOf(bytes), length);
  const there = BigUint64Array.of(BigInt(target.canaryAddress), length);
  return callKernel(call, target.pid, here, 1, there, 1, 0);
}

function withFile(path: string, flags: number, use: (file: number) => void): void {
  const file = callKernel('openat', AT_FDCWD, path, flags, 0);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

function withProcess(pid: number, use: (handle: number) => void): void {
  const handle = callKernel('pidfd_open', pid, 0);
  try {
    use(handle);
  } finally {
    closeSync(handle);
  }
}

function expectSome(bytes: number): void {
  if (bytes <= 0) throw new SystemCallError('read', 'ENODATA');
}

import { closeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { callKernel } from '../../platform/kernel.ts';
import { callOnThread } from '../../platform/native-thread.ts';
import type { Way } from './attempt.ts';

const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_RDWR = 2;
const O_TMPFILE = 0o20200000;

/** On the thread that runs JavaScript, and on which the engine computes. */
export function openOnMainThread(file: string): readonly Way[] {
  return [openNatively(file, O_RDONLY)];
}

/** On one of libuv's threads, which were there before the cage was closed. */
export function openOnPoolThread(file: string): readonly Way[] {
  return [async () => (await open(file, 'r')).close()];
}

/** On a thread as the engine starts its own: by the C library, after the cage was closed. */
export function openOnNativeThread(folder: string): readonly Way[] {
  return [() => callOnThread('opendir', folder)];
}

/** A file without a name, which leaves nothing behind. */
export function createFile(folder: string): readonly Way[] {
  return [openNatively(folder, O_TMPFILE | O_RDWR)];
}

/** Files and devices, of which each is enough. */
export function openAny(paths: readonly string[]): readonly Way[] {
  return paths.flatMap((path) => [openNatively(path, O_RDWR), openNatively(path, O_RDONLY)]);
}

function openNatively(path: string, flags: number): Way {
  return () => closeSync(callKernel('openat', AT_FDCWD, path, flags, 0o600));
}

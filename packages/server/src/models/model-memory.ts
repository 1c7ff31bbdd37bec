import { closeSync, writeSync } from 'node:fs';
import { SystemCallError } from '../platform/c-library.ts';
import { createMemfd, sealMemfd } from '../platform/memfd.ts';

/** Where a runner gets a model from: a descriptor that it inherits, or what is sent to it over its pipe. */
export type ModelSource =
  | { readonly kind: 'descriptor'; readonly descriptor: number }
  | { readonly kind: 'chunks'; readonly chunks: readonly Uint8Array[] };

/** Holds one model's bytes. Nothing is written after `seal`; `release` gives everything back, once. */
export interface ModelMemory {
  /** Appends a copy of the bytes. */
  append(bytes: Uint8Array): void;
  seal(): ModelSource;
  release(): void;
}

/**
 * Keeps a model outside of the server's own memory, in an anonymous file that cannot change once sealed.
 *
 * @throws {SystemCallError} where there are no such files.
 */
export function createFileMemory(): ModelMemory {
  const descriptor = createMemfd('model');
  let position = 0;
  return {
    append(bytes) {
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(descriptor, bytes, at, bytes.length - at, position);
        at += written;
        position += written;
      }
    },
    seal() {
      sealMemfd(descriptor);
      return { kind: 'descriptor', descriptor };
    },
    release: () => closeSync(descriptor),
  };
}

/** Keeps a model in the server's own memory, where the system has nothing better. */
export function createChunkMemory(): ModelMemory {
  let chunks: Uint8Array[] = [];
  return {
    append: (bytes) => void chunks.push(Uint8Array.from(bytes)),
    seal: () => ({ kind: 'chunks', chunks }),
    release: () => void (chunks = []),
  };
}

/** The best memory for a model that this system has. */
export function createModelMemory(): ModelMemory {
  try {
    return createFileMemory();
  } catch (error) {
    // No such system call (another system, an enclave). Any other reason is a fault, not a platform.
    if (error instanceof SystemCallError && error.errno === 'ENOSYS') return createChunkMemory();
    throw error;
  }
}

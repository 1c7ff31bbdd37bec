import { readSync } from 'node:fs';

/** Bytes that are read by position, so that what is passed over never has to be held. */
export interface ByteSource {
  readonly length: number;
  /** The bytes from a position on: at least one, and as many as are at hand. Valid until the next call. */
  from(position: number): Uint8Array;
}

const windowBytes = 64 * 1024;

/** Bytes in memory: nothing is copied. */
export function bytesOf(bytes: Uint8Array): ByteSource {
  return { length: bytes.length, from: (position) => bytes.subarray(position) };
}

/**
 * The first `length` bytes of an open file, of which 64 KiB are held at a time. Throws Node's error where the
 * file cannot be read, and one of its own where it became shorter.
 */
export function bytesOfFile(descriptor: number, length: number): ByteSource {
  const window = new Uint8Array(windowBytes);
  return {
    length,
    from(position) {
      const read = readSync(descriptor, window, 0, window.length, position);
      if (read === 0) throw new Error('the file became shorter while it was read');
      return window.subarray(0, Math.min(read, length - position));
    },
  };
}

import { createHash } from 'node:crypto';

/** Changes one bit of a byte. */
export function flip(offset: number, bit = 0): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    if (offset >= bytes.length) throw new RangeError('no such byte');
    return bytes.map((byte, index) => (index === offset ? byte ^ (1 << bit) : byte));
  };
}

/** Takes bytes off the end. */
export function cutOff(count: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => bytes.slice(0, -count);
}

/** Puts bytes behind the end. */
export function append(...more: readonly number[]): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => Uint8Array.from([...bytes, ...more]);
}

/** Writes bytes over those at an offset. */
export function overwrite(
  offset: number,
  ...bytes: readonly number[]
): (bytes: Uint8Array) => Uint8Array {
  return (before) => {
    const after = Uint8Array.from(before);
    after.set(bytes, offset);
    return after;
  };
}

/** The SHA-256 of byte strings, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

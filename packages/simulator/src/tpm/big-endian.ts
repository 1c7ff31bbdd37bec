import { concat } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';

/** An unsigned integer in so many bytes, most significant first, as all of a TPM's structures have them. */
export function bigEndian(value: bigint | number, length: number): Bytes {
  const number = BigInt(value);
  return Uint8Array.from({ length }, (_, index) =>
    Number((number >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
}

/** A TPM2B: bytes after their length in two. */
export function sized(bytes: Uint8Array): Bytes {
  return concat(bigEndian(bytes.length, 2), bytes);
}

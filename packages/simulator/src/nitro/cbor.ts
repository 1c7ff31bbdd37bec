import { concat, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';

// Items as encoded bytes, so that a document can hold what no encoder of values writes: doubled keys, long
// lengths, indefinite ones.

/** The ways to write the number in an item's head: within its first byte, or in 1, 2, 4 or 8 bytes after it. */
export type HeadWidth = 0 | 1 | 2 | 4 | 8;

/** An item's head: RFC 8949, section 3. Without a width, the shortest. */
export function cborHead(majorType: number, number: bigint | number, width?: HeadWidth): Bytes {
  const value = BigInt(number);
  const bytes = width ?? shortest(value);
  const first = (majorType << 5) | (bytes === 0 ? Number(value) : 24 + Math.log2(bytes));
  const rest = Array.from({ length: bytes }, (_, index) =>
    Number((value >> BigInt(8 * (bytes - 1 - index))) & 0xffn),
  );
  return Uint8Array.of(first, ...rest);
}

/** An integer. */
export function cborInteger(value: bigint | number): Bytes {
  const number = BigInt(value);
  return number < 0n ? cborHead(1, -1n - number) : cborHead(0, number);
}

/** A byte string, or `null` for none, as optional members of Nitro documents are. */
export function cborBytes(value: Uint8Array | null): Bytes {
  return value === null ? Uint8Array.of(0xf6) : concat(cborHead(2, value.length), value);
}

/** A text string. */
export function cborText(value: string): Bytes {
  const text = utf8(value);
  return concat(cborHead(3, text.length), text);
}

/** An array of encoded items. */
export function cborArray(items: readonly Uint8Array[]): Bytes {
  return concat(cborHead(4, items.length), ...items);
}

/** A key and its value, both encoded. */
export type CborMember = readonly [key: Uint8Array, value: Uint8Array];

/** A map of encoded members, in the order given, which need not be distinct. */
export function cborMap(members: readonly CborMember[]): Bytes {
  return concat(cborHead(5, members.length), ...members.flat());
}

/** Encoded items between an indefinite head of a major type and a break: RFC 8949, section 3.2. */
export function cborIndefinite(majorType: number, items: readonly Uint8Array[]): Bytes {
  return concat(Uint8Array.of((majorType << 5) | 31), ...items, Uint8Array.of(0xff));
}

function shortest(value: bigint): HeadWidth {
  if (value < 24n) return 0;
  if (value <= 0xffn) return 1;
  if (value <= 0xffffn) return 2;
  return value <= 0xffff_ffffn ? 4 : 8;
}

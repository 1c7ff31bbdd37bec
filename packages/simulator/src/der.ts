import { concat } from './bytes.ts';
import type { Bytes } from './bytes.ts';

// The certificate library knows no SGX extension; these six kinds of value are all that it holds.

function element(tag: number, content: Uint8Array): Bytes {
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return concat(Uint8Array.of(tag, ...length), content);
}

/** BOOLEAN. */
export function boolean(value: boolean): Bytes {
  return element(0x01, Uint8Array.of(value ? 0xff : 0x00));
}

/** INTEGER, not negative and below 65 536. */
export function integer(value: number): Bytes {
  const bytes =
    value < 0x80
      ? [value]
      : value < 0x8000
        ? [value >> 8, value & 0xff]
        : [0, value >> 8, value & 0xff];
  return element(0x02, Uint8Array.from(bytes));
}

/** OCTET STRING. */
export function octets(value: Uint8Array): Bytes {
  return element(0x04, value);
}

/** OBJECT IDENTIFIER in dotted form. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest];
  return element(0x06, Uint8Array.from(arcs.flatMap(base128)));
}

/** ENUMERATED, below 128. */
export function enumerated(value: number): Bytes {
  return element(0x0a, Uint8Array.of(value));
}

/** SEQUENCE of elements. */
export function sequence(...elements: readonly Uint8Array[]): Bytes {
  return element(0x30, concat(...elements));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

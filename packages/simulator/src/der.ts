import { concat, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';

// The certificate library knows no vendor extension, and neither the serial number 0 nor two forms of one
// signature algorithm as AMD writes them; these kinds of value are all that takes.

/** An element of any tag below 31, with up to 65 535 bytes of content. */
export function element(tag: number, content: Uint8Array): Bytes {
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

/** INTEGER, not negative, from its big-endian bytes. */
export function unsigned(bytes: Uint8Array): Bytes {
  const start = bytes.findIndex((byte) => byte !== 0);
  const significant = start === -1 ? Uint8Array.of(0) : bytes.subarray(start);
  const sign = (significant[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return element(0x02, concat(sign, significant));
}

/** BIT STRING of whole bytes. */
export function bits(value: Uint8Array): Bytes {
  return element(0x03, concat(Uint8Array.of(0), value));
}

/** NULL. */
export function nil(): Bytes {
  return element(0x05, new Uint8Array());
}

/** IA5String. */
export function ia5String(value: string): Bytes {
  return element(0x16, utf8(value));
}

/** UTCTime before 2050, then GeneralizedTime, as RFC 5280, section 4.1.2.5, wants certificates. */
export function time(value: Date): Bytes {
  const text = value.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return value.getUTCFullYear() < 2050
    ? element(0x17, utf8(text.slice(2)))
    : element(0x18, utf8(text));
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

/** What a context-specific tag below 31 wraps: EXPLICIT. */
export function explicit(tag: number, content: Uint8Array): Bytes {
  return element(0xa0 | tag, content);
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

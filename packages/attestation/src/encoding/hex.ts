import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/**
 * Hex of either case to bytes.
 *
 * @param length - How many bytes there must be; any number if it is left out.
 * @throws {FormatError} for any other character, an odd number of digits, or another length.
 */
export function decodeHex(where: string, text: string, length?: number): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new FormatError(where, 'hex expected');
  }
  if (length !== undefined && text.length !== length * 2) {
    throw new FormatError(where, `${length} bytes of hex expected, ${text.length / 2} found`);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

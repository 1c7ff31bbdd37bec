import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';

/**
 * Base64 to bytes, in either alphabet: RFC 4648 §4 with its padding, or §5 (base64url) without.
 *
 * @throws {FormatError} for anything else, white space and all but the canonical form included.
 */
export function decodeBase64(where: string, text: string): Bytes {
  const padding = '='.repeat((4 - (text.length % 4)) % 4);
  const standard = /^[\w-]*$/.test(text)
    ? text.replaceAll('-', '+').replaceAll('_', '/') + padding
    : text;
  try {
    const binary = atob(standard);
    // Base64 can say the same bytes in several ways; only one of them is canonical.
    if (btoa(binary) === standard) {
      return Uint8Array.from(binary, (character) => character.charCodeAt(0));
    }
  } catch {
    // a character of neither alphabet: refused below
  }
  throw new FormatError(where, 'canonical base64 expected');
}

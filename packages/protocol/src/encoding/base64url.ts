import { malformed } from '../errors.ts';

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64url(bytes: Uint8Array): string {
  let binary = '';
  // A call takes a limited number of arguments, so the bytes go through in pieces.
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * The bytes of a base64url text, strictly: no padding, no white space, spare bits zero, so that one value
 * has one spelling.
 *
 * @throws {ProtocolError} `malformed`; the message names `field`.
 */
export function decodeBase64url(field: string, text: string): Uint8Array {
  if (/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1) {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    if (encodeBase64url(bytes) === text) return bytes;
  }
  throw malformed(`${field} must be base64url without padding`);
}

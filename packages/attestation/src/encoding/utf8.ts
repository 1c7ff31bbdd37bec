import { FormatError } from './format-error.ts';

/** @throws {FormatError} for invalid UTF-8. A byte order mark is a character like others. */
export function decodeUtf8(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(where, 'text in UTF-8 expected');
  }
}

import { decodeBase64 } from './base64.ts';
import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';

/** RFC 7468 §2; and of MIME (RFC 2045 §6.8), in which genuine quotes have been seen to hold their chain. */
const lineLengths: readonly number[] = [64, 76];
const base64Line = /^[A-Za-z0-9+/]+$/;
const lastBase64Line = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Reads concatenated PEM blocks of one label (RFC 7468, its strict form: lines of one length, canonical base64,
 * nothing but empty lines between the blocks). Line ends are LF or CRLF; between two blocks there may be none, as
 * in genuine quotes.
 *
 * @returns The DER of each block, in order.
 * @throws {FormatError} for anything else, or other than `count` blocks.
 */
export function parsePem(where: string, text: string, label: string, count: number): Bytes[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const lines = text.replaceAll(end + begin, `${end}\n${begin}`).split(/\r?\n/);
  const blocks: Bytes[] = [];
  for (let index = 0; index < lines.length; index++) {
    if (lines[index] === '') continue;
    if (lines[index] !== begin) {
      throw new FormatError(where, `PEM block of a ${label} expected`);
    }
    const last = lines.indexOf(end, index);
    if (last === -1) throw new FormatError(where, `end of the PEM block of a ${label} expected`);
    blocks.push(decodeLines(where, lines.slice(index + 1, last)));
    index = last;
  }
  if (blocks.length !== count) {
    throw new FormatError(where, `${count} PEM blocks expected, ${blocks.length} found`);
  }
  return blocks;
}

function decodeLines(where: string, lines: readonly string[]): Bytes {
  const last = lines.at(-1) ?? '';
  const full = lines.slice(0, -1);
  const fits = (length: number): boolean =>
    last.length <= length && full.every((line) => line.length === length);
  if (
    last === '' ||
    last.length % 4 !== 0 ||
    !lastBase64Line.test(last) ||
    !lineLengths.some(fits) ||
    !full.every((line) => base64Line.test(line))
  ) {
    throw new FormatError(
      where,
      `base64 in lines of ${lineLengths.join(' or ')} characters expected`,
    );
  }
  return decodeBase64(where, lines.join(''));
}

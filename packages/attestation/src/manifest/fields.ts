import type { Bytes } from '../encoding/byte-reader.ts';
import { decodeHex } from '../encoding/hex.ts';
import type { TomlTable } from './toml-table.ts';

/** A text that is shown to people: one line, at most 200 characters, nothing that moves a cursor. */
export function printable(table: TomlTable, key: string): string | undefined {
  return table.parsed(key, 'one line of at most 200 printable characters', (text) =>
    /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u.test(text) ? text : null,
  );
}

/** Bytes as hexadecimal digits. */
export function bytes(table: TomlTable, key: string, length: number): Uint8Array | undefined {
  return table.parsed(key, `${2 * length} hexadecimal digits`, (text) => bytesOf(text, length));
}

/** Bytes as hexadecimal digits; `null` for anything else. */
export function bytesOf(text: string, length: number): Bytes | null {
  return isHex(text, 2 * length) ? decodeHex('manifest', text) : null;
}

/** The hexadecimal form of a number, as BlindAI's file has it: `0x` and leading zeros are optional. */
export function bits(table: TomlTable, key: string, size: 32 | 64): bigint | undefined {
  return table.parsed(key, `the hexadecimal form of a number of ${size} bits`, (text) => {
    const digits = text.replace(/^0x/i, '');
    return /^[0-9a-f]+$/i.test(digits) && digits.length <= size / 4 ? BigInt(`0x${digits}`) : null;
  });
}

/** An array of byte strings, each as hexadecimal digits; lower case. */
export function hexes(
  table: TomlTable,
  key: string,
  length: number,
): readonly string[] | undefined {
  return table.texts(key, `${2 * length} hexadecimal digits`, (text) =>
    isHex(text, 2 * length) ? text.toLowerCase() : null,
  );
}

function isHex(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9a-f]+$/i.test(text);
}

import { bytes } from './fields.ts';
import type { TomlTable } from './toml-table.ts';

/**
 * Reads `pcrs`, a table of hex by number.
 *
 * @param known - The numbers that it may have.
 */
export function parsePcrs(
  entry: TomlTable,
  known: readonly number[],
  length: number,
): ReadonlyMap<number, Uint8Array> {
  const table = entry.table('pcrs');
  const pcrs = new Map<number, Uint8Array>();
  for (const index of known) {
    const pcr = bytes(table, String(index), length);
    if (pcr) pcrs.set(index, pcr);
  }
  table.end();
  return pcrs;
}

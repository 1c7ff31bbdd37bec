import { type AnyEntry, covers, parseAnyEntry } from './any-entry.ts';
import { ManifestError } from './manifest-error.ts';
import { parsePcrs } from './pcrs.ts';
import type { TomlTable } from './toml-table.ts';

/** One `[[nitro]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface NitroEntry extends AnyEntry {
  /** By number, 48 bytes each: 0, 1 and 2 always; of 3 (role), 4 (parent instance) and 8 (signer) those that are demanded. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

const required = [0, 1, 2];
const optional = [3, 4, 8];
const pcrLength = 48;

/**
 * Reads one `[[nitro]]` table. PCR0 covers the whole image: kernel, command line and ramdisks, which hold all of the
 * software; an enclave has neither disks nor firmware of its own.
 *
 * @see AWS Nitro Enclaves user guide, "Where to get an enclave's measurements"
 */
export function parseNitroEntry(table: TomlTable): NitroEntry {
  const any = parseAnyEntry(table, covers);
  const pcrs = parsePcrs(table, [...required, ...optional], pcrLength);
  table.end();
  for (const index of required) {
    const key = table.path('pcrs') + `.${index}`;
    const pcr = pcrs.get(index);
    if (!pcr) throw new ManifestError(key, 'required, found nothing');
    if (pcr.every((byte) => byte === 0)) {
      throw new ManifestError(key, 'expected a measurement, found zeros: those of a debug enclave');
    }
  }
  return { ...any, pcrs };
}

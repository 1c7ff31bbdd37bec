import type { SnpTcb } from '../snp/tcb.ts';
import { type AnyEntry, parseAnyEntry } from './any-entry.ts';
import { bytes, hexes } from './fields.ts';
import { ManifestError } from './manifest-error.ts';
import { parsePcrs } from './pcrs.ts';
import { parseMinimumTcb } from './snp-entry.ts';
import type { TomlTable } from './toml-table.ts';

/** One `[[azure]]` entry: a tuple, all of which must hold at once. Values of two entries never mix. */
export interface AzureEntry extends AnyEntry {
  /** Of the hardware's report inside, 48 bytes: MEASUREMENT of SEV-SNP or MRTD of TDX. It covers the firmware. */
  readonly measurement: Uint8Array;
  /** PCRs of the SHA-256 bank by number, 32 bytes each. They cover what the firmware started. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** Floors as of an `[[sev_snp]]` entry; with them the entry is for SEV-SNP only. `null`: any version. */
  readonly minimumTcb: SnpTcb | null;
  /** CHIP_IDs of SEV-SNP machines, 128 lower-case hex digits each. */
  readonly chipId: readonly string[] | null;
  /** PPIDs or platform instance ids of TDX machines, 32 lower-case hex digits each; both `null`: any genuine machine. */
  readonly platform: readonly string[] | null;
}

const pcrCount = 24;
const pcrLength = 32;
const measurementLength = 48;

/** Reads one `[[azure]]` table. */
export function parseAzureEntry(table: TomlTable): AzureEntry {
  const hasFloors = table.has('minimum_tcb');
  const entry: AzureEntry = {
    ...parseAnyEntry(table, null),
    measurement: table.required('measurement', bytes(table, 'measurement', measurementLength)),
    pcrs: parsePcrs(table, [...Array(pcrCount).keys()], pcrLength),
    minimumTcb: hasFloors ? parseMinimumTcb(table.table('minimum_tcb')) : null,
    chipId: hexes(table, 'chip_id', 64) ?? null,
    platform: hexes(table, 'platform', 16) ?? null,
  };
  table.end();
  if (!coversBoot(entry.pcrs)) {
    throw new ManifestError(
      table.path('pcrs'),
      'required: 4 (boot loader), and 8 and 9 (as GRUB measures kernel, initrd and command line) ' +
        'or 11 and 12 (as a unified kernel image does), not zero where something must be measured',
    );
  }
  return entry;
}

/**
 * Whether PCRs cover boot loader, kernel, initrd and command line. In PCR 4 the firmware measures the boot loader;
 * GRUB measures commands and the kernel's command line into 8, and files, kernel and initrd among them, into 9;
 * systemd-stub measures the parts of a unified kernel image into 11, and into 12 what is given besides or in place
 * of its command line: zeros, if nothing is.
 *
 * @see UAPI group, "Linux TPM PCR Registry"; GNU GRUB manual, "Measured Boot"; systemd-stub(7)
 */
function coversBoot(pcrs: AzureEntry['pcrs']): boolean {
  const isMeasured = (index: number): boolean =>
    pcrs.get(index)?.some((byte) => byte !== 0) === true;
  return isMeasured(4) && ((isMeasured(8) && isMeasured(9)) || (isMeasured(11) && pcrs.has(12)));
}

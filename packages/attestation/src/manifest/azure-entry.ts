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
  if (!bootChains.some((chain) => chain.every((index) => entry.pcrs.has(index)))) {
    throw new ManifestError(
      table.path('pcrs'),
      'required: 4 (boot loader), and for kernel, initrd and command line 8 and 9, 11, or 9 and 12',
    );
  }
  return entry;
}

/**
 * PCRs that can cover boot loader, kernel, initrd and command line. The firmware measures the boot loader into 4, and
 * a kernel that is started like one. Besides:
 *
 * - GRUB measures its commands and the kernel's command line into 8, and the files that it reads, kernel and initrd
 *   among them, into 9;
 * - systemd-stub measures the parts of a unified kernel image into 11;
 * - other kernel images with a stub, such as those of Ubuntu on Azure, have their initrd in 9 and their command line
 *   in 12.
 *
 * @see UAPI group, "Linux TPM PCR Registry"; GNU GRUB manual, "Measured Boot"; systemd-stub(7)
 */
const bootChains = [
  [4, 8, 9],
  [4, 11],
  [4, 9, 12],
];

/**
 * Whether the values cover as much as the numbers can. In a PCR that is zero nothing was measured; systemd-stub takes
 * a command line in place of the image's own, and measures that and what else it is given into 12, or nothing.
 */
export function coversBoot({ pcrs }: AzureEntry): boolean {
  const isMeasured = (index: number): boolean =>
    pcrs.get(index)?.some((byte) => byte !== 0) === true;
  return bootChains.some(
    (chain) => chain.every(isMeasured) && (!chain.includes(11) || pcrs.has(12)),
  );
}

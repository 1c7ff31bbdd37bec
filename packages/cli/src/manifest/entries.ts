import type { AnyEntry, Manifest } from '@blindai/attestation';
import type { Described, EntryDescription, Facts, Weakening } from './description.ts';
import { azureHardware, describeAzureEntry } from './azure-entry.ts';
import { iso } from './iso.ts';
import { describeNitroEntry } from './nitro-entry.ts';
import { describeSgxEntry } from './sgx-entry.ts';
import { describeSnpEntry } from './snp-entry.ts';
import { describeTdxEntry } from './tdx-entry.ts';

/** What an entry of one TEE says besides what all entries say. */
export interface EntryTuple {
  /** What its measurement is of: "an SGX enclave with MRENCLAVE". */
  readonly accepts: string;
  readonly measurement: string;
  readonly facts: Facts;
  /** Keys without the path of the entry. */
  readonly weakened: readonly Weakening[];
  /** What a reader should know besides, by key. */
  readonly notes: readonly (readonly [key: string, note: string])[];
}

/** An entry, what a reader should know besides, and whether what Intel says of its platform counts. */
export interface DescribedEntry extends Described<EntryDescription> {
  readonly notes: readonly string[];
  readonly isIntel: boolean;
}

const everything = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'] as const;

/** Every entry of a manifest, by TEE. */
export function describeEntries(manifest: Manifest, at: Date): readonly DescribedEntry[] {
  return [
    ...describeTable('sgx', manifest.sgx, describeSgxEntry, () => true, at),
    ...describeTable('tdx', manifest.tdx, describeTdxEntry, () => true, at),
    ...describeTable('sev_snp', manifest.sevSnp, describeSnpEntry, () => false, at),
    ...describeTable(
      'azure',
      manifest.azure,
      describeAzureEntry,
      (entry) => azureHardware(entry).tdx,
      at,
    ),
    ...describeTable('nitro', manifest.nitro, describeNitroEntry, () => false, at),
  ];
}

function describeTable<Entry extends AnyEntry>(
  table: string,
  entries: readonly Entry[],
  describe: (entry: Entry) => EntryTuple,
  isIntel: (entry: Entry) => boolean,
  at: Date,
): readonly DescribedEntry[] {
  return entries.map((entry, index) => ({
    ...describeEntry(`${table}[${index}]`, entry, describe(entry), at),
    isIntel: isIntel(entry),
  }));
}

function describeEntry(
  key: string,
  { name, covers, until }: AnyEntry,
  { accepts, measurement, facts, weakened, notes }: EntryTuple,
  at: Date,
): Omit<DescribedEntry, 'isIntel'> {
  const uncovered = everything.filter((cover) => !covers.includes(cover));
  const all: readonly Weakening[] = [
    ...(uncovered.length === 0 ? [] : [notCovered(uncovered)]),
    ...weakened,
  ];
  return {
    table: {
      key,
      name,
      accepts: `${accepts} ${measurement}`,
      measurement,
      covers,
      uncovered,
      until: until && iso(until),
      ended: until !== null && at >= until,
      facts,
    },
    weakened: all.map((each) => ({ ...each, key: `${key}.${each.key}` })),
    notes: notes.map(([member, note]) => `${key}.${member}: ${note}`),
  };
}

function notCovered(uncovered: readonly string[]): Weakening {
  const reason = `which ${uncovered.join(', ')} runs there is not measured`;
  return { key: 'covers', check: 'measurement', reason };
}

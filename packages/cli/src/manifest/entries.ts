import type { AnyEntry, Manifest } from '@blindai/attestation';
import type { Described, EntryDescription, Facts, Weakening } from './description.ts';
import { iso } from './iso.ts';
import { describeSgxEntry } from './sgx-entry.ts';

/** What an entry of one TEE says besides what all entries say. */
export interface EntryTuple {
  /** What its measurement is of: "an SGX enclave with MRENCLAVE". */
  readonly accepts: string;
  readonly measurement: string;
  readonly facts: Facts;
  /** Keys without the path of the entry. */
  readonly weakened: readonly Weakening[];
}

/** An entry, and whether what Intel says of its platform counts. */
export interface DescribedEntry extends Described<EntryDescription> {
  readonly isIntel: boolean;
}

const everything = ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'] as const;

/** Every entry of a manifest, by TEE. */
export function describeEntries(manifest: Manifest, at: Date): readonly DescribedEntry[] {
  return manifest.sgx.map((entry, index) => ({
    ...describeEntry(`sgx[${index}]`, entry, describeSgxEntry(entry), at),
    isIntel: true,
  }));
}

function describeEntry(
  key: string,
  { name, covers, until }: AnyEntry,
  { accepts, measurement, facts, weakened }: EntryTuple,
  at: Date,
): Described<EntryDescription> {
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
  };
}

function notCovered(uncovered: readonly string[]): Weakening {
  const reason = `which ${uncovered.join(', ')} runs there is not measured`;
  return { key: 'covers', check: 'measurement', reason };
}

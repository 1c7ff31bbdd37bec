import { equalBytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import { type EntryRule, entryRule, type EntryRules, platformRule } from '../enforce/entries.ts';
import { pcrRule } from '../enforce/pcrs.ts';
import type { NitroEntry } from '../manifest.ts';
import { plan } from '../verdict.ts';
import type { NitroEvidence } from './verify-nitro.ts';

const vouchedBy = 'AWS, in the document; judged by the manifest';
const specification =
  'AWS Nitro Enclaves, "Where to get an enclave\'s measurements"; docs/write-a-manifest.md, "[[nitro]]"';

/** PCRs that have rows of their own: the image, and the parent instance. */
const image = 0;
const parentInstance = 4;

const measurement: EntryRule<NitroEntry, NitroEvidence> = {
  ...plan('measurement', "PCR0 of one of the manifest's entries", vouchedBy, specification),
  mismatch: (entry, { pcrs }) =>
    equalBytes(pcrs.get(image)!, entry.pcrs.get(image)!) ? null : 'another PCR0',
  match: (_, evidence) => describeMeasurement(evidence),
};

const platform = platformRule<NitroEntry, NitroEvidence>(
  ({ pcrs }) => {
    const demanded = pcrs.get(parentInstance);
    return demanded ? [encodeHex(demanded)] : null;
  },
  (evidence) => [parentInstanceOf(evidence)],
  'the parent instance (PCR4)',
);

/** What a `[[nitro]]` entry compares, in the order of the rows. */
export const nitroEntryRules: EntryRules<NitroEntry, NitroEvidence> = {
  table: 'nitro',
  entriesOf: (manifest) => manifest.nitro,
  measurement: describeMeasurement,
  rules: [
    measurement,
    pcrRule([image, parentInstance], vouchedBy, specification),
    entryRule({ mismatch: () => null, demands: () => [] }),
    platform,
  ],
};

/** PCR4, the hash of the parent instance's id, hex; `null` if the document does not say. */
export function parentInstanceOf({ pcrs }: NitroEvidence): string | null {
  const pcr = pcrs.get(parentInstance);
  return pcr?.some((byte) => byte !== 0) ? encodeHex(pcr) : null;
}

function describeMeasurement({ pcrs }: NitroEvidence): string {
  return `PCR0 ${encodeHex(pcrs.get(image)!)}`;
}

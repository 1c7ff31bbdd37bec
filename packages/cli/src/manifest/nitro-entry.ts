import type { NitroEntry } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';
import type { EntryTuple } from './entries.ts';

/** What AWS measures into each PCR, besides the image in PCR0. */
const meanings = new Map([
  [1, 'kernel and boot ramdisk'],
  [2, 'applications'],
  [3, 'IAM role of the parent instance'],
  [8, "certificate of the image's signer"],
]);
const parentInstance = 4;

/** A `[[nitro]]` entry in plain words. */
export function describeNitroEntry({ pcrs }: NitroEntry): EntryTuple {
  const parent = pcrs.get(parentInstance);
  return {
    accepts: 'an AWS Nitro enclave with PCR0',
    measurement: toHex(pcrs.get(0)!),
    facts: {
      ...Object.fromEntries(
        [...meanings].flatMap(([index, meaning]) => {
          const pcr = pcrs.get(index);
          return pcr ? [[`PCR${index}`, `${toHex(pcr)} (${meaning})`]] : [];
        }),
      ),
      machines: parent
        ? `only the parent instance with PCR4 ${toHex(parent)}`
        : 'any parent instance',
    },
    weakened: [],
    notes: [],
  };
}

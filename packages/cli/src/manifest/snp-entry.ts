import type { SnpEntry } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';
import type { EntryTuple } from './entries.ts';
import { machines } from './machines.ts';

/** A `[[sev_snp]]` entry in plain words. */
export function describeSnpEntry(entry: SnpEntry): EntryTuple {
  const { hostData, guestPolicy, vmpl, minimumTcb } = entry;
  const floors = Object.entries(minimumTcb) as [string, number][];
  const isUnused = hostData.every((byte) => byte === 0);
  return {
    accepts: 'an AMD SEV-SNP guest with MEASUREMENT',
    measurement: toHex(entry.measurement),
    facts: {
      'host data': isUnused ? 'zeros' : toHex(hostData),
      'guest policy': `SMT ${guestPolicy.smt ? 'may be allowed' : 'forbidden'}, ABI ${guestPolicy.abiMajor}.${guestPolicy.abiMinor} or later; no debugging, no migration agent`,
      VMPL: `exactly ${vmpl}`,
      firmware: floors.map(([part, floor]) => `${part} at least ${floor}`).join(', '),
      ...(entry.idKeyDigest && { 'id key': toHex(entry.idKeyDigest) }),
      ...(entry.authorKeyDigest && { 'author key': toHex(entry.authorKeyDigest) }),
      ...(entry.familyId && { 'family id': toHex(entry.familyId) }),
      ...(entry.imageId && { 'image id': toHex(entry.imageId) }),
      machines: machines(entry.chipId),
    },
    weakened:
      vmpl === 0
        ? []
        : [
            {
              key: 'vmpl',
              check: 'vmpl',
              reason: `${vmpl}: whatever runs at a lower level can read and change the workload`,
            },
          ],
    notes: floors.every(([, floor]) => floor === 0)
      ? [['minimum_tcb', 'every floor is 0, so that no firmware of AMD is too old']]
      : [],
  };
}

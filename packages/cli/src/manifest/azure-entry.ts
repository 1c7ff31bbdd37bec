import type { AzureEntry } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';
import type { EntryTuple } from './entries.ts';
import { machines } from './machines.ts';

/** The hardware that an entry is for: what only one of them has says so. */
export function azureHardware({ minimumTcb, chipId, platform }: AzureEntry): {
  readonly snp: boolean;
  readonly tdx: boolean;
} {
  return { snp: platform === null, tdx: minimumTcb === null && chipId === null };
}

/** An `[[azure]]` entry in plain words. */
export function describeAzureEntry(entry: AzureEntry): EntryTuple {
  const { minimumTcb } = entry;
  const { snp, tdx } = azureHardware(entry);
  const hardware = [...(snp ? ['SEV-SNP'] : []), ...(tdx ? ['TDX'] : [])];
  const floors = Object.entries(minimumTcb ?? {}) as [string, number][];
  return {
    accepts: `an Azure confidential VM (${hardware.join(' or ')}) that the hardware measured as`,
    measurement: toHex(entry.measurement),
    facts: {
      ...Object.fromEntries([...entry.pcrs].map(([index, pcr]) => [`PCR${index}`, toHex(pcr)])),
      ...(minimumTcb && {
        firmware: floors.map(([part, floor]) => `${part} at least ${floor}`).join(', '),
      }),
      machines: machines(entry.chipId ?? entry.platform),
    },
    weakened:
      snp && minimumTcb === null
        ? [
            {
              key: 'minimum_tcb',
              check: 'minimum-tcb',
              reason: 'absent: over SEV-SNP any firmware of AMD will do, however old',
            },
          ]
        : [],
    notes:
      hardware.length === 0 ? [['platform', 'no machine has this and minimum_tcb or chip_id']] : [],
  };
}

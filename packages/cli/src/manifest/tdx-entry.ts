import type { TdxEntry } from '@blindai/attestation';
import { toHex } from '../connection-options.ts';
import type { EntryTuple } from './entries.ts';
import { machines } from './machines.ts';

const septVeDisable = 1n << 28n;

/** A `[[tdx]]` entry in plain words. */
export function describeTdxEntry(entry: TdxEntry): EntryTuple {
  const { tdAttributes, xfamMask } = entry;
  return {
    accepts: 'an Intel TD with MRTD',
    measurement: toHex(entry.mrTd),
    facts: {
      ...Object.fromEntries(
        entry.rtmrs.map((rtmr, index) => [
          `RTMR${index}`,
          rtmr.every((byte) => byte === 0) ? 'unused (zeros)' : toHex(rtmr),
        ]),
      ),
      attributes: `exactly 0x${tdAttributes.toString(16)}, ${(tdAttributes & septVeDisable) === 0n ? 'without' : 'with'} SEPT_VE_DISABLE; no debugging, not migratable`,
      XFAM: `no bit but those of 0x${xfamMask.toString(16)}`,
      ...(entry.mrConfigId && { MRCONFIGID: toHex(entry.mrConfigId) }),
      ...(entry.mrOwner && { MROWNER: toHex(entry.mrOwner) }),
      ...(entry.mrOwnerConfig && { MROWNERCONFIG: toHex(entry.mrOwnerConfig) }),
      ...(entry.mrSeam && { MRSEAM: toHex(entry.mrSeam) }),
      ...(entry.mrServiceTd && { MRSERVICETD: toHex(entry.mrServiceTd) }),
      machines: machines(entry.platform),
    },
    weakened: [],
    notes: [],
  };
}

import { pcrClaims } from '../enforce/pcrs.ts';
import type { Judged } from '../evidence-format.ts';
import type { AzureEntry } from '../manifest.ts';
import { earliest } from '../x509/period.ts';
import type { AzureClaims } from './azure-claims.ts';
import type { VtpmEvidence } from './verify-vtpm.ts';

/**
 * What genuine evidence says of hardware and vTPM together.
 *
 * @param ends - When what vouches for it ends.
 * @param hardware - The claims of the hardware; its report data is not the evidence's own.
 */
export function toAzureJudged(
  { pcrs, extraData, runtimeClaims }: VtpmEvidence,
  entry: AzureEntry | null,
  ends: readonly Date[],
  hardware: Omit<Judged['claims'], 'reportData' | 'details'> & {
    readonly details: AzureClaims['hardware'];
  },
): Judged {
  const { vmConfiguration, userData } = runtimeClaims;
  const details: AzureClaims = { hardware: hardware.details, vmConfiguration, userData };
  return {
    claims: {
      ...hardware,
      registers: { ...hardware.registers, ...pcrClaims(pcrs) },
      reportData: extraData,
      details,
    },
    bound: { kind: 'hash', hash: extraData },
    entry: entry?.name ?? null,
    validUntil: earliest([...ends, ...(entry?.until ? [entry.until] : [])]),
  };
}

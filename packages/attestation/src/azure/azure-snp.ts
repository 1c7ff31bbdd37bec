import { encodeHex } from '../encoding/hex.ts';
import { comparesEntries, enforceEntries, planEntries } from '../enforce/entries.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import { enforceSnpStrict, snpStrictChecks, snpTcbClaims } from '../snp/snp.ts';
import { toSnpClaims } from '../snp/snp-claims.ts';
import { snpEvidenceChecks, verifySnp } from '../snp/verify-snp.ts';
import { enforceVmpl, vmplCheck } from '../snp/vmpl.ts';
import type { Verdict } from '../verdict.ts';
import { azureSnpEntryRules } from './azure-entry.ts';
import { parseAzureSnpEvidence } from './evidence.ts';
import { toAzureJudged } from './judged.ts';
import { planLayout, verifyVtpm, vtpmChecks } from './verify-vtpm.ts';

/** Azure confidential VMs over AMD SEV-SNP. */
export const azureSnpVtpm: EvidenceFormat = {
  tee: 'azure',
  subject: 'Azure confidential VM (SEV-SNP)',
  plan: (policy) => [
    planLayout('an SEV-SNP report'),
    ...snpEvidenceChecks(policy).slice(1),
    ...vtpmChecks,
    ...snpStrictChecks,
    ...planEntries(azureSnpEntryRules, policy),
    ...(comparesEntries(policy) ? [] : [vmplCheck]),
  ],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const { quote, hcl, vcek } = verdict.reading('layout', () => parseAzureSnpEvidence(evidence));
  const hardware = await verifySnp(hcl.hardwareReport, endorsements, policy, at, verdict, vcek);
  const { report } = hardware;
  const facts = {
    tcbStatus: null,
    debug: report.policy.debug,
    measurement: encodeHex(report.measurement),
  };
  const vtpm = await verifyVtpm(quote, hcl.runtimeClaims, report.reportData, facts, verdict);
  enforceSnpStrict(hardware, policy, verdict);
  const azure = { hardware, pcrs: vtpm.pcrs };
  const entry = enforceEntries(azureSnpEntryRules, azure, policy, at, verdict);
  if (!comparesEntries(policy)) enforceVmpl(report.vmpl, verdict);
  return toAzureJudged(vtpm, entry, [hardware.validUntil], {
    measurement: report.measurement,
    registers: {},
    debug: report.policy.debug,
    tcb: snpTcbClaims(hardware),
    hardwareId: hardware.chipId,
    details: toSnpClaims(hardware),
  });
}

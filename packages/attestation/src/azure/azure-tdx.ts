import { encodeHex } from '../encoding/hex.ts';
import { enforceTdxStrict, tdxStrictChecks, toTdxClaims } from '../dcap/tdx.ts';
import { isUnderDebug, tdxEvidenceChecks, verifyTdx } from '../dcap/verify-tdx.ts';
import { enforceEntries, planEntries } from '../enforce/entries.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import type { Verdict } from '../verdict.ts';
import { azureTdxEntryRules } from './azure-entry.ts';
import { parseAzureTdxEvidence } from './evidence.ts';
import { toAzureJudged } from './judged.ts';
import { planLayout, verifyVtpm, vtpmChecks } from './verify-vtpm.ts';

/** Azure confidential VMs over Intel TDX. */
export const azureTdxVtpm: EvidenceFormat = {
  tee: 'azure',
  subject: 'Azure confidential VM (TDX)',
  plan: (policy) => [
    planLayout('a TDX quote'),
    ...tdxEvidenceChecks.slice(1),
    ...vtpmChecks,
    ...tdxStrictChecks,
    ...planEntries(azureTdxEntryRules, policy),
  ],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const { quote, hcl, tdQuote } = verdict.reading('layout', () => parseAzureTdxEvidence(evidence));
  const hardware = await verifyTdx(tdQuote, endorsements, policy.anchors, at, verdict);
  const { report, tcb } = hardware;
  const facts = {
    tcbStatus: tcb.status,
    debug: isUnderDebug(report),
    measurement: encodeHex(report.mrTd),
  };
  const vtpm = await verifyVtpm(quote, hcl.runtimeClaims, report.reportData, facts, verdict);
  const ends = enforceTdxStrict(hardware, policy, at, verdict);
  const azure = { hardware, pcrs: vtpm.pcrs };
  const entry = enforceEntries(azureTdxEntryRules, azure, policy, at, verdict);
  return toAzureJudged(vtpm, entry, [hardware.validUntil, ...ends], toTdxClaims(hardware));
}

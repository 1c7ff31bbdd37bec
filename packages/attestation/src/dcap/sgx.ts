import type { SgxClaims } from '../claims.ts';
import { enforceDebug, planDebug } from '../enforce/debug.ts';
import { enforceEntries, planEntries } from '../enforce/entries.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { earliest } from '../x509/period.ts';
import { enforceIntelPolicy, intelPolicyChecks } from './intel-policy.ts';
import { sgxEntryRules } from './sgx-entry.ts';
import { attributeFlags, type SgxReport } from './sgx-report.ts';
import { intelTcbClaims } from './tcb-claims.ts';
import { type SgxEvidence, sgxEvidenceChecks, verifySgx } from './verify-sgx.ts';

const sdm = 'Intel SDM vol. 3D, "ATTRIBUTES"';
const hardware = 'the hardware, in the report; judged by the policy';

/** The checks of policy that need no manifest, in order. */
const strictChecks: readonly PlannedCheck[] = [
  planDebug(hardware, sdm),
  plan('mode', 'initialised, in 64-bit mode', hardware, sdm),
  plan('provisioning-key', 'out of the reach of the enclave', hardware, sdm),
  ...intelPolicyChecks,
];

/** Intel SGX, quotes of version 3. */
export const sgxDcap: EvidenceFormat = {
  tee: 'sgx',
  subject: 'SGX enclave',
  plan: (policy) => [
    ...sgxEvidenceChecks,
    ...strictChecks,
    ...planEntries(sgxEntryRules(policy), policy),
  ],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const sgx = await verifySgx(evidence, endorsements, policy.anchors, at, verdict);
  const { report, platform, tcb } = sgx;
  const isDebug = (report.attributesFlags & attributeFlags.debug) !== 0n;
  enforceDebug(isDebug, 'enclave', policy, verdict);
  enforceMode(report, verdict);
  enforceProvisioningKey(report, verdict);
  const ends = enforceIntelPolicy(sgx, policy, at, verdict);
  const entry = enforceEntries(sgxEntryRules(policy), sgx, policy, at, verdict);
  return {
    claims: {
      measurement: report.mrEnclave,
      registers: {},
      reportData: report.reportData,
      debug: isDebug,
      tcb: intelTcbClaims(tcb, platform),
      hardwareId: platform.platformInstanceId ?? platform.ppid,
      details: toDetails(sgx),
    },
    bound: { kind: 'field', reportData: report.reportData },
    entry: entry?.name ?? null,
    validUntil: earliest([sgx.validUntil, ...ends, ...(entry?.until ? [entry.until] : [])]),
  };
}

function enforceMode({ attributesFlags }: SgxReport, verdict: Verdict): void {
  const demanded = attributeFlags.init | attributeFlags.mode64Bit;
  if ((attributesFlags & demanded) !== demanded) {
    verdict.refuse('mode', 'an initialised enclave in 64-bit mode demanded');
  }
  verdict.passed('mode', 'initialised, 64-bit mode');
}

function enforceProvisioningKey({ attributesFlags }: SgxReport, verdict: Verdict): void {
  if ((attributesFlags & attributeFlags.provisionKey) !== 0n) {
    verdict.refuse(
      'provisioning-key',
      "the enclave may use the provisioning key, which only Intel's own need",
    );
  }
  verdict.passed('provisioning-key', 'out of the reach of the enclave');
}

function toDetails({ report, platform }: SgxEvidence): SgxClaims {
  const { reportData: _, ...enclave } = report;
  const { fmspc, ppid, platformInstanceId } = platform;
  return { ...enclave, fmspc, ppid, platformInstanceId };
}

import { azureSnpVtpm } from './azure/azure-snp.ts';
import { azureTdxVtpm } from './azure/azure-tdx.ts';
import { markVerified, type UnmatchedClaims, type VerifiedClaims } from './claims.ts';
import { sgxDcap } from './dcap/sgx.ts';
import { tdxDcap } from './dcap/tdx.ts';
import type { EvidenceFormat, Judged } from './evidence-format.ts';
import { awsNitro } from './nitro/nitro.ts';
import { AttestationError } from './errors.ts';
import { type AttestationInput, type Format, formats } from './evidence.ts';
import {
  acceptMissingCrl,
  anyMeasurement,
  type BoundReportData,
  type ExpectedReportData,
  type Policy,
  type UnmatchedPolicy,
} from './policy.ts';
import type { Report } from './report.ts';
import {
  enforceReportData,
  parseReportDataDemand,
  planReportData,
  type ReportDataDemand,
} from './report-data.ts';
import { isTrustAnchors } from './roots/trust-anchors.ts';
import { sevSnp } from './snp/snp.ts';
import { plan, type PlannedCheck, Refusal, Verdict } from './verdict.ts';

/** Who judges what. */
const judges: Readonly<Record<Format, EvidenceFormat>> = {
  'sgx-dcap': sgxDcap,
  'tdx-dcap': tdxDcap,
  'sev-snp': sevSnp,
  'aws-nitro': awsNitro,
  'azure-snp-vtpm': azureSnpVtpm,
  'azure-tdx-vtpm': azureTdxVtpm,
};

/**
 * Judges evidence: what it is, who vouches for it, whether the policy accepts it, and what it vouches for.
 * Pure: no network, no clock, no environment.
 *
 * @param expected - What its 64 bytes of report data must be.
 * @param policy - What is accepted; a manifest is required except under simulation anchors.
 * @param at - The moment for which everything must hold.
 * @returns Claims that only this function can make. With `[anyMeasurement]`, `[acceptMissingCrl]` or
 *   `[anyReportData]` they are good for looking at only.
 * @throws {AttestationError} `attestation-refused`, whose `check` names the one step that refused, and whose
 *   `report` has every row.
 * @throws {TypeError} if a demand is incomplete or contradicts itself.
 * @see trust.md, "The chain, in order"
 */
export async function verifyAttestation(
  input: AttestationInput,
  expected: BoundReportData,
  policy: Policy,
  at: Date,
): Promise<VerifiedClaims>;
export async function verifyAttestation(
  input: AttestationInput,
  expected: ExpectedReportData,
  policy: Policy | UnmatchedPolicy,
  at: Date,
): Promise<UnmatchedClaims>;
export async function verifyAttestation(
  input: AttestationInput,
  expected: ExpectedReportData,
  policy: Policy | UnmatchedPolicy,
  at: Date,
): Promise<UnmatchedClaims> {
  checkPolicy(policy, at);
  const demand = parseReportDataDemand(expected);
  const format = formats.find((known) => known === input.format) ?? null;
  const judge = format && judges[format];
  const planned = judge ? [...judge.plan(policy), planReportData(demand)] : [unknownFormat];
  const verdict: Verdict = new Verdict(format, policy.anchors.name, planned);
  try {
    if (!format || !judge) verdict.refuse('layout', 'the format of this evidence is not known');
    // A copy: whoever owns the bytes cannot change them between two steps.
    const evidence = new Uint8Array(input.evidence);
    const { endorsements } = input;
    const judged = await judge.judge({ evidence, endorsements, policy, at }, verdict);
    await enforceReportData(judged.bound, demand, verdict);
    const report = verdict.accepted(subject(judge, policy));
    const claims = toClaims(format, judge, judged, report);
    return isBinding(demand, policy) ? markVerified(claims) : claims;
  } catch (error) {
    if (error instanceof Refusal) throw new AttestationError(verdict.refused(error));
    throw error;
  }
}

const unknownFormat: PlannedCheck = plan(
  'layout',
  `evidence of a known format: ${formats.join(', ')}`,
  'nobody',
  'docs/wire.md, "Attestation"',
);

function checkPolicy(policy: Policy | UnmatchedPolicy, at: Date): void {
  if (!isTrustAnchors(policy.anchors)) {
    throw new TypeError('policy.anchors must be vendorAnchors or simulationAnchors');
  }
  if (!policy.manifest && policy[anyMeasurement] !== true && policy.anchors.name === 'vendor') {
    throw new TypeError('a manifest is required: it says which measurements are accepted');
  }
  if (Number.isNaN(at.getTime())) throw new TypeError('at must be a valid date');
}

/** Whether the claims say that this connection leads to code that the caller accepts. */
function isBinding(demand: ReportDataDemand, policy: Policy | UnmatchedPolicy): boolean {
  return (
    policy[anyMeasurement] !== true && policy[acceptMissingCrl] !== true && demand.kind !== 'any'
  );
}

function subject(judge: EvidenceFormat, policy: Policy | UnmatchedPolicy): string {
  return policy.anchors.name === 'vendor'
    ? `a genuine ${judge.subject}, as demanded`
    : `a SIMULATED ${judge.subject}: this proves nothing`;
}

function toClaims(
  format: Format,
  { tee }: EvidenceFormat,
  { claims, validUntil, entry }: Judged,
  report: Report,
): UnmatchedClaims {
  const { anchor } = report;
  return Object.freeze({ format, tee, anchor, ...claims, validUntil, entry, report });
}

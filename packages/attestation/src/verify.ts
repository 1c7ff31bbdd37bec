import {
  markVerified,
  type SgxClaims,
  type TcbClaims,
  type UnmatchedClaims,
  type VerifiedClaims,
} from './claims.ts';
import { enforceSgxPolicy, sgxPolicyChecks, type SgxMatch } from './dcap/sgx-policy.ts';
import { type SgxEvidence, sgxEvidenceChecks, verifySgx } from './dcap/verify-sgx.ts';
import { attributeFlags } from './dcap/sgx-report.ts';
import { AttestationError, type Check } from './errors.ts';
import { type AttestationInput, type Format, formats } from './evidence.ts';
import {
  anyMeasurement,
  type BoundReportData,
  type ExpectedReportData,
  type Policy,
  type UnmatchedPolicy,
} from './policy.ts';
import type { Report } from './report.ts';
import { enforceReportData, parseReportDataDemand, type ReportDataDemand } from './report-data.ts';
import { isTrustAnchors } from './roots/trust-anchors.ts';
import { Refusal, Verdict } from './verdict.ts';

/**
 * Judges evidence: what it is, who vouches for it, whether the policy accepts it, and what it vouches for.
 * Pure: no network, no clock, no environment.
 *
 * @param expected - What its 64 bytes of report data must be.
 * @param policy - What is accepted; a manifest is required except under simulation anchors.
 * @param at - The moment for which everything must hold.
 * @returns Claims that only this function can make. With `[anyMeasurement]` or `[anyReportData]` they are
 *   good for looking at only.
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
  const verdict = new Verdict(format, policy.anchors.name, planChecks(format, policy));
  try {
    if (format !== 'sgx-dcap') refuseFormat(format, verdict);
    // A copy: whoever owns the bytes cannot change them between two steps.
    const evidence = new Uint8Array(input.evidence);
    const sgx = await verifySgx(evidence, input.endorsements, policy.anchors, at, verdict);
    const match = enforceSgxPolicy(sgx, policy, at, verdict);
    await enforceReportData(sgx.report.reportData, demand, verdict);
    const report = verdict.accepted(subject(policy));
    const claims = toClaims(sgx, match, report);
    return isBinding(demand, policy) ? markVerified(claims) : claims;
  } catch (error) {
    if (error instanceof Refusal) throw new AttestationError(verdict.refused(error));
    throw error;
  }
}

function checkPolicy(policy: Policy | UnmatchedPolicy, at: Date): void {
  if (!isTrustAnchors(policy.anchors)) {
    throw new TypeError('policy.anchors must be vendorAnchors or simulationAnchors');
  }
  if (!policy.manifest && policy[anyMeasurement] !== true && policy.anchors.name === 'vendor') {
    throw new TypeError('a manifest is required: it says which measurements are accepted');
  }
  if (Number.isNaN(at.getTime())) throw new TypeError('at must be a valid date');
}

function planChecks(format: Format | null, policy: Policy | UnmatchedPolicy): readonly Check[] {
  if (format !== 'sgx-dcap') return ['layout'];
  return [...sgxEvidenceChecks, ...sgxPolicyChecks(policy), 'report-data'];
}

function refuseFormat(format: Format | null, verdict: Verdict): never {
  verdict.refuse(
    'layout',
    format === null
      ? 'the format of this evidence is not known'
      : `evidence of the format ${format} is not supported yet`,
  );
}

/** Whether the claims say that this connection leads to code that the caller accepts. */
function isBinding(demand: ReportDataDemand, policy: Policy | UnmatchedPolicy): boolean {
  return policy[anyMeasurement] !== true && demand.kind !== 'any';
}

function subject(policy: Policy | UnmatchedPolicy): string {
  return policy.anchors.name === 'vendor'
    ? 'a genuine SGX enclave, as demanded'
    : 'a SIMULATED SGX enclave: this proves nothing';
}

function toClaims(sgx: SgxEvidence, match: SgxMatch, report: Report): UnmatchedClaims {
  const { mrEnclave, reportData, attributesFlags } = sgx.report;
  const details = toSgxClaims(sgx);
  return Object.freeze({
    format: 'sgx-dcap',
    tee: 'sgx',
    anchor: report.anchor,
    measurement: mrEnclave,
    registers: {},
    reportData,
    debug: (attributesFlags & attributeFlags.debug) !== 0n,
    tcb: toTcbClaims(sgx),
    hardwareId: details.platformInstanceId ?? details.ppid,
    validUntil: match.validUntil,
    entry: match.entry?.name ?? null,
    details,
    report,
  });
}

function toTcbClaims({ tcb }: SgxEvidence): TcbClaims {
  if (!tcb.status || !tcb.level) throw new Error('a platform without a status was accepted');
  return {
    status: tcb.status,
    advisories: tcb.advisories,
    evaluationDataNumber: tcb.evaluationDataNumber,
    date: tcb.level.date,
  };
}

function toSgxClaims({ report, platform }: SgxEvidence): SgxClaims {
  const { reportData: _, ...enclave } = report;
  const { fmspc, ppid, platformInstanceId } = platform;
  return { ...enclave, fmspc, ppid, platformInstanceId };
}

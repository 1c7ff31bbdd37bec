import type { UnmatchedClaims, VerifiedClaims } from './claims.ts';
import type { AttestationInput } from './evidence.ts';
import type { BoundReportData, ExpectedReportData, Policy, UnmatchedPolicy } from './policy.ts';

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
  _expected: ExpectedReportData,
  _policy: Policy | UnmatchedPolicy,
  _at: Date,
): Promise<UnmatchedClaims> {
  throw new Error(`${input.format} is not judged yet`);
}

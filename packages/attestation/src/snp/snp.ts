import type { TcbClaims } from '../claims.ts';
import { enforceDebug, planDebug } from '../enforce/debug.ts';
import { comparesEntries, enforceEntries, planEntries } from '../enforce/entries.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import type { Policy, UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { earliest } from '../x509/period.ts';
import { toSnpClaims } from './snp-claims.ts';
import { snpEntryRules } from './snp-entry.ts';
import { type SnpEvidence, snpEvidenceChecks, verifySnp } from './verify-snp.ts';
import { enforceVmpl, vmplCheck } from './vmpl.ts';

const guestPolicy = 'AMD 56860 (SEV-SNP Firmware ABI), §4.3, "Guest Policy"';
const hardware = 'the hardware, in the report; judged by the policy';

/** The checks of policy that need no manifest and come before those that do, in order. */
export const snpStrictChecks: readonly PlannedCheck[] = [
  planDebug(hardware, guestPolicy),
  plan('migration', 'no agent may give the guest to another machine', hardware, guestPolicy),
];

/** AMD SEV-SNP, reports of version 2, 3 and 5. */
export const sevSnp: EvidenceFormat = {
  tee: 'sev-snp',
  subject: 'SEV-SNP guest',
  plan: (policy) => [
    ...snpEvidenceChecks(policy),
    ...snpStrictChecks,
    ...planEntries(snpEntryRules, policy),
    ...(comparesEntries(policy) ? [] : [vmplCheck]),
  ],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const snp = await verifySnp(evidence, endorsements, policy, at, verdict);
  enforceSnpStrict(snp, policy, verdict);
  const entry = enforceEntries(snpEntryRules, snp, policy, at, verdict);
  const { report } = snp;
  if (!entry) enforceVmpl(report.vmpl, verdict);
  return {
    claims: {
      measurement: report.measurement,
      registers: {},
      reportData: report.reportData,
      debug: report.policy.debug,
      tcb: snpTcbClaims(snp),
      hardwareId: snp.chipId,
      details: toSnpClaims(snp),
    },
    bound: { kind: 'field', reportData: report.reportData },
    entry: entry?.name ?? null,
    validUntil: earliest([snp.validUntil, ...(entry?.until ? [entry.until] : [])]),
  };
}

/** Enforces {@link snpStrictChecks}. */
export function enforceSnpStrict(
  { report: { policy: guest } }: SnpEvidence,
  policy: Policy | UnmatchedPolicy,
  verdict: Verdict,
): void {
  enforceDebug(guest.debug, 'guest', policy, verdict);
  if (guest.migrationAgent) {
    verdict.refuse(
      'migration',
      'the guest policy allows a migration agent, which could give the guest to another machine',
    );
  }
  verdict.passed('migration', 'no migration agent is allowed');
}

/** AMD publishes versions and no status: what to accept is for the manifest to say. */
export function snpTcbClaims({ tcb }: SnpEvidence): TcbClaims {
  const parts = { ...tcb.reported } as Readonly<Record<string, number>>;
  return { status: null, advisories: [], evaluationDataNumber: null, date: null, parts };
}

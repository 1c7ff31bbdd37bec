import { enforceDebug, planDebug } from '../enforce/debug.ts';
import { enforceEntries, planEntries } from '../enforce/entries.ts';
import type { EvidenceFormat, Judged, Submission } from '../evidence-format.ts';
import type { Policy, UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { earliest } from '../x509/period.ts';
import { enforceIntelPolicy, intelPolicyChecks } from './intel-policy.ts';
import { intelTcbClaims } from './tcb-claims.ts';
import { namesOfTdAttributes, reservedTdAttributes, tdAttributes } from './td-attributes.ts';
import type { TdReport } from './td-report.ts';
import type { TdxClaims } from './tdx-claims.ts';
import { tdxEntryRules } from './tdx-entry.ts';
import { tdxModuleOf } from './tdx-module.ts';
import { isUnderDebug, type TdxEvidence, tdxEvidenceChecks, verifyTdx } from './verify-tdx.ts';

const abi = 'Intel TDX Module ABI Reference Specification, "ATTRIBUTES"';
const hardware = 'the hardware, in the report; judged by the policy';

/** The checks that {@link enforceTdxStrict} makes, in order. */
export const tdxStrictChecks: readonly PlannedCheck[] = [
  planDebug(hardware, abi),
  plan('migration', 'a TD that no other machine can be given', hardware, abi),
  plan('td-attributes', 'no bit that has no meaning yet', hardware, abi),
  ...intelPolicyChecks,
];

/** Intel TDX, quotes of versions 4 and 5. */
export const tdxDcap: EvidenceFormat = {
  tee: 'tdx',
  subject: 'TD',
  plan: (policy) => [
    ...tdxEvidenceChecks,
    ...tdxStrictChecks,
    ...planEntries(tdxEntryRules(policy), policy),
  ],
  judge,
};

async function judge(
  { evidence, endorsements, policy, at }: Submission,
  verdict: Verdict,
): Promise<Judged> {
  const tdx = await verifyTdx(evidence, endorsements, policy.anchors, at, verdict);
  const ends = enforceTdxStrict(tdx, policy, at, verdict);
  const entry = enforceEntries(tdxEntryRules(policy), tdx, policy, at, verdict);
  return {
    claims: toTdxClaims(tdx),
    bound: { kind: 'field', reportData: tdx.report.reportData },
    entry: entry?.name ?? null,
    validUntil: earliest([tdx.validUntil, ...ends, ...(entry?.until ? [entry.until] : [])]),
  };
}

/**
 * Enforces all of a policy on a TD that needs no entry of a manifest.
 *
 * @returns When what was accepted ends.
 */
export function enforceTdxStrict(
  tdx: TdxEvidence,
  policy: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
): readonly Date[] {
  const { report } = tdx;
  enforceDebug(isUnderDebug(report), 'TD', policy, verdict);
  enforceMigration(report, verdict);
  enforceTdAttributes(report, verdict);
  return enforceIntelPolicy(tdx, policy, at, verdict);
}

function enforceMigration(report: TdReport, verdict: Verdict): void {
  if ((report.tdAttributes & tdAttributes.migratable) !== 0n) {
    verdict.refuse('migration', 'this TD is migratable: another machine can be given its memory');
  }
  verdict.passed('migration', 'not migratable');
}

function enforceTdAttributes(report: TdReport, verdict: Verdict): void {
  const reserved = reservedTdAttributes(report.tdAttributes);
  if (reserved !== 0n) {
    verdict.refuse('td-attributes', `reserved bits 0x${reserved.toString(16)} are set`);
  }
  const names = namesOfTdAttributes(report.tdAttributes);
  verdict.passed('td-attributes', names.length === 0 ? 'no bit set' : names.join(', '));
}

/** What verified evidence of a TD says. */
export function toTdxClaims({
  report,
  platform,
  tcb,
}: TdxEvidence): Judged['claims'] & { readonly details: TdxClaims } {
  const { reportData, rtmrs, ...td } = report;
  const { fmspc, ppid, platformInstanceId } = platform;
  const { version, isvSvn } = tdxModuleOf(report.teeTcbSvn);
  const tcbClaims = intelTcbClaims(tcb, platform);
  const details: TdxClaims = {
    ...td,
    septVeDisable: (report.tdAttributes & tdAttributes.septVeDisable) !== 0n,
    fmspc,
    ppid,
    platformInstanceId,
  };
  return {
    measurement: report.mrTd,
    registers: Object.fromEntries(rtmrs.map((rtmr, index) => [`rtmr${index}`, rtmr])),
    reportData,
    debug: isUnderDebug(report),
    tcb: {
      ...tcbClaims,
      parts: { ...tcbClaims.parts, tdxModuleVersion: version, tdxModuleSvn: isvSvn },
    },
    hardwareId: platformInstanceId ?? ppid,
    details,
  };
}

import type { Check } from '../errors.ts';
import type { Manifest, SgxEntry } from '../manifest.ts';
import { allowDebug, anyMeasurement, type Policy, type UnmatchedPolicy } from '../policy.ts';
import type { Verdict } from '../verdict.ts';
import { earliest, iso } from '../x509/period.ts';
import { findEntry } from './sgx-entry.ts';
import { attributeFlags, type SgxReport } from './sgx-report.ts';
import type { SgxEvidence } from './verify-sgx.ts';

/** The checks that {@link enforceSgxPolicy} makes, in order. */
export function sgxPolicyChecks(policy: Policy | UnmatchedPolicy): readonly Check[] {
  return [
    'debug',
    'mode',
    'provisioning-key',
    'tcb-status',
    'tcb-evaluation-number',
    'collateral-age',
    'measurement',
    ...(comparesEntries(policy)
      ? (['attributes', 'misc-select', 'entry', 'platform'] as const)
      : []),
  ];
}

/** The entry that evidence matched, and when what the policy says of it ends. */
export interface SgxMatch {
  /** `null` if none was compared. */
  readonly entry: SgxEntry | null;
  readonly validUntil: Date;
}

/** What is accepted of Intel platforms where no manifest says it. */
const strictIntel: Manifest['intel'] = {
  tcbStatuses: ['UpToDate'],
  minTcbEvaluationDataNumber: null,
  maxCollateralAgeMs: null,
};

/** Judges genuine evidence: strict defaults first, then what the manifest says. */
export function enforceSgxPolicy(
  evidence: SgxEvidence,
  policy: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
): SgxMatch {
  const { manifest } = policy;
  const intel = manifest?.intel ?? strictIntel;
  const ends = [evidence.validUntil];
  enforceDebug(evidence.report, policy, verdict);
  enforceMode(evidence.report, verdict);
  enforceProvisioningKey(evidence.report, verdict);
  ends.push(...enforceTcbStatus(evidence, manifest, at, verdict));
  enforceEvaluationNumber(evidence, intel.minTcbEvaluationDataNumber, verdict);
  ends.push(...enforceCollateralAge(evidence, intel.maxCollateralAgeMs, at, verdict));
  const entry = enforceEntries(evidence, policy, at, verdict);
  if (entry?.until) ends.push(entry.until);
  return { entry, validUntil: earliest(ends) };
}

function comparesEntries(policy: Policy | UnmatchedPolicy): boolean {
  return policy.manifest !== undefined && policy[anyMeasurement] !== true;
}

function enforceDebug(
  { attributesFlags }: SgxReport,
  policy: Policy | UnmatchedPolicy,
  verdict: Verdict,
): void {
  const isDebug = (attributesFlags & attributeFlags.debug) !== 0n;
  const isAllowed = policy[allowDebug] === true;
  if (policy.manifest?.asksForDebug === true && !isAllowed) {
    verdict.refuse(
      'debug',
      'the manifest asks to accept debug enclaves, which a file alone cannot do',
      'Take `allow_debug` out of the manifest, or accept them by `[allowDebug]` (--allow-debug)',
    );
  }
  if (isDebug && !isAllowed) {
    verdict.refuse(
      'debug',
      'this is a debug enclave: its host can read all of its memory',
      'Only `[allowDebug]` (--allow-debug) accepts it, for tests',
    );
  }
  if (isDebug)
    verdict.weakened('debug', 'a DEBUG enclave, accepted by [allowDebug]: its host can read it');
  else verdict.passed('debug', 'no debug enclave');
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

/** @returns When the exceptions end that were needed. */
function enforceTcbStatus(
  { tcb }: SgxEvidence,
  manifest: Manifest | undefined,
  at: Date,
  verdict: Verdict,
): readonly Date[] {
  const { status, advisories } = tcb;
  if (status === null) {
    verdict.refuse(
      'tcb-status',
      `the ${tcb.level ? 'quoting enclave' : 'platform'} reaches none of the levels that Intel lists`,
      'Its firmware is older than anything that Intel still judges: it needs an update',
    );
  }
  const accepted: readonly string[] = (manifest?.intel ?? strictIntel).tcbStatuses;
  const found = advisories.length === 0 ? status : `${status} (${advisories.join(', ')})`;
  if (status === 'UpToDate' && accepted.includes(status)) {
    verdict.passed('tcb-status', found);
    return [];
  }
  if (status !== 'Revoked' && accepted.includes(status)) {
    verdict.weakened('tcb-status', `${found}, accepted by the manifest's tcb_statuses`);
    return [];
  }
  const exceptions = advisories.map((advisory) =>
    manifest?.exceptions.find(
      (exception) => exception.advisory === advisory && at < exception.until,
    ),
  );
  if (status === 'Revoked' || exceptions.length === 0 || exceptions.includes(undefined)) {
    verdict.refuse(
      'tcb-status',
      `one of ${accepted.join(', ')} demanded, ${found} found`,
      status === 'Revoked'
        ? 'Intel has revoked this level, and no policy accepts it'
        : 'The platform needs an update or another configuration; ' +
            'a manifest may accept a status in tcb_statuses, or its advisories as exceptions',
    );
  }
  const used = exceptions.filter((exception) => exception !== undefined);
  const reasons = used.map(
    ({ advisory, reason, until }) => `${advisory} until ${iso(until)}: ${reason}`,
  );
  verdict.weakened('tcb-status', `${found}, accepted by exception (${reasons.join('; ')})`);
  return used.map(({ until }) => until);
}

function enforceEvaluationNumber(
  { tcb }: SgxEvidence,
  minimum: number | null,
  verdict: Verdict,
): void {
  const found = tcb.evaluationDataNumber;
  if (minimum === null) {
    verdict.weakened(
      'tcb-evaluation-number',
      `${found}; no minimum demanded, so the server may have picked an older one that judges it better`,
    );
  } else if (found < minimum) {
    verdict.refuse(
      'tcb-evaluation-number',
      `at least ${minimum} demanded, ${found} found`,
      'The server must fetch newer collateral',
    );
  } else {
    verdict.passed('tcb-evaluation-number', `${found}, at least ${minimum} demanded`);
  }
}

/** @returns When the collateral gets too old. */
function enforceCollateralAge(
  { issued }: SgxEvidence,
  maxAgeMs: number | null,
  at: Date,
  verdict: Verdict,
): readonly Date[] {
  const oldest = earliest(issued);
  if (maxAgeMs === null) {
    verdict.passed(
      'collateral-age',
      `issued ${iso(oldest)} or later; no limit demanded but its own`,
    );
    return [];
  }
  const end = new Date(oldest.getTime() + maxAgeMs);
  if (at > end) {
    verdict.refuse(
      'collateral-age',
      `issued ${iso(oldest)}, which is too old since ${iso(end)}`,
      'The server must fetch newer collateral',
    );
  }
  verdict.passed(
    'collateral-age',
    `issued ${iso(oldest)} or later, recent enough until ${iso(end)}`,
  );
  return [end];
}

function enforceEntries(
  evidence: SgxEvidence,
  policy: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
): SgxEntry | null {
  if (policy[anyMeasurement] === true) {
    verdict.weakened(
      'measurement',
      'compared with no entry, by [anyMeasurement]: any code, signer, version and platform',
    );
    return null;
  }
  if (!policy.manifest) {
    verdict.weakened('measurement', 'SIMULATION: no manifest given, so compared with no entry');
    return null;
  }
  return findEntry(policy.manifest.sgx, evidence, policy[allowDebug] === true, at, verdict);
}

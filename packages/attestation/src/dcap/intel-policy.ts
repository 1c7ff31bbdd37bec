import type { Manifest } from '../manifest.ts';
import type { Policy, UnmatchedPolicy } from '../policy.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { earliest, iso } from '../x509/period.ts';
import type { PlatformStatus } from './tcb-status.ts';

/** How up to date a platform is: the levels that it reaches, taken together. */
export interface PlatformTcb {
  /** `null` if one of its parts reaches no level that Intel lists. */
  readonly status: PlatformStatus | null;
  /** The part that reaches none, for the message; `null` if each reaches one. */
  readonly unmatched: string | null;
  readonly advisories: readonly string[];
  /** The part that is not up to date without an advisory that says why: no exception is for it. `null`: none. */
  readonly unadvised: string | null;
  /** The smaller one of TCB info's and QE identity's. */
  readonly evaluationDataNumber: number;
  /** Date of the platform's level; `null` without a level. */
  readonly date: Date | null;
}

/** A part of a platform, by name, and the level that it reaches. */
type JudgedPart = readonly [
  part: string,
  level: { readonly status: string; readonly advisories: readonly string[] } | null,
];

/** What the advisories of all parts are, without doubles, and which part should have some and has none. */
export function adviseOf(
  parts: readonly JudgedPart[],
): Pick<PlatformTcb, 'advisories' | 'unadvised'> {
  const [unadvised] =
    parts.find(([, level]) => level?.status !== 'UpToDate' && level?.advisories.length === 0) ?? [];
  return {
    advisories: [...new Set(parts.flatMap(([, level]) => level?.advisories ?? []))],
    unadvised: unadvised ?? null,
  };
}

/** The checks that {@link enforceIntelPolicy} makes, in order. */
export const intelPolicyChecks: readonly PlannedCheck[] = [
  plan(
    'tcb-status',
    'a status that the policy accepts: UpToDate, where it says nothing',
    'Intel, in TCB info and QE identity; judged by the policy',
    'Intel SGX and TDX PCS API, "Get TCB Info"; docs/write-a-manifest.md, "[intel]"',
  ),
  plan(
    'tcb-evaluation-number',
    'at least the number that the policy names',
    'Intel, in TCB info and QE identity; judged by the policy',
    'Intel SGX and TDX PCS API, "tcbEvaluationDataNumber"; docs/write-a-manifest.md, "[intel]"',
  ),
  plan(
    'collateral-age',
    'issued no longer ago than the policy allows',
    'Intel, in TCB info, QE identity and CRL; judged by the policy',
    'docs/write-a-manifest.md, "[intel]"',
  ),
];

/** What is accepted of Intel platforms where no manifest says it. */
const strictIntel: Manifest['intel'] = {
  tcbStatuses: ['UpToDate'],
  minTcbEvaluationDataNumber: null,
  maxCollateralAgeMs: null,
};

/**
 * Judges how up to date a platform is, and what says so.
 *
 * @param issued - When what Intel publishes about the platform was issued.
 * @returns When what was accepted ends: exceptions, and the age of collateral.
 */
export function enforceIntelPolicy(
  { tcb, issued }: { readonly tcb: PlatformTcb; readonly issued: readonly Date[] },
  { manifest }: Policy | UnmatchedPolicy,
  at: Date,
  verdict: Verdict,
): readonly Date[] {
  const intel = manifest?.intel ?? strictIntel;
  const exceptionEnds = enforceTcbStatus(tcb, manifest, at, verdict);
  enforceEvaluationNumber(tcb, intel.minTcbEvaluationDataNumber, verdict);
  const ageEnds = enforceCollateralAge(issued, intel.maxCollateralAgeMs, at, verdict);
  return [...exceptionEnds, ...ageEnds];
}

/** @returns When the exceptions end that were needed. */
function enforceTcbStatus(
  tcb: PlatformTcb,
  manifest: Manifest | undefined,
  at: Date,
  verdict: Verdict,
): readonly Date[] {
  const { status, advisories, unadvised } = tcb;
  const accepted: readonly string[] = (manifest?.intel ?? strictIntel).tcbStatuses;
  verdict.demand('tcb-status', `one of ${accepted.join(', ')}, or advisories that are excepted`);
  if (status === null) {
    verdict.refuse(
      'tcb-status',
      `the ${tcb.unmatched} reaches none of the levels that Intel lists`,
      'Its firmware is older than anything that Intel still judges: it needs an update',
    );
  }
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
  const isExcepted = exceptions.length > 0 && !exceptions.includes(undefined) && unadvised === null;
  if (status === 'Revoked' || !isExcepted) {
    const unexplained =
      unadvised === null || advisories.length === 0
        ? ''
        : `; no advisory says why the ${unadvised} is not up to date`;
    verdict.refuse(
      'tcb-status',
      `one of ${accepted.join(', ')} demanded, ${found} found${unexplained}`,
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

function enforceEvaluationNumber(tcb: PlatformTcb, minimum: number | null, verdict: Verdict): void {
  const found = tcb.evaluationDataNumber;
  verdict.demand('tcb-evaluation-number', minimum === null ? 'nothing' : `at least ${minimum}`);
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
  issued: readonly Date[],
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

import type { Manifest } from '@blindai/attestation';
import type { Described, Weakening } from './description.ts';
import { iso } from './iso.ts';

/** What `[intel]` accepts. */
export function describeIntel({
  tcbStatuses,
  minTcbEvaluationDataNumber: minimum,
  maxCollateralAgeMs: maxAgeMs,
}: Manifest['intel']): Described {
  const belowStrict = tcbStatuses.filter((status) => status !== 'UpToDate');
  const weakened: readonly Weakening[] = [
    ...(belowStrict.length === 0
      ? []
      : [
          {
            key: 'intel.tcb_statuses',
            check: 'tcb-status',
            reason: `accepted whatever the advisories are: ${belowStrict.join(', ')}`,
          } as const,
        ]),
    ...(minimum === null
      ? [
          {
            key: 'intel.min_tcb_evaluation_data_number',
            check: 'tcb-evaluation-number',
            reason: 'absent: a server may pick older collateral that judges its platform better',
          } as const,
        ]
      : []),
  ];
  const facts = {
    'TCB status': tcbStatuses.join(', '),
    'evaluation number': minimum === null ? 'any' : `at least ${minimum}`,
    collateral:
      maxAgeMs === null ? 'as long as it is current' : `issued within ${inDays(maxAgeMs)}`,
  };
  return { table: { key: 'intel', facts, ended: false }, weakened };
}

/** Every `[[exception]]`; one that has ended is none. */
export function describeExceptions(
  exceptions: Manifest['exceptions'],
  at: Date,
): readonly Described[] {
  return exceptions.map(({ advisory, until, reason }, index) => {
    const key = `exception[${index}]`;
    return {
      table: { key, facts: { advisory, reason, until: iso(until) }, ended: at >= until },
      weakened: [
        {
          key,
          check: 'tcb-status',
          reason: `${advisory} is put up with: a platform is accepted whose advisories are all excepted`,
        },
      ],
    };
  });
}

function inDays(ms: number): string {
  const hours = ms / 3_600_000;
  return hours % 24 === 0 ? `${hours / 24} days` : `${hours} hours`;
}

import type { TomlTable } from './toml-table.ts';
import { printable } from './fields.ts';

const tcbStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
] as const;

/**
 * Statuses of a platform that a manifest may accept. `Revoked` is never among them.
 *
 * @useDeclaredType
 */
export type TcbStatus = (typeof tcbStatuses)[number];

/** What holds for every entry of an Intel TEE. */
export interface IntelPolicy {
  /** A set, not an order. */
  readonly tcbStatuses: readonly TcbStatus[];
  readonly minTcbEvaluationDataNumber: number | null;
  readonly maxCollateralAgeMs: number | null;
}

/** An advisory that is put up with, for a while and a reason. */
export interface AdvisoryException {
  readonly advisory: string;
  /** From this moment on it is no exception any more. */
  readonly until: Date;
  readonly reason: string;
}

/** Reads `[intel]`; without it exactly `UpToDate` is accepted. */
export function parseIntelPolicy(table: TomlTable): IntelPolicy {
  const policy: IntelPolicy = {
    tcbStatuses: table.texts('tcb_statuses', `one of ${tcbStatuses.join(', ')}`, tcbStatus) ?? [
      'UpToDate',
    ],
    minTcbEvaluationDataNumber:
      table.integer('min_tcb_evaluation_data_number', 0xffff_ffff) ?? null,
    maxCollateralAgeMs:
      table.parsed('max_collateral_age', 'days or hours, like "30d" or "12h"', durationMs) ?? null,
  };
  table.end();
  return policy;
}

/** Reads every `[[exception]]`; none of the three keys may be left out. */
export function parseExceptions(tables: readonly TomlTable[]): readonly AdvisoryException[] {
  const seen = new Set<string>();
  return tables.map((table) => {
    const advisory = table.required('advisory', table.text('advisory'));
    if (!/^INTEL-SA-\d{5}$/.test(advisory)) {
      table.refuse('advisory', 'an advisory like "INTEL-SA-00960"', advisory);
    }
    if (seen.has(advisory)) table.refuse('advisory', 'each advisory once', advisory);
    seen.add(advisory);
    const until = table.required('until', table.date('until'));
    const reason = table.required('reason', printable(table, 'reason'));
    table.end();
    return { advisory, until, reason };
  });
}

function tcbStatus(text: string): TcbStatus | null {
  return tcbStatuses.find((status) => status === text) ?? null;
}

function durationMs(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,3})([dh])$/.exec(text) ?? [];
  if (count === undefined) return null;
  return Number(count) * (unit === 'd' ? 24 : 1) * 60 * 60 * 1000;
}

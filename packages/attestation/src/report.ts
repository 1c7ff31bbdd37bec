import type { Check } from './errors.ts';
import type { Format } from './evidence.ts';

/**
 * What became of one check. `weakened`: it was not made, or made against less than the strict default,
 * because the caller or the manifest said so. `not-reached`: a check above it refused.
 */
export type CheckResult = 'passed' | 'refused' | 'not-reached' | 'weakened';

/** One line of the explained verdict. */
export interface ReportRow {
  readonly name: Check;
  readonly result: CheckResult;
  /** What was demanded, what was found, who vouches. Empty for `not-reached`. */
  readonly detail: string;
}

/** The explained verdict, exactly the JSON that `blindai evidence verify --json` prints (wire.md §6). */
export interface Report {
  readonly verdict: 'accept' | 'refuse';
  /** The check that refused, `null` if none did. */
  readonly check: Check | null;
  /** The verdict in one sentence, and on a refusal what to do next where that helps. */
  readonly message: string;
  readonly format: Format | null;
  /** Whose root keys were trusted: the hardware vendor's, or the simulator's public one. */
  readonly anchor: 'vendor' | 'simulation';
  /** Status of the platform in the vendor's words; `null` if it is not known. */
  readonly tcbStatus: string | null;
  readonly debug: boolean | null;
  /** MRENCLAVE, hex. */
  readonly measurement: string | null;
  /** The 64 bytes that the evidence vouches for, hex. */
  readonly reportData: string | null;
  /** In the order in which they were made. */
  readonly checks: readonly ReportRow[];
}

/**
 * Adds rows for what is judged after the evidence: keyset, config, transport.
 *
 * The first refused row makes the verdict; rows added to a refusal stay without effect on it.
 */
export function appendToReport(report: Report, rows: readonly ReportRow[]): Report {
  const checks = [...report.checks, ...rows];
  const refused = rows.find((row) => row.result === 'refused');
  if (report.verdict === 'refuse' || !refused) return { ...report, checks };
  return { ...report, verdict: 'refuse', check: refused.name, message: refused.detail, checks };
}

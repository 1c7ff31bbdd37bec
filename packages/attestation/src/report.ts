import type { Check } from './errors.ts';
import type { Format } from './evidence.ts';

/**
 * What became of one check. `weakened`: it was not made, or made against less than the strict default,
 * because the caller or the manifest said so. `not-reached`: a check above it refused.
 */
export type CheckResult = 'passed' | 'refused' | 'not-reached' | 'weakened';

/** What became of one check, and what was found. */
export interface JudgedRow {
  readonly name: Check;
  readonly result: CheckResult;
  /** What was found. Empty for `not-reached`. */
  readonly detail: string;
}

/** What a check is about, whatever it finds. */
export interface Explanation {
  /** What must hold. */
  readonly demanded: string;
  /** Whose word it is that it holds: a vendor's key, the policy, this connection. */
  readonly vouchedBy: string;
  /** Where it is specified. */
  readonly specification: string;
}

/** One line of the explained verdict. */
export interface ReportRow extends JudgedRow, Explanation {}

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
  /** Of the code, in the TEE's own terms (MRENCLAVE, MRTD, MEASUREMENT, PCR0), hex. */
  readonly measurement: string | null;
  /** The 64 bytes that the evidence vouches for, hex; of Azure their SHA-256, of Nitro `user_data`. */
  readonly reportData: string | null;
  /** In the order in which they were made. */
  readonly checks: readonly ReportRow[];
}

/** What is judged after the evidence, by whoever holds the connection. */
const connectionChecks: Readonly<Record<ConnectionRow['name'], Explanation>> = {
  keyset: {
    demanded: 'a keyset in its one encoding, for the TLS certificate of this connection',
    vouchedBy: 'the evidence, by its report data',
    specification: 'docs/trust.md, "Keyset"; RFC 8949 §4.2.1',
  },
  config: {
    demanded: 'settings at least as strict as the manifest says',
    vouchedBy: 'the keyset; judged by the policy',
    specification: 'docs/trust.md, "Keyset"',
  },
  transport: {
    demanded: 'TLS 1.3, with a post-quantum group where the manifest says so',
    vouchedBy: 'this connection; judged by the policy',
    specification: 'docs/write-a-manifest.md, "[transport]"; RFC 8446',
  },
};

/** A row that {@link appendToReport} takes. */
export interface ConnectionRow extends JudgedRow {
  readonly name: 'keyset' | 'config' | 'transport';
}

/**
 * Adds rows for what is judged after the evidence: keyset, config, transport.
 *
 * The first refused row makes the verdict; rows added to a refusal stay without effect on it.
 */
export function appendToReport(report: Report, rows: readonly ConnectionRow[]): Report {
  const explained = rows.map((row): ReportRow => ({ ...row, ...connectionChecks[row.name] }));
  const checks = [...report.checks, ...explained];
  const refused = rows.find((row) => row.result === 'refused');
  if (report.verdict === 'refuse' || !refused) return { ...report, checks };
  return { ...report, verdict: 'refuse', check: refused.name, message: refused.detail, checks };
}

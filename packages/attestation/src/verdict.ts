import type { Check } from './errors.ts';
import { FormatError } from './encoding/format-error.ts';
import type { Format } from './evidence.ts';
import type { Explanation, JudgedRow, Report, ReportRow } from './report.ts';

/** One check refused. Never leaves the package: `verifyAttestation` throws an `AttestationError` instead. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly check: Check;
  /** What the user can do about it; empty if there is nothing to say. */
  readonly advice: string;

  constructor(check: Check, detail: string, advice: string) {
    super(detail);
    this.check = check;
    this.advice = advice;
  }
}

/** What is known of the evidence once it is verified, for the report. */
export type Facts = Pick<Report, 'tcbStatus' | 'debug' | 'measurement' | 'reportData'>;

/** A check that will be made, and what a reader of its row has to know. */
export interface PlannedCheck extends Explanation {
  readonly name: Check;
}

/** A planned check, on one line. */
export function plan(
  name: Check,
  demanded: string,
  vouchedBy: string,
  specification: string,
): PlannedCheck {
  return { name, demanded, vouchedBy, specification };
}

/**
 * Collects the rows of a report while the steps are taken. Steps are planned before the first one is
 * taken, and taken in that order: to forget one, or to take it too late, is a bug that refuses.
 */
export class Verdict {
  readonly #format: Format | null;
  readonly #anchor: Report['anchor'];
  readonly #planned: readonly PlannedCheck[];
  readonly #demands = new Map<Check, string>();
  readonly #rows: JudgedRow[] = [];
  #facts: Facts = { tcbStatus: null, debug: null, measurement: null, reportData: null };

  constructor(format: Format | null, anchor: Report['anchor'], planned: readonly PlannedCheck[]) {
    this.#format = format;
    this.#anchor = anchor;
    this.#planned = planned;
  }

  /** Records what the evidence says. Only verified facts may be told. */
  know(facts: Facts): void {
    this.#facts = facts;
  }

  /** Says what this policy demands where the plan only says it in general. */
  demand(check: Check, demanded: string): void {
    this.#demands.set(check, demanded);
  }

  passed(check: Check, detail: string): void {
    this.#add({ name: check, result: 'passed', detail });
  }

  weakened(check: Check, detail: string): void {
    this.#add({ name: check, result: 'weakened', detail });
  }

  refuse(check: Check, detail: string, advice = ''): never {
    throw new Refusal(check, detail, advice);
  }

  /** Parses foreign bytes; what does not parse is a refusal of this check. */
  reading<T>(check: Check, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (error instanceof FormatError) this.refuse(check, error.message);
      throw error;
    }
  }

  /** The report of evidence that passed every planned check. */
  accepted(subject: string): Report {
    const missing = this.#planned[this.#rows.length];
    if (missing) throw new Error(`check ${missing.name} was never made`);
    return this.#report({ verdict: 'accept', check: null, message: subject }, this.#rows);
  }

  /** The report of evidence that a check refused. */
  refused({ check, message: detail, advice }: Refusal): Report {
    this.#expect(check);
    const message = advice === '' ? detail : `${detail}. ${advice}`;
    const notReached = this.#planned
      .slice(this.#rows.length + 1)
      .map(({ name }): JudgedRow => ({ name, result: 'not-reached', detail: '' }));
    return this.#report({ verdict: 'refuse', check, message }, [
      ...this.#rows,
      { name: check, result: 'refused', detail },
      ...notReached,
    ]);
  }

  #add(row: JudgedRow): void {
    this.#expect(row.name);
    this.#rows.push(row);
  }

  #expect(check: Check): void {
    const next = this.#planned[this.#rows.length]?.name;
    if (check !== next) throw new Error(`check ${check} was made where ${next} was planned`);
  }

  #report(
    verdict: Pick<Report, 'verdict' | 'check' | 'message'>,
    rows: readonly JudgedRow[],
  ): Report {
    const checks = rows.map((row, index) => this.#explain(row, this.#planned[index]!));
    return { ...verdict, format: this.#format, anchor: this.#anchor, ...this.#facts, checks };
  }

  #explain(row: JudgedRow, { demanded, vouchedBy, specification }: PlannedCheck): ReportRow {
    return Object.freeze({
      ...row,
      demanded: this.#demands.get(row.name) ?? demanded,
      vouchedBy,
      specification,
    });
  }
}

import type { Report, UnmatchedClaims } from '@blindai/attestation';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { claimFacts, claimsToJson } from '../print/claims.ts';
import { formatReport, type ReportLayout } from '../print/report.ts';
import { type Context, json } from './context.ts';

/** How a command that judges evidence shows its verdict. */
export interface ReportFlags {
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** Adds the options of {@link ReportFlags}. */
export function addReportOptions(command: Command): Command {
  return command
    .option(
      '--explain',
      'of each check also print what was demanded, who vouches, and where it is specified',
    )
    .option('--json', 'print one JSON object, with all that --explain prints');
}

/** Prints an accepted verdict where data goes, and what the evidence claims; as JSON with `more` members. */
export function printAccepted(
  claims: UnmatchedClaims,
  report: Report,
  flags: ReportFlags,
  context: Context,
  more: object = {},
): void {
  context.out(
    flags.json === true
      ? json({ ...report, claims: claimsToJson(claims), ...more })
      : formatReport(report, layoutOf(flags, context), claimFacts(claims)),
  );
}

/** Prints a refused verdict where data goes, and sets the status that stands for it. */
export function printRefusal(report: Report, flags: ReportFlags, context: Context): void {
  context.out(flags.json === true ? json(report) : formatReport(report, layoutOf(flags, context)));
  context.exit(exitCodes.evidenceRefused);
}

function layoutOf({ explain }: ReportFlags, { paint, columns }: Context): ReportLayout {
  return { paint, columns, explain: explain === true };
}

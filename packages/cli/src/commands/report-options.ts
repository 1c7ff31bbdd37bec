import type { Report } from '@blindai/attestation';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { formatReport } from '../print/report.ts';
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

/** Prints a verdict where data goes; as JSON with `more` members. */
export function printReport(
  report: Report,
  flags: ReportFlags,
  context: Context,
  more: object = {},
): void {
  const { paint, columns } = context;
  context.out(
    flags.json === true
      ? json({ ...report, ...more })
      : formatReport(report, { paint, columns, explain: flags.explain === true }),
  );
}

/** Prints a refused verdict where data goes, and sets the status that stands for it. */
export function printRefusal(report: Report, flags: ReportFlags, context: Context): void {
  printReport(report, flags, context);
  context.exit(exitCodes.evidenceRefused);
}

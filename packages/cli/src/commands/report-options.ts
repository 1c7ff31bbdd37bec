import { createHash } from 'node:crypto';
import type { Report, UnmatchedClaims } from '@blindai/attestation';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { claimFacts, claimsToJson, type Fact } from '../print/claims.ts';
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

/** What was judged, besides the verdict itself. */
export interface Judged {
  /** What the caller accepts, as the file has it; `undefined` without one. */
  readonly manifest?: Uint8Array | undefined;
  /** Further members for JSON. */
  readonly more?: object;
}

/** Prints an accepted verdict where data goes, and what the evidence claims. */
export function printAccepted(
  claims: UnmatchedClaims,
  report: Report,
  { manifest, more }: Judged,
  flags: ReportFlags,
  context: Context,
): void {
  const manifestSha256 = sha256Of(manifest);
  const facts = [...claimFacts(claims), ...manifestFacts(manifestSha256)];
  context.out(
    flags.json === true
      ? json({ ...report, claims: claimsToJson(claims), manifestSha256, ...more })
      : formatReport(report, layoutOf(flags, context), facts),
  );
}

/** Prints a refused verdict where data goes, and sets the status that stands for it. */
export function printRefusal(
  report: Report,
  { manifest }: Judged,
  flags: ReportFlags,
  context: Context,
): void {
  const manifestSha256 = sha256Of(manifest);
  context.out(
    flags.json === true
      ? json({ ...report, manifestSha256 })
      : formatReport(report, layoutOf(flags, context), manifestFacts(manifestSha256)),
  );
  context.exit(exitCodes.evidenceRefused);
}

/** By which hash the manifest can be pinned; somebody who compares it sees that the file was changed. */
function sha256Of(manifest: Uint8Array | undefined): string | null {
  return manifest === undefined ? null : createHash('sha256').update(manifest).digest('hex');
}

function manifestFacts(sha256: string | null): Fact[] {
  return sha256 === null ? [] : [['manifest', `sha256 ${sha256}`]];
}

function layoutOf({ explain }: ReportFlags, { paint, columns }: Context): ReportLayout {
  return { paint, columns, explain: explain === true };
}

import { type Bytes, equalBytes } from './encoding/byte-reader.ts';
import { acceptBootEvidence, anyReportData, type ExpectedReportData } from './policy.ts';
import type { Verdict } from './verdict.ts';

const nonceLength = 32;
const reportDataLength = 64;
const hashLength = 32;
const keysetLabel = 'blindai keyset v1';
const bootLabel = 'blindai boot v1';

/** What a caller demands of report data, complete and copied. */
export type ReportDataDemand =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly reportData: Bytes }
  | { readonly kind: 'boot'; readonly certificate: Bytes; readonly keyset: Bytes }
  | {
      readonly kind: 'nonce';
      readonly certificate: Bytes;
      readonly keyset: Bytes;
      readonly nonce: Bytes;
    };

/**
 * Checks what the caller demands, before any evidence is looked at.
 *
 * @throws {TypeError} unless it is exactly one of the four forms, with the lengths that they have.
 */
export function parseReportDataDemand(expected: ExpectedReportData): ReportDataDemand {
  const given: {
    readonly [anyReportData]?: unknown;
    readonly [acceptBootEvidence]?: unknown;
    readonly reportData?: unknown;
    readonly certificate?: unknown;
    readonly keyset?: unknown;
    readonly nonce?: unknown;
  } = expected;
  const forms = [
    given[anyReportData] === true,
    given[acceptBootEvidence] === true,
    given.reportData !== undefined,
    given.nonce !== undefined,
  ];
  if (forms.filter(Boolean).length !== 1) {
    throw new TypeError(
      'expected report data: exactly one of nonce, reportData, [acceptBootEvidence] and [anyReportData]',
    );
  }
  if (given[anyReportData] === true) return { kind: 'any' };
  if (given.reportData !== undefined) {
    return { kind: 'exact', reportData: copy('reportData', given.reportData, reportDataLength) };
  }
  const certificate = copy('certificate', given.certificate);
  const keyset = copy('keyset', given.keyset);
  if (given[acceptBootEvidence] === true) return { kind: 'boot', certificate, keyset };
  return { kind: 'nonce', certificate, keyset, nonce: copy('nonce', given.nonce, nonceLength) };
}

/**
 * Judges the 64 bytes that evidence vouches for: SHA-256(certificate) ‖ SHA-256(label ‖ 0x00 ‖
 * SHA-256(keyset) ‖ nonce).
 *
 * @see trust.md, "Report data"
 */
export async function enforceReportData(
  reportData: Bytes,
  demand: ReportDataDemand,
  verdict: Verdict,
): Promise<void> {
  if (demand.kind === 'any') {
    verdict.weakened(
      'report-data',
      'not compared, by [anyReportData]: whose evidence it is stays open',
    );
  } else if (demand.kind === 'exact') {
    if (!equalBytes(reportData, demand.reportData)) {
      verdict.refuse('report-data', 'the 64 bytes are others than demanded');
    }
    verdict.passed('report-data', 'exactly the 64 bytes demanded');
  } else {
    await enforceKeyset(reportData, demand, verdict);
  }
}

async function enforceKeyset(
  reportData: Bytes,
  demand: Extract<ReportDataDemand, { kind: 'boot' | 'nonce' }>,
  verdict: Verdict,
): Promise<void> {
  const certificateHash = await sha256(demand.certificate);
  if (!equalBytes(reportData.subarray(0, hashLength), certificateHash)) {
    verdict.refuse(
      'report-data',
      'the evidence vouches for another TLS certificate than the one of this connection',
      'Someone may stand in between',
    );
  }
  const found = reportData.subarray(hashLength);
  const isBoot = equalBytes(found, await hashKeyset(bootLabel, demand.keyset, new Uint8Array()));
  if (demand.kind === 'boot') {
    if (!isBoot) {
      verdict.refuse(
        'report-data',
        'the evidence vouches for another keyset, or was not made at boot',
      );
    }
    verdict.weakened(
      'report-data',
      'this TLS certificate and keyset; made at boot, accepted by [acceptBootEvidence]: it may be old',
    );
    return;
  }
  if (!equalBytes(found, await hashKeyset(keysetLabel, demand.keyset, demand.nonce))) {
    verdict.refuse(
      'report-data',
      isBoot
        ? 'this evidence was made at boot and answers no nonce'
        : 'the evidence vouches for another keyset or nonce: it is old, or of another server',
    );
  }
  verdict.passed('report-data', 'this TLS certificate, this keyset, and the nonce just sent');
}

function copy(name: string, bytes: unknown, length?: number): Bytes {
  if (!(bytes instanceof Uint8Array) || (length !== undefined && bytes.length !== length)) {
    throw new TypeError(`${name} must be ${length === undefined ? 'bytes' : `${length} bytes`}`);
  }
  return new Uint8Array(bytes);
}

async function hashKeyset(label: string, keyset: Bytes, nonce: Bytes): Promise<Bytes> {
  const labelBytes = new TextEncoder().encode(`${label}\0`);
  return sha256(new Uint8Array([...labelBytes, ...(await sha256(keyset)), ...nonce]));
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

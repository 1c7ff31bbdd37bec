import { type Bytes, equalBytes } from './encoding/byte-reader.ts';
import { sha256 } from './encoding/sha256.ts';
import { acceptBootEvidence, anyReportData, type ExpectedReportData } from './policy.ts';
import { plan, type PlannedCheck, type Verdict } from './verdict.ts';

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

/** How a format holds the 64 bytes that it vouches for (trust.md, "Report data"). */
export type BoundData =
  /** A field of its own: SGX, TDX, SEV-SNP. */
  | { readonly kind: 'field'; readonly reportData: Bytes }
  /** AWS Nitro: the 64 bytes are `user_data`, and the nonce stands beside them; `null` where absent. */
  | { readonly kind: 'document'; readonly userData: Bytes | null; readonly nonce: Bytes | null }
  /** Azure: the vTPM vouches for SHA-256 of the 64 bytes. */
  | { readonly kind: 'hash'; readonly hash: Bytes };

/** What `report-data` demands, for the report. */
export function planReportData(demand: ReportDataDemand): PlannedCheck {
  return plan(
    'report-data',
    {
      any: 'nothing',
      exact: 'exactly the 64 bytes given',
      boot: "this connection's TLS certificate and keyset, as made at boot",
      nonce: "this connection's TLS certificate, its keyset and the nonce just sent",
    }[demand.kind],
    'the evidence',
    'docs/trust.md, "Report data"',
  );
}

/**
 * Judges the 64 bytes that evidence vouches for: SHA-256(certificate) ‖ SHA-256(label ‖ 0x00 ‖
 * SHA-256(keyset) ‖ nonce).
 *
 * @see trust.md, "Report data"
 */
export async function enforceReportData(
  bound: BoundData,
  demand: ReportDataDemand,
  verdict: Verdict,
): Promise<void> {
  if (demand.kind === 'any') {
    verdict.weakened(
      'report-data',
      'not compared, by [anyReportData]: whose evidence it is stays open',
    );
  } else if (demand.kind === 'exact') {
    if (!(await holds(bound, demand.reportData))) {
      verdict.refuse('report-data', 'the 64 bytes are others than demanded');
    }
    verdict.passed('report-data', 'exactly the 64 bytes demanded');
  } else {
    await enforceKeyset(bound, demand, verdict);
  }
}

type KeysetDemand = Extract<ReportDataDemand, { kind: 'boot' | 'nonce' }>;

async function enforceKeyset(
  bound: BoundData,
  demand: KeysetDemand,
  verdict: Verdict,
): Promise<void> {
  const bootData = await reportDataOf(demand, bootLabel, new Uint8Array());
  if (demand.kind === 'boot') {
    if (!(await holds(bound, bootData)) || !answers(bound, null)) {
      await refuseCertificate(bound, demand, verdict);
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
  const demanded = await reportDataOf(demand, keysetLabel, demand.nonce);
  if (!(await holds(bound, demanded)) || !answers(bound, demand.nonce)) {
    await refuseCertificate(bound, demand, verdict);
    verdict.refuse(
      'report-data',
      (await holds(bound, bootData))
        ? 'this evidence was made at boot and answers no nonce'
        : 'the evidence vouches for another keyset or nonce: it is old, or of another server',
    );
  }
  verdict.passed('report-data', 'this TLS certificate, this keyset, and the nonce just sent');
}

/** Refuses, more precisely, where the bytes are there to see that the certificate is another one. */
async function refuseCertificate(
  bound: BoundData,
  { certificate }: KeysetDemand,
  verdict: Verdict,
): Promise<void> {
  const found =
    bound.kind === 'field' ? bound.reportData : bound.kind === 'document' ? bound.userData : null;
  if (found === null) return;
  if (!equalBytes(found.subarray(0, hashLength), await sha256(certificate))) {
    verdict.refuse(
      'report-data',
      'the evidence vouches for another TLS certificate than the one of this connection',
      'Someone may stand in between',
    );
  }
}

/** Whether these are the 64 bytes that the evidence vouches for. */
async function holds(bound: BoundData, reportData: Bytes): Promise<boolean> {
  if (bound.kind === 'field') return equalBytes(bound.reportData, reportData);
  if (bound.kind === 'hash') return equalBytes(bound.hash, await sha256(reportData));
  return bound.userData !== null && equalBytes(bound.userData, reportData);
}

/** Whether a format that names its nonce names this one, or none; the others hold it in the 64 bytes. */
function answers(bound: BoundData, nonce: Bytes | null): boolean {
  if (bound.kind !== 'document') return true;
  if (nonce === null || bound.nonce === null) return bound.nonce === nonce;
  return equalBytes(bound.nonce, nonce);
}

async function reportDataOf(
  { certificate, keyset }: KeysetDemand,
  label: string,
  nonce: Bytes,
): Promise<Bytes> {
  const keysetHash = await hashKeyset(label, keyset, nonce);
  return new Uint8Array([...(await sha256(certificate)), ...keysetHash]);
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

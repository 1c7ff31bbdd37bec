import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { decodeHex } from '../encoding/hex.ts';
import type { Check } from '../errors.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import type { Verdict } from '../verdict.ts';
import type { Certificate } from '../x509/certificate.ts';
import { describeOutside, earliest, iso, isWithin, type Period } from '../x509/period.ts';
import { p256Key, verifySignature } from '../x509/signature.ts';
import { readCertificates, verifyCertificates } from './certificates.ts';
import { type Collateral, parseCollateral, type SignedDocument } from './collateral.ts';
import type { PlatformTcb } from './intel-policy.ts';
import type { PckExtensions } from './pck-extensions.ts';
import {
  matchQeLevel,
  parseQeIdentity,
  type QeId,
  type QeIdentity,
  type QeLevel,
} from './qe-identity.ts';
import { parseQuote, type Quote, type QuotedTee } from './quote.ts';
import type { SgxReport } from './sgx-report.ts';
import type { TcbInfo } from './tcb-info.ts';

/** What differs between Intel's two TEEs, as far as a quote is verified the same way. */
export interface IntelTee<Report, Info extends TcbInfo> extends QuotedTee<Report> {
  readonly name: 'SGX' | 'TDX';
  readonly workload: 'enclave' | 'TD';
  readonly parseTcbInfo: (text: string) => Info;
  readonly qeId: QeId;
}

/** Genuine evidence: Intel vouches for all of it, at this time. What to think of it is policy. */
export interface IntelEvidence<Report> {
  readonly report: Report;
  readonly platform: PckExtensions;
  readonly tcb: PlatformTcb;
  /** When what Intel publishes about the platform was issued: TCB info, QE identity, PCK CRL. */
  readonly issued: readonly Date[];
  /** When the first thing that vouches for it ends. */
  readonly validUntil: Date;
}

/** Genuine evidence before it is said how up to date its platform is. */
export interface VerifiedQuote<Report, Info extends TcbInfo> extends Omit<
  IntelEvidence<Report>,
  'tcb'
> {
  readonly tcbInfo: Info;
  /** The level that the quoting enclave reaches; `null` if there is none. */
  readonly qeLevel: QeLevel | null;
  /** The smaller one of TCB info's and QE identity's. */
  readonly evaluationDataNumber: number;
}

/**
 * Verifies a quote and the collateral that vouches for it: shape, the vendor's signatures, validity, and the
 * inner binding from the platform's certificate to the workload's report. Makes the check `layout` and all of
 * `quoteChecks`.
 *
 * @see trust.md, "Verifier rules"; Intel SGX DCAP Quote Verification Library, §4.1.2.4
 */
export async function verifyQuote<Report, Info extends TcbInfo>(
  tee: IntelTee<Report, Info>,
  evidence: Bytes,
  endorsements: unknown,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<VerifiedQuote<Report, Info>> {
  const quote = readQuote(tee, evidence, verdict);
  const collateral = readCollateral(endorsements, quote, verdict);
  const certificates = readCertificates(quote, collateral, verdict);
  await verifyCertificates(certificates, anchors, at, verdict);
  const { platform, tcbInfoSigner, qeIdentitySigner } = certificates;
  const tcbInfo = await verifyTcbInfo(tee, collateral, tcbInfoSigner, at, verdict);
  const qeIdentity = await verifyQeIdentity(tee, collateral, qeIdentitySigner, at, verdict);
  verifyPlatform(tcbInfo, platform, verdict);
  verifyQeVendor(quote, verdict);
  await verifyQeReport(quote, certificates.pck, verdict);
  await verifyQeReportBinding(quote, verdict);
  verifyQe(quote.qeReport, qeIdentity, verdict);
  await verifyQuoteSignature(tee, quote, verdict);

  const { rootCrl, pckCrl, all } = certificates;
  const periods = [...all, rootCrl, pckCrl, tcbInfo, qeIdentity].map(({ validity }) => validity.to);
  return {
    report: quote.report,
    platform,
    tcbInfo,
    qeLevel: matchQeLevel(qeIdentity, quote.qeReport),
    evaluationDataNumber: Math.min(tcbInfo.evaluationDataNumber, qeIdentity.evaluationDataNumber),
    issued: [tcbInfo, qeIdentity, pckCrl].map(({ validity }) => validity.from),
    validUntil: earliest(periods),
  };
}

type AnyTee = IntelTee<unknown, TcbInfo>;
type AnyQuote = Quote<unknown>;

function readQuote<Report>(
  tee: QuotedTee<Report>,
  evidence: Bytes,
  verdict: Verdict,
): Quote<Report> {
  const quote = verdict.reading('layout', () => parseQuote(evidence, tee));
  const padding =
    quote.padding === 0 ? '' : `; ${quote.padding} zero bytes of padding after it, cut off`;
  verdict.passed('layout', `${quote.name} of ${quote.length} bytes${padding}`);
  return quote;
}

function readCollateral(endorsements: unknown, quote: AnyQuote, verdict: Verdict): Collateral {
  const collateral = verdict.reading('endorsements', () => parseCollateral(endorsements));
  const { pckChain } = collateral;
  if (pckChain?.some((der, index) => !equalBytes(der, quote.pckChain[index]!))) {
    verdict.refuse(
      'endorsements',
      'pck_certificate and pck_signing_chain differ from the chain inside the quote',
    );
  }
  verdict.passed('endorsements', 'every member of the collateral is there once, and no other');
  return collateral;
}

async function verifyTcbInfo<Info extends TcbInfo>(
  tee: IntelTee<unknown, Info>,
  { tcbInfo: document }: Collateral,
  signer: Certificate,
  at: Date,
  verdict: Verdict,
): Promise<Info> {
  await verifyDocument('tcb-info-signature', 'TCB info', document, signer, verdict);
  const tcbInfo = verdict.reading('tcb-info', () => tee.parseTcbInfo(document.text));
  verdict.passed(
    'tcb-info',
    `for ${tee.name}, ${tcbInfo.levels.length} levels, evaluation number ${tcbInfo.evaluationDataNumber}`,
  );
  verifyDocumentValidity('tcb-info-validity', 'TCB info', tcbInfo.validity, at, verdict);
  return tcbInfo;
}

async function verifyQeIdentity(
  tee: AnyTee,
  { qeIdentity: document }: Collateral,
  signer: Certificate,
  at: Date,
  verdict: Verdict,
): Promise<QeIdentity> {
  await verifyDocument('qe-identity-signature', 'QE identity', document, signer, verdict);
  const identity = verdict.reading('qe-identity-document', () =>
    parseQeIdentity(document.text, tee.qeId),
  );
  verdict.passed(
    'qe-identity-document',
    `for ${tee.name}, ${identity.levels.length} levels, evaluation number ${identity.evaluationDataNumber}`,
  );
  verifyDocumentValidity('qe-identity-validity', 'QE identity', identity.validity, at, verdict);
  return identity;
}

async function verifyDocument(
  check: Check,
  what: string,
  { text, signature }: SignedDocument,
  signer: Certificate,
  verdict: Verdict,
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  if (!(await verifySignature(signer.key, signature, bytes))) {
    verdict.refuse(check, `the ${what} is not signed by the ${signer.what}`);
  }
  verdict.passed(check, `${bytes.length} bytes of ${what}, signed by the ${signer.what}`);
}

function verifyDocumentValidity(
  check: Check,
  what: string,
  validity: Period,
  at: Date,
  verdict: Verdict,
): void {
  if (!isWithin(validity, at)) {
    verdict.refuse(check, describeOutside(what, validity, at), 'Judge with fresh collateral');
  }
  verdict.passed(check, `current at ${iso(at)}: from ${iso(validity.from)} to ${iso(validity.to)}`);
}

function verifyPlatform(tcbInfo: TcbInfo, platform: PckExtensions, verdict: Verdict): void {
  for (const member of ['fmspc', 'pceId'] as const) {
    if (tcbInfo[member] !== platform[member]) {
      verdict.refuse(
        'platform-match',
        `the platform's ${member.toUpperCase()} is ${platform[member]}, the TCB info is for ${tcbInfo[member]}`,
      );
    }
  }
  verdict.passed('platform-match', `FMSPC ${platform.fmspc}, PCEID ${platform.pceId}`);
}

const intelVendorId = decodeHex('intelVendorId', '939a7233f79c4ca9940a0db3957f0607');

function verifyQeVendor(quote: AnyQuote, verdict: Verdict): void {
  if (!equalBytes(quote.qeVendorId, intelVendorId)) {
    verdict.refuse('qe-vendor', "the quoting enclave's vendor is not Intel");
  }
  verdict.passed('qe-vendor', 'the quote names Intel as the vendor of its quoting enclave');
}

async function verifyQeReport(quote: AnyQuote, pck: Certificate, verdict: Verdict): Promise<void> {
  const { qeReportSignature, qeReportBytes } = quote;
  if (!(await verifySignature(pck.key, qeReportSignature, qeReportBytes))) {
    verdict.refuse(
      'qe-report-signature',
      "the quoting enclave's report is not signed by the PCK, the platform's own key",
    );
  }
  verdict.passed('qe-report-signature', "the platform's own key vouches for its quoting enclave");
}

async function verifyQeReportBinding(quote: AnyQuote, verdict: Verdict): Promise<void> {
  const bound = new Uint8Array([...quote.attestationKey, ...quote.qeAuthData]);
  const expected = new Uint8Array(64);
  expected.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bound)));
  if (!equalBytes(quote.qeReport.reportData, expected)) {
    verdict.refuse(
      'qe-report-binding',
      "the quoting enclave's report vouches for another attestation key",
    );
  }
  verdict.passed('qe-report-binding', 'the quoting enclave vouches for the attestation key');
}

function verifyQe(qe: SgxReport, identity: QeIdentity, verdict: Verdict): void {
  const { attributes, attributesMask } = identity;
  const differing = [
    ['MRSIGNER', equalBytes(qe.mrSigner, identity.mrSigner)],
    ['ISVPRODID', qe.isvProdId === identity.isvProdId],
    ['MISCSELECT', ((qe.miscSelect & identity.miscSelectMask) ^ identity.miscSelect) === 0],
    ['ATTRIBUTES.FLAGS', (qe.attributesFlags & attributesMask.flags) === attributes.flags],
    ['ATTRIBUTES.XFRM', (qe.attributesXfrm & attributesMask.xfrm) === attributes.xfrm],
  ].find(([, equal]) => equal === false);
  if (differing) {
    verdict.refuse(
      'qe-identity',
      `the quoting enclave's ${differing[0]} is not that of the QE identity`,
    );
  }
  verdict.passed('qe-identity', `as the QE identity demands, ISVSVN ${qe.isvSvn}`);
}

async function verifyQuoteSignature(
  { workload }: AnyTee,
  quote: AnyQuote,
  verdict: Verdict,
): Promise<void> {
  const key = p256Key(quote.attestationKey);
  if (!(await verifySignature(key, quote.signature, quote.signedBytes))) {
    verdict.refuse('quote-signature', 'the quote is not signed by the attestation key');
  }
  verdict.passed(
    'quote-signature',
    `the attestation key vouches for this report of the ${workload}`,
  );
}

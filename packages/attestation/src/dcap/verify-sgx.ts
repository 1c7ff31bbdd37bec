import type { Bytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { adviseOf, type PlatformTcb } from './intel-policy.ts';
import { quoteChecks } from './quote-checks.ts';
import { attributeFlags, parseSgxReport, type SgxReport, sgxReportLength } from './sgx-report.ts';
import { matchTcbLevel, parseSgxTcbInfo, type TcbInfo } from './tcb-info.ts';
import { convergeStatus } from './tcb-status.ts';
import {
  type IntelEvidence,
  type IntelTee,
  type VerifiedQuote,
  verifyQuote,
} from './verify-quote.ts';

/** The checks that {@link verifySgx} makes, in order. */
export const sgxEvidenceChecks: readonly PlannedCheck[] = [
  plan(
    'layout',
    'an SGX quote of version 3, 4 or 5, and nothing after it but zero bytes',
    'nobody yet',
    'Intel SGX ECDSA QuoteLibReference, "Quote Format"; Intel TDX DCAP Quoting Library API, A.3, A.4',
  ),
  ...quoteChecks,
];

export type SgxEvidence = IntelEvidence<SgxReport>;

/** Of enclaves Intel makes quotes of version 3; its library verifies the later versions alike. */
export const sgx: IntelTee<SgxReport, TcbInfo> = {
  name: 'SGX',
  workload: 'enclave',
  teeType: 0,
  bodies: [
    { name: 'SGX', type: 1, versions: [3, 4], length: sgxReportLength, parse: parseSgxReport },
  ],
  parseTcbInfo: parseSgxTcbInfo,
  qeId: 'QE',
};

/** Verifies an SGX quote and the collateral that vouches for it. Policy comes after. */
export async function verifySgx(
  evidence: Bytes,
  endorsements: unknown,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<SgxEvidence> {
  const quote = await verifyQuote(sgx, evidence, endorsements, anchors, at, verdict);
  const { report, platform, issued, validUntil } = quote;
  const tcb = matchTcb(quote);
  verdict.know({
    tcbStatus: tcb.status,
    debug: (report.attributesFlags & attributeFlags.debug) !== 0n,
    measurement: encodeHex(report.mrEnclave),
    reportData: encodeHex(report.reportData),
  });
  return { report, platform, tcb, issued, validUntil };
}

function matchTcb({
  tcbInfo,
  platform,
  qeLevel,
  evaluationDataNumber,
}: VerifiedQuote<SgxReport, TcbInfo>): PlatformTcb {
  const level = matchTcbLevel(tcbInfo, platform);
  return {
    status: level && qeLevel ? convergeStatus(level.status, qeLevel.status) : null,
    unmatched: level ? (qeLevel ? null : 'quoting enclave') : 'platform',
    date: level?.date ?? null,
    ...adviseOf([
      ['platform', level],
      ['quoting enclave', qeLevel],
    ]),
    evaluationDataNumber,
  };
}

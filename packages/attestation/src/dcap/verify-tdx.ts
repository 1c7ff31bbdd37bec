import type { Bytes } from '../encoding/byte-reader.ts';
import { encodeHex } from '../encoding/hex.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import { plan, type PlannedCheck, type Verdict } from '../verdict.ts';
import { quoteChecks } from './quote-checks.ts';
import { tdAttributes } from './td-attributes.ts';
import {
  parseTdReport10,
  parseTdReport15,
  type TdReport,
  tdReport10Length,
  tdReport15Length,
} from './td-report.ts';
import { verifyTdxModule } from './tdx-module.ts';
import { matchTdxTcb } from './tdx-tcb.ts';
import { parseTdxTcbInfo, type TdxTcbInfo } from './tdx-tcb-info.ts';
import { type IntelEvidence, type IntelTee, verifyQuote } from './verify-quote.ts';

/** The checks that {@link verifyTdx} makes, in order. */
export const tdxEvidenceChecks: readonly PlannedCheck[] = [
  plan(
    'layout',
    'a TDX quote of version 4 or 5, and nothing after it but zero bytes',
    'nobody yet',
    'Intel TDX DCAP Quoting Library API, A.3 and A.4',
  ),
  ...quoteChecks,
  plan(
    'tdx-module',
    'a TDX module that Intel lists',
    'Intel, in TCB info',
    'Intel SGX and TDX PCS API, "TDX Module Identities"',
  ),
];

export type TdxEvidence = IntelEvidence<TdReport>;

export const tdx: IntelTee<TdReport, TdxTcbInfo> = {
  name: 'TDX',
  workload: 'TD',
  teeType: 0x81,
  bodies: [
    { name: 'TDX 1.0', type: 2, versions: [4], length: tdReport10Length, parse: parseTdReport10 },
    { name: 'TDX 1.5', type: 3, versions: [], length: tdReport15Length, parse: parseTdReport15 },
  ],
  parseTcbInfo: parseTdxTcbInfo,
  qeId: 'TD_QE',
};

/** Verifies a TD quote and the collateral that vouches for it. Policy comes after. */
export async function verifyTdx(
  evidence: Bytes,
  endorsements: unknown,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<TdxEvidence> {
  const quote = await verifyQuote(tdx, evidence, endorsements, anchors, at, verdict);
  const { report, platform, tcbInfo, issued, validUntil } = quote;
  const facts = {
    debug: isUnderDebug(report),
    measurement: encodeHex(report.mrTd),
    reportData: encodeHex(report.reportData),
  };
  verdict.know({ ...facts, tcbStatus: null });
  const identity = verifyTdxModule(report, tcbInfo, verdict);
  const tcb = matchTdxTcb(quote, identity);
  verdict.know({ ...facts, tcbStatus: tcb.status });
  return { report, platform, tcb, issued, validUntil };
}

/** Whether the host may look into the TD. */
export function isUnderDebug(report: TdReport): boolean {
  return (report.tdAttributes & tdAttributes.underDebug) !== 0n;
}

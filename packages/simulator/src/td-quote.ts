import { ByteWriter } from './byte-writer.ts';
import { sha384, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { encodeCertification, encodeHeader, signQuote } from './quote.ts';
import type { CertificationData, QuoteOverrides, QuotingMachine } from './quote.ts';
import { encodeTdReport, tdAttributeBits } from './td-report.ts';
import type { TdReport } from './td-report.ts';

/**
 * What a TD quote is asked for, and how it departs from a good one. Of the report, SVNs and MRSEAM
 * default to the machine's, TDATTRIBUTES to `septVeDisable`, XFAM to 0x602e7, and the rest to zeros.
 */
export interface TdQuoteOptions extends QuoteOverrides, Partial<TdReport> {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** MRTD, 48 bytes. */
  readonly measurement: Uint8Array;
  /** Of the quote's format. Default 4. */
  readonly version?: 4 | 5;
  /** Which TDX made the report; version 4 knows 1.0 only. Default 1.5 in version 5. */
  readonly td?: '1.0' | '1.5';
  /** Sets the TD's DEBUG bit, unless `tdAttributes` says it all. Default false. */
  readonly debug?: boolean;
  /** Members of the descriptor that version 5 puts before the report. */
  readonly body?: { readonly type?: number; readonly size?: number };
  /** Members of the certification data around the quoting enclave's report. Default type 6. */
  readonly qeReportCertification?: Partial<CertificationData>;
}

/** Types of body in quotes of version 5. */
const bodyTypes = { '1.0': 2, '1.5': 3 } as const;

/**
 * Makes a TD quote: "Intel TDX DCAP Quoting Library API", appendix A.3 (version 4) and A.4
 * (version 5).
 *
 * @throws {TypeError} if a field has not the length that the format says, or version 4 is asked
 *   for a report of TDX 1.5.
 */
export async function createTdQuote(
  machine: QuotingMachine,
  options: TdQuoteOptions,
): Promise<Bytes> {
  const { version = 4, td = version === 4 ? '1.0' : '1.5' } = options;
  if (version === 4 && td === '1.5') {
    throw new TypeError('a quote of version 4 holds no report of TDX 1.5');
  }
  const report = encodeTdReport(await completeReport(machine, options), td);
  const signed = new ByteWriter().bytes(
    encodeHeader({ version, teeType: 0x81, ...options.header }),
  );
  if (version === 5) {
    signed.u16(options.body?.type ?? bodyTypes[td]).u32(options.body?.size ?? report.length);
  }
  return signQuote(machine, 'tdx', signed.bytes(report).end(), options, (data) =>
    encodeCertification({ type: 6, data, ...options.qeReportCertification }),
  );
}

async function completeReport(machine: QuotingMachine, options: TdQuoteOptions): Promise<TdReport> {
  const zeros = new Uint8Array(48);
  const debug = options.debug === true ? tdAttributeBits.debug : 0n;
  return {
    teeTcbSvn: machine.teeTcbSvn,
    mrSeam: await sha384(utf8('BlindAI SIMULATION TDX module')),
    mrSignerSeam: zeros,
    seamAttributes: new Uint8Array(8),
    tdAttributes: tdAttributeBits.septVeDisable | debug,
    xfam: 0x602e7n,
    mrConfigId: zeros,
    mrOwner: zeros,
    mrOwnerConfig: zeros,
    rtmrs: [zeros, zeros, zeros, zeros],
    teeTcbSvn2: machine.teeTcbSvn2,
    mrServiceTd: zeros,
    ...options,
  };
}

import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';
import { FormatError } from '../encoding/format-error.ts';
import { parsePem } from '../encoding/pem.ts';
import { parseSgxReport, type SgxReport, sgxReportLength } from './sgx-report.ts';

const headerLength = 48;
const maxEvidenceLength = 16 * 1024;
const ecdsaP256 = 2;
const pckChainType = 5;
const pckChainLength = 3;

/** An SGX quote of version 3 (Intel SGX ECDSA QuoteLibReference, "Quote Format"). Nothing in it is verified yet. */
export interface SgxQuote {
  readonly qeVendorId: Bytes;
  readonly report: SgxReport;
  /** Header and report: what the attestation key signed. */
  readonly signedBytes: Bytes;
  /** r ‖ s. */
  readonly signature: Bytes;
  /** x ‖ y on P-256. */
  readonly attestationKey: Bytes;
  readonly qeReport: SgxReport;
  readonly qeReportBytes: Bytes;
  /** r ‖ s. */
  readonly qeReportSignature: Bytes;
  readonly qeAuthData: Bytes;
  /** PCK certificate, its CA, the root; DER. */
  readonly pckChain: readonly Bytes[];
  /** How many bytes the quote has, and how many zero bytes follow it. */
  readonly length: number;
  readonly padding: number;
}

/**
 * Reads a quote. After it only zero bytes may follow, up to 16 KiB in all; they are cut off.
 *
 * @throws {FormatError} for another version, TEE, key type or kind of certification data than SGX v3 with an
 *   ECDSA P-256 key and a PCK chain, and for any length that does not fit exactly.
 */
export function parseSgxQuote(bytes: Bytes): SgxQuote {
  if (bytes.length > maxEvidenceLength) {
    throw new FormatError('quote', `at most ${maxEvidenceLength} bytes expected`);
  }
  const read = new ByteReader('quote', bytes);
  const header = parseHeader(read.bytes('header', headerLength));
  const report = parseSgxReport('quote.report', read.bytes('report', sgxReportLength));
  const authData = read.bytes('authData', read.u32('authDataLength'));
  const padding = read.remaining;
  read.zeros('padding', padding);
  return {
    ...header,
    report,
    signedBytes: bytes.subarray(0, headerLength + sgxReportLength),
    ...parseAuthData(authData),
    length: bytes.length - padding,
    padding,
  };
}

function parseHeader(bytes: Bytes): Pick<SgxQuote, 'qeVendorId'> {
  const read = new ByteReader('quote.header', bytes);
  read.exactly('version', 'u16', 3);
  read.exactly('attestationKeyType', 'u16', ecdsaP256);
  read.exactly('teeType', 'u32', 0);
  read.u16('qeSvn');
  read.u16('pceSvn');
  const qeVendorId = read.bytes('qeVendorId', 16);
  read.bytes('userData', 20);
  read.end();
  return { qeVendorId };
}

type AuthData = Pick<
  SgxQuote,
  | 'signature'
  | 'attestationKey'
  | 'qeReport'
  | 'qeReportBytes'
  | 'qeReportSignature'
  | 'qeAuthData'
  | 'pckChain'
>;

function parseAuthData(bytes: Bytes): AuthData {
  const read = new ByteReader('quote.authData', bytes);
  const signature = read.bytes('signature', 64);
  const attestationKey = read.bytes('attestationKey', 64);
  const qeReportBytes = read.bytes('qeReport', sgxReportLength);
  const qeReportSignature = read.bytes('qeReportSignature', 64);
  const qeAuthData = read.bytes('qeAuthData', read.u16('qeAuthDataLength'));
  read.exactly('certificationDataType', 'u16', pckChainType);
  const certificationData = read.bytes('certificationData', read.u32('certificationDataLength'));
  read.end();
  return {
    signature,
    attestationKey,
    qeReport: parseSgxReport('quote.authData.qeReport', qeReportBytes),
    qeReportBytes,
    qeReportSignature,
    qeAuthData,
    pckChain: parsePckChain(certificationData),
  };
}

/** The chain is text made in C: it may end in one NUL. */
function parsePckChain(bytes: Bytes): Bytes[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/\0$/, '');
  return parsePem('quote.certificationData', text, 'CERTIFICATE', pckChainLength);
}

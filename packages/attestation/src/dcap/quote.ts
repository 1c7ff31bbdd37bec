import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';
import { FormatError } from '../encoding/format-error.ts';
import { parsePem } from '../encoding/pem.ts';
import { parseSgxReport, type SgxReport, sgxReportLength } from './sgx-report.ts';

const headerLength = 48;
const maxEvidenceLength = 16 * 1024;
const ecdsaP256 = 2;
/** The last version without a descriptor before the report, and the last one without nested certification data. */
const lastUndescribed = 4;
const lastFlat = 3;
const pckChainType = 5;
const qeReportCertificationType = 6;
const pckChainLength = 3;

/** One kind of report that a quote of a TEE may hold. */
export interface QuoteBody<Report> {
  /** For people: `SGX`, `TDX 1.5`. */
  readonly name: string;
  /** Its number in the descriptor that version 5 puts before it. */
  readonly type: number;
  /** The versions whose report it is without being described. */
  readonly versions: readonly number[];
  readonly length: number;
  readonly parse: (what: string, bytes: Bytes) => Report;
}

/** What a TEE's quotes hold. */
export interface QuotedTee<Report> {
  /** Its number in the header. */
  readonly teeType: number;
  readonly bodies: readonly QuoteBody<Report>[];
}

/**
 * A quote. Nothing in it is verified yet.
 *
 * @see Intel SGX ECDSA QuoteLibReference, "Quote Format" (version 3); Intel TDX DCAP Quoting Library API, A.3
 *   (version 4) and A.4 (version 5)
 */
export interface Quote<Report> {
  /** For people: `TDX 1.5 quote v5`. */
  readonly name: string;
  readonly qeVendorId: Bytes;
  readonly report: Report;
  /** Header and report, with its descriptor: what the attestation key signed. */
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
 * @throws {FormatError} for a version, body or kind of certification data that the TEE's quotes do not have,
 *   another TEE, another key than ECDSA P-256, and any length that does not fit exactly.
 */
export function parseQuote<Report>(bytes: Bytes, tee: QuotedTee<Report>): Quote<Report> {
  if (bytes.length > maxEvidenceLength) {
    throw new FormatError('quote', `at most ${maxEvidenceLength} bytes expected`);
  }
  const read = new ByteReader('quote', bytes);
  const { version, qeVendorId } = parseHeader(read.bytes('header', headerLength), tee);
  const body = findBody(read, version, tee);
  const report = body.parse('quote.report', read.bytes('report', body.length));
  const signedBytes = bytes.subarray(0, bytes.length - read.remaining);
  const authData = read.bytes('authData', read.u32('authDataLength'));
  const padding = read.remaining;
  read.zeros('padding', padding);
  return {
    name: `${body.name} quote v${version}`,
    qeVendorId,
    report,
    signedBytes,
    ...parseAuthData(authData, version),
    length: bytes.length - padding,
    padding,
  };
}

function parseHeader(
  bytes: Bytes,
  tee: QuotedTee<unknown>,
): { readonly version: number; readonly qeVendorId: Bytes } {
  const read = new ByteReader('quote.header', bytes);
  const version = read.u16('version');
  read.exactly('attestationKeyType', 'u16', ecdsaP256);
  read.exactly('teeType', 'u32', tee.teeType);
  // QE and PCE SVN, reserved from version 4 on: nothing is judged by them.
  read.u16('qeSvn');
  read.u16('pceSvn');
  const qeVendorId = read.bytes('qeVendorId', 16);
  read.bytes('userData', 20);
  read.end();
  return { version, qeVendorId };
}

/** The kind of report that follows; version 5 describes it. */
function findBody<Report>(
  read: ByteReader,
  version: number,
  { bodies }: QuotedTee<Report>,
): QuoteBody<Report> {
  if (version !== lastUndescribed + 1) {
    const body = bodies.find(({ versions }) => versions.includes(version));
    return body ?? read.fail('header.version', `${version} is unknown for this TEE`);
  }
  const type = read.u16('body.type');
  const body = bodies.find((known) => known.type === type);
  if (!body) return read.fail('body.type', `${type} is unknown for this TEE`);
  read.exactly('body.size', 'u32', body.length);
  return body;
}

type AuthData = Pick<
  Quote<unknown>,
  | 'signature'
  | 'attestationKey'
  | 'qeReport'
  | 'qeReportBytes'
  | 'qeReportSignature'
  | 'qeAuthData'
  | 'pckChain'
>;

function parseAuthData(bytes: Bytes, version: number): AuthData {
  const read = new ByteReader('quote.authData', bytes);
  const signature = read.bytes('signature', 64);
  const attestationKey = read.bytes('attestationKey', 64);
  if (version <= lastFlat) return { signature, attestationKey, ...parseQeCertification(read) };
  const certification = parseCertification(read, qeReportCertificationType);
  const inner = new ByteReader('quote.authData.certificationData', certification);
  return { signature, attestationKey, ...parseQeCertification(inner) };
}

/** The quoting enclave's report on the attestation key, and who certifies it; nothing may follow. */
function parseQeCertification(read: ByteReader): Omit<AuthData, 'signature' | 'attestationKey'> {
  const qeReportBytes = read.bytes('qeReport', sgxReportLength);
  const qeReportSignature = read.bytes('qeReportSignature', 64);
  const qeAuthData = read.bytes('qeAuthData', read.u16('qeAuthDataLength'));
  const pckChain = parseCertification(read, pckChainType);
  return {
    qeReport: parseSgxReport('quote.authData.qeReport', qeReportBytes),
    qeReportBytes,
    qeReportSignature,
    qeAuthData,
    pckChain: parsePckChain(pckChain),
  };
}

function parseCertification(read: ByteReader, type: number): Bytes {
  read.exactly('certificationDataType', 'u16', type);
  const data = read.bytes('certificationData', read.u32('certificationDataLength'));
  read.end();
  return data;
}

/** The chain is text made in C: it may end in one NUL. */
function parsePckChain(bytes: Bytes): Bytes[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/\0$/, '');
  return parsePem('quote.certificationData', text, 'CERTIFICATE', pckChainLength);
}

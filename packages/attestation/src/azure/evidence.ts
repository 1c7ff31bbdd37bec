import type { Bytes } from '../encoding/byte-reader.ts';
import { FormatError } from '../encoding/format-error.ts';
import { JsonObject } from '../encoding/json.ts';
import { decodeUtf8 } from '../encoding/utf8.ts';
import { parsePem } from '../encoding/pem.ts';
import { type HclReport, parseHclReport } from './hcl-report.ts';

const what = 'evidence';
const maxTextLength = 512 * 1024;
const maxHclReportLength = 8 * 1024;
const maxTdQuoteLength = 16 * 1024;
const maxMessageLength = 1024;
const maxPcrs = 24;
const pcrLength = 32;
const signatureLength = 256;

/** A TPM's quote, and what is needed to judge it. */
export interface QuotedPcrs {
  /** TPMS_ATTEST, the bytes that are signed. */
  readonly message: Bytes;
  /** 256 bytes. */
  readonly signature: Bytes;
  /** Of the SHA-256 bank, 32 bytes each: those that the quote selects, in its order. */
  readonly pcrs: readonly Bytes[];
}

/** Evidence of an Azure confidential VM over SEV-SNP. Nothing in it is verified yet. */
export interface AzureSnpEvidence {
  readonly quote: QuotedPcrs;
  readonly hcl: HclReport;
  /** Certificate of the chip's key, DER. */
  readonly vcek: Bytes;
}

/** The same over TDX. */
export interface AzureTdxEvidence {
  readonly quote: QuotedPcrs;
  readonly hcl: HclReport;
  /** For the TD in which the paravisor runs. */
  readonly tdQuote: Bytes;
}

/**
 * Reads the JSON of `azure-snp-vtpm`: `{ quote: { message, pcrs, signature }, report, vcek }`, bytes as arrays of
 * numbers, the certificate in PEM.
 *
 * @throws {FormatError} for absent, doubled or unknown members, or one that is not what it must be.
 */
export function parseAzureSnpEvidence(bytes: Bytes): AzureSnpEvidence {
  const json = parseJson(bytes);
  json.exactly(['quote', 'report', 'vcek']);
  return {
    quote: parseQuotedPcrs(json.object('quote')),
    hcl: parseHclReport(json.bytes('report', maxHclReportLength), 'snp'),
    vcek: parsePem(`${what}.vcek`, json.string('vcek'), 'CERTIFICATE', 1)[0]!,
  };
}

/**
 * Reads the JSON of `azure-tdx-vtpm`: `{ tpm_quote: { message, pcrs, signature }, hcl_report, td_quote }`.
 *
 * @throws {FormatError} as {@link parseAzureSnpEvidence}.
 */
export function parseAzureTdxEvidence(bytes: Bytes): AzureTdxEvidence {
  const json = parseJson(bytes);
  json.exactly(['tpm_quote', 'hcl_report', 'td_quote']);
  return {
    quote: parseQuotedPcrs(json.object('tpm_quote')),
    hcl: parseHclReport(json.bytes('hcl_report', maxHclReportLength), 'tdx'),
    tdQuote: json.bytes('td_quote', maxTdQuoteLength),
  };
}

function parseJson(bytes: Bytes): JsonObject {
  if (bytes.length > maxTextLength) throw new FormatError(what, 'longer than 512 KiB');
  return JsonObject.parse(what, decodeUtf8(what, bytes));
}

function parseQuotedPcrs(json: JsonObject): QuotedPcrs {
  json.exactly(['message', 'pcrs', 'signature']);
  const signature = json.bytes('signature', signatureLength);
  if (signature.length !== signatureLength) {
    json.fail('signature', `${signatureLength} bytes expected`);
  }
  return {
    message: json.bytes('message', maxMessageLength),
    signature,
    pcrs: json.byteArrays('pcrs', maxPcrs, pcrLength),
  };
}

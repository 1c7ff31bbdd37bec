import { createHash, createPublicKey, createVerify } from 'node:crypto';
import type { HclHeader, RuntimeClaims, TpmQuote } from '../../src/index.ts';
import { quoteFields } from '../tpm/quote-fields.ts';

/** Evidence taken apart, each part as its own format has it. */
export interface ParsedEvidence {
  readonly tee: 'snp' | 'tdx';
  /** Of the evidence and of the quote in it, in order. */
  readonly members: readonly string[];
  readonly hcl: Buffer;
  readonly header: HclHeader;
  /** 1184 bytes. */
  readonly hardwareReport: Buffer;
  readonly claimsText: string;
  readonly quote: TpmQuote;
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly pcrs: readonly Buffer[];
  /** PEM, over SNP. */
  readonly vcek: string;
  /** Over TDX, with the zeros after it. */
  readonly tdQuote: Buffer;
}

interface Quoted {
  readonly message: number[];
  readonly pcrs: number[][];
  readonly signature: number[];
}

interface SnpJson {
  readonly quote: Quoted;
  readonly report: number[];
  readonly vcek: string;
}

interface TdxJson {
  readonly tpm_quote: Quoted;
  readonly hcl_report: number[];
  readonly td_quote: number[];
}

/** Takes evidence apart by the fixed places of the HCL report. */
export function parseEvidence(bytes: Uint8Array): ParsedEvidence {
  const json = JSON.parse(Buffer.from(bytes).toString()) as SnpJson | TdxJson;
  const tee = 'vcek' in json ? 'snp' : 'tdx';
  const quoted = 'vcek' in json ? json.quote : json.tpm_quote;
  const hcl = Buffer.from('vcek' in json ? json.report : json.hcl_report);
  const u32 = (offset: number): number => hcl.readUInt32LE(offset);
  const claimsSize = u32(1232);
  const message = Buffer.from(quoted.message);
  return {
    tee,
    members: [...Object.keys(json), ...Object.keys(quoted)],
    hcl,
    header: {
      signature: hcl.subarray(0, 4).toString('latin1'),
      version: u32(4),
      reportSize: u32(8),
      requestType: u32(12),
      runtimeSize: u32(1216),
      runtimeVersion: u32(1220),
      reportType: u32(1224),
      hashType: u32(1228),
      claimsSize,
    },
    hardwareReport: hcl.subarray(32, 1216),
    claimsText: hcl.subarray(1236, 1236 + claimsSize).toString(),
    quote: quoteFields(message),
    message,
    signature: Buffer.from(quoted.signature),
    pcrs: quoted.pcrs.map((pcr) => Buffer.from(pcr)),
    vcek: 'vcek' in json ? json.vcek : '',
    tdQuote: Buffer.from('vcek' in json ? [] : json.td_quote),
  };
}

/** Each link from the hardware's report data down to the PCRs, and whether it holds. */
export interface Links {
  /** The hardware vouches for the runtime claims. */
  readonly claims: boolean;
  /** The attestation key in them signed the quote. */
  readonly signature: boolean;
  /** The quote is one, made in a TPM. */
  readonly quote: boolean;
  /** It is over the listed PCRs. */
  readonly pcrs: boolean;
  /** It is for this report data. */
  readonly reportData: boolean;
}

/** All of them. */
export const allHold: Links = {
  claims: true,
  signature: true,
  quote: true,
  pcrs: true,
  reportData: true,
};

/** Judges the links with node:crypto. */
export function judgeLinks(evidence: ParsedEvidence, reportData: Uint8Array): Links {
  const { quote, tdQuote, hardwareReport } = evidence;
  const vouched =
    evidence.tee === 'snp' ? hardwareReport.subarray(0x50, 0x90) : tdQuote.subarray(568, 632);
  const text = sha256(Buffer.from(evidence.claimsText));
  const { keys } = JSON.parse(evidence.claimsText) as RuntimeClaims;
  const attestationKey = keys.find(({ kid }) => kid === 'HCLAkPub');
  const key = createPublicKey({ key: { ...attestationKey }, format: 'jwk' });
  return {
    claims: vouched.equals(Buffer.concat([text, Buffer.alloc(32)])),
    signature: createVerify('sha256').update(evidence.message).verify(key, evidence.signature),
    quote: quote.magic === 0xff544347 && quote.type === 0x8018,
    pcrs: sha256(Buffer.concat(evidence.pcrs)).equals(quote.pcrDigest),
    reportData: sha256(reportData).equals(quote.extraData),
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

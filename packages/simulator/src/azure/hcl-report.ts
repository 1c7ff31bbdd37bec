import { ByteWriter } from '../byte-writer.ts';
import { concat, utf8 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';

/** The heads of an HCL report; lengths follow from the runtime claims. */
export interface HclHeader {
  /** Four ASCII characters: `HCLA`. */
  readonly signature: string;
  /** 1 under SNP, 2 under TDX. */
  readonly version: number;
  /** Of everything but the padding at the end. */
  readonly reportSize: number;
  /** 2: asks for a key. */
  readonly requestType: number;
  /** Of the runtime claims with their head. */
  readonly runtimeSize: number;
  readonly runtimeVersion: number;
  /** 2 is SNP, 4 is TDX. */
  readonly reportType: number;
  /** 1 is SHA-256. */
  readonly hashType: number;
  /** Of the runtime claims. */
  readonly claimsSize: number;
}

/** Bytes of the NV index from which a guest reads the report. */
const hclReportSize = 2600;

/** Bytes for the hardware's report, a TDX one being shorter. */
const hardwareReportSize = 1184;

/**
 * Writes an HCL report: a head, the hardware's report, a second head and the runtime claims, zero-padded. From
 * "Azure confidential VM guest attestation design", section "Attestation report format".
 *
 * @throws {TypeError} if the signature or the hardware's report is too long.
 */
export function encodeHclReport(
  tee: 'snp' | 'tdx',
  hardwareReport: Uint8Array,
  claims: string,
  overrides: Partial<HclHeader> = {},
): Bytes {
  const text = utf8(claims);
  const header: HclHeader = {
    signature: 'HCLA',
    version: tee === 'snp' ? 1 : 2,
    reportSize: 32 + hardwareReportSize + 20 + text.length,
    requestType: 2,
    runtimeSize: 20 + text.length,
    runtimeVersion: 1,
    reportType: tee === 'snp' ? 2 : 4,
    hashType: 1,
    claimsSize: text.length,
    ...overrides,
  };
  const report = new ByteWriter()
    .fixed('signature', utf8(header.signature), 4)
    .u32(header.version)
    .u32(header.reportSize)
    .u32(header.requestType)
    .zeros(16) // status and reserved
    .fixed('hardwareReport', padded(hardwareReport, hardwareReportSize), hardwareReportSize)
    .u32(header.runtimeSize)
    .u32(header.runtimeVersion)
    .u32(header.reportType)
    .u32(header.hashType)
    .u32(header.claimsSize)
    .bytes(text)
    .end();
  return padded(report, hclReportSize);
}

/** Some bytes and zeros up to a length, if they are not longer already. */
export function padded(bytes: Uint8Array, length: number): Bytes {
  return concat(bytes, new Uint8Array(Math.max(0, length - bytes.length)));
}

import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';

const what = 'HCL report';
/** "HCLA". */
const signature = 0x414c_4348;
const versions: readonly number[] = [1, 2];
const headerLength = 32;
/** Room for an SEV-SNP report; a TDREPORT is shorter. */
const hardwareReportLength = 1184;
const tdReportLength = 1024;
const runtimeHeadLength = 20;
/** Asked for an attestation key's certificate: what stands in the vTPM. */
const requestType = 2;
const runtimeVersion = 1;
const reportTypes = { snp: 2, tdx: 4 } as const;
/** SHA-256. */
const hashType = 1;

/** What the paravisor of an Azure confidential VM leaves in the vTPM. Nothing in it is verified yet. */
export interface HclReport {
  /**
   * The hardware's: an SEV-SNP report of 1184 bytes; or a TDREPORT of 1024, which only its own machine can verify, so
   * that a quote stands in for it.
   */
  readonly hardwareReport: Bytes;
  /** The exact text for whose hash the hardware vouches: JSON, in UTF-8. */
  readonly runtimeClaims: Bytes;
}

/**
 * Reads an HCL report. After it nothing may follow but zeros: the vTPM's storage is longer.
 *
 * @throws {FormatError} for another version, kind, hash than SHA-256, or lengths that do not fit together.
 * @see "Azure confidential VM guest attestation design detail", "Attestation Report Format"
 */
export function parseHclReport(bytes: Bytes, tee: 'snp' | 'tdx'): HclReport {
  const read = new ByteReader(what, bytes);
  read.exactly('signature', 'u32', signature);
  const version = read.u32('version');
  if (!versions.includes(version)) read.fail('version', `1 or 2 expected, ${version} found`);
  const reportSize = read.u32('reportSize');
  read.exactly('requestType', 'u32', requestType);
  read.zeros('status', 4);
  read.zeros('reserved', 12);
  const reportLength = tee === 'snp' ? hardwareReportLength : tdReportLength;
  const hardwareReport = read.bytes('hardwareReport', reportLength);
  read.zeros('hardwareReport', hardwareReportLength - reportLength);
  const dataSize = read.u32('runtimeData.dataSize');
  read.exactly('runtimeData.version', 'u32', runtimeVersion);
  read.exactly('runtimeData.reportType', 'u32', reportTypes[tee]);
  read.exactly('runtimeData.hashType', 'u32', hashType);
  const claimSize = read.u32('runtimeData.claimSize');
  if (dataSize !== runtimeHeadLength + claimSize) {
    read.fail('runtimeData.dataSize', 'another length than that of the claims');
  }
  if (reportSize !== headerLength + hardwareReportLength + dataSize) {
    read.fail('reportSize', 'another length than that of its parts');
  }
  const runtimeClaims = read.bytes('runtimeData.claims', claimSize);
  read.zeros('padding', read.remaining);
  return { hardwareReport, runtimeClaims };
}

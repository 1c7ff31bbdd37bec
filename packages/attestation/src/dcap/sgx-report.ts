import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';

/** Bytes of a report body. */
export const sgxReportLength = 384;

/** Bits of ATTRIBUTES.FLAGS (Intel SDM vol. 3D, "ATTRIBUTES"). */
export const attributeFlags = {
  init: 0x01n,
  debug: 0x02n,
  mode64Bit: 0x04n,
  provisionKey: 0x10n,
} as const;

/** What the hardware says of one enclave (Intel SDM vol. 3D, "REPORT"; without its key id and MAC). */
export interface SgxReport {
  readonly cpuSvn: Bytes;
  readonly miscSelect: number;
  readonly isvExtProdId: Bytes;
  readonly attributesFlags: bigint;
  readonly attributesXfrm: bigint;
  readonly mrEnclave: Bytes;
  readonly mrSigner: Bytes;
  readonly configId: Bytes;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
  readonly isvFamilyId: Bytes;
  readonly reportData: Bytes;
}

/** @throws {FormatError} if it is not 384 bytes, or reserved bytes are not zero. */
export function parseSgxReport(what: string, bytes: Bytes): SgxReport {
  const read = new ByteReader(what, bytes);
  const cpuSvn = read.bytes('cpuSvn', 16);
  const miscSelect = read.u32('miscSelect');
  read.zeros('reserved1', 12);
  const isvExtProdId = read.bytes('isvExtProdId', 16);
  const attributesFlags = read.u64('attributes.flags');
  const attributesXfrm = read.u64('attributes.xfrm');
  const mrEnclave = read.bytes('mrEnclave', 32);
  read.zeros('reserved2', 32);
  const mrSigner = read.bytes('mrSigner', 32);
  read.zeros('reserved3', 32);
  const configId = read.bytes('configId', 64);
  const isvProdId = read.u16('isvProdId');
  const isvSvn = read.u16('isvSvn');
  const configSvn = read.u16('configSvn');
  read.zeros('reserved4', 42);
  const isvFamilyId = read.bytes('isvFamilyId', 16);
  const reportData = read.bytes('reportData', 64);
  read.end();
  return {
    cpuSvn,
    miscSelect,
    isvExtProdId,
    attributesFlags,
    attributesXfrm,
    mrEnclave,
    mrSigner,
    configId,
    isvProdId,
    isvSvn,
    configSvn,
    isvFamilyId,
    reportData,
  };
}

import { ByteWriter } from './byte-writer.ts';
import type { Bytes } from './bytes.ts';

/** The body of an SGX report: Intel SDM volume 3D, REPORT structure, up to REPORTDATA. */
export interface EnclaveReport {
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly miscSelect: number;
  /** ATTRIBUTES.FLAGS. */
  readonly flags: bigint;
  /** ATTRIBUTES.XFRM. */
  readonly xfrm: bigint;
  /** 32 bytes. */
  readonly mrEnclave: Uint8Array;
  /** 32 bytes. */
  readonly mrSigner: Uint8Array;
  /** 64 bytes. */
  readonly configId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

/** Bits of ATTRIBUTES.FLAGS. */
export const flags = { init: 0x1n, debug: 0x2n, mode64Bit: 0x4n, provisionKey: 0x10n } as const;

/** Writes a report body, 384 bytes. */
export function encodeEnclaveReport(report: EnclaveReport): Bytes {
  return new ByteWriter()
    .fixed('cpuSvn', report.cpuSvn, 16)
    .u32(report.miscSelect)
    .zeros(12)
    .zeros(16) // ISVEXTPRODID
    .u64(report.flags)
    .u64(report.xfrm)
    .fixed('mrEnclave', report.mrEnclave, 32)
    .zeros(32)
    .fixed('mrSigner', report.mrSigner, 32)
    .zeros(32)
    .fixed('configId', report.configId, 64)
    .u16(report.isvProdId)
    .u16(report.isvSvn)
    .u16(0) // CONFIGSVN
    .zeros(42)
    .zeros(16) // ISVFAMILYID
    .fixed('reportData', report.reportData, 64)
    .end();
}

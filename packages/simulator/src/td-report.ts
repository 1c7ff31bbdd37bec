import { ByteWriter } from './byte-writer.ts';
import type { Bytes } from './bytes.ts';

/**
 * What a TD quote says of the TD: "Intel TDX DCAP Quoting Library API", appendix A.3.2 (TDX 1.0)
 * and, with the last two members, A.4.4 (TDX 1.5).
 */
export interface TdReport {
  /** 16 bytes: SVNs of the TDX module and platform when the TD was started. */
  readonly teeTcbSvn: Uint8Array;
  /** 48 bytes: measurement of the TDX module. */
  readonly mrSeam: Uint8Array;
  /** 48 bytes; zeros mean that Intel signed the module. */
  readonly mrSignerSeam: Uint8Array;
  /** 8 bytes. */
  readonly seamAttributes: Uint8Array;
  /** A number, or its 8 bytes. */
  readonly tdAttributes: bigint | Uint8Array;
  /** A number, or its 8 bytes. */
  readonly xfam: bigint | Uint8Array;
  /** 48 bytes: MRTD. */
  readonly measurement: Uint8Array;
  /** 48 bytes. */
  readonly mrConfigId: Uint8Array;
  /** 48 bytes. */
  readonly mrOwner: Uint8Array;
  /** 48 bytes. */
  readonly mrOwnerConfig: Uint8Array;
  /** RTMR0 to RTMR3, 48 bytes each. */
  readonly rtmrs: readonly Uint8Array[];
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** 16 bytes: SVNs of the TDX module and platform now. TDX 1.5 only. */
  readonly teeTcbSvn2: Uint8Array;
  /** 48 bytes: measurement of service TDs. TDX 1.5 only. */
  readonly mrServiceTd: Uint8Array;
}

/** Bits of TDATTRIBUTES: "Intel TDX Module ABI Reference", ATTRIBUTES. */
export const tdAttributeBits = {
  debug: 0x1n,
  septVeDisable: 0x1000_0000n,
  migratable: 0x2000_0000n,
  protectionKeys: 0x4000_0000n,
  keyLocker: 0x8000_0000n,
  perfmon: 0x8000_0000_0000_0000n,
} as const;

/** Writes the report of a TD: 584 bytes for TDX 1.0, 648 for 1.5. */
export function encodeTdReport(report: TdReport, td: '1.0' | '1.5'): Bytes {
  if (report.rtmrs.length !== 4) {
    throw new TypeError(`rtmrs: expected 4, found ${report.rtmrs.length}`);
  }
  const writer = new ByteWriter()
    .fixed('teeTcbSvn', report.teeTcbSvn, 16)
    .fixed('mrSeam', report.mrSeam, 48)
    .fixed('mrSignerSeam', report.mrSignerSeam, 48)
    .fixed('seamAttributes', report.seamAttributes, 8)
    .fixed('tdAttributes', eightBytes(report.tdAttributes), 8)
    .fixed('xfam', eightBytes(report.xfam), 8)
    .fixed('measurement', report.measurement, 48)
    .fixed('mrConfigId', report.mrConfigId, 48)
    .fixed('mrOwner', report.mrOwner, 48)
    .fixed('mrOwnerConfig', report.mrOwnerConfig, 48);
  for (const [index, rtmr] of report.rtmrs.entries()) writer.fixed(`rtmrs[${index}]`, rtmr, 48);
  writer.fixed('reportData', report.reportData, 64);
  if (td === '1.5') {
    writer.fixed('teeTcbSvn2', report.teeTcbSvn2, 16).fixed('mrServiceTd', report.mrServiceTd, 48);
  }
  return writer.end();
}

function eightBytes(value: bigint | Uint8Array): Uint8Array {
  return typeof value === 'bigint' ? new ByteWriter().u64(value).end() : value;
}

import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';

/** Bytes of a report of TDX 1.0, and of 1.5. */
export const tdReport10Length = 584;
export const tdReport15Length = 648;

const measurementLength = 48;

/**
 * What the hardware and the TDX module say of one TD (Intel TDX DCAP Quoting Library API, A.3.2 and A.4.4).
 * Measurements are SHA-384.
 */
export interface TdReport {
  /** The versions of the TDX module and of the platform's other parts when the TD was started: 16 bytes. */
  readonly teeTcbSvn: Bytes;
  /** Of the TDX module. */
  readonly mrSeam: Bytes;
  /** Of the key that signed the TDX module; zeros: Intel's. */
  readonly mrSignerSeam: Bytes;
  readonly seamAttributes: bigint;
  readonly tdAttributes: bigint;
  readonly xfam: bigint;
  /** MRTD: of what the TD was started with. */
  readonly mrTd: Bytes;
  readonly mrConfigId: Bytes;
  readonly mrOwner: Bytes;
  readonly mrOwnerConfig: Bytes;
  /** RTMR0 to RTMR3. */
  readonly rtmrs: readonly Bytes[];
  readonly reportData: Bytes;
  /** What `teeTcbSvn` would be if the TD were started now; `null` before TDX 1.5. */
  readonly teeTcbSvn2: Bytes | null;
  /** Of the service TDs that may take part in the TD's life; `null` before TDX 1.5. */
  readonly mrServiceTd: Bytes | null;
}

/** @throws {FormatError} if it is not 584 bytes. */
export function parseTdReport10(what: string, bytes: Bytes): TdReport {
  const read = new ByteReader(what, bytes);
  const report = readTdReport10(read);
  read.end();
  return report;
}

/** @throws {FormatError} if it is not 648 bytes. */
export function parseTdReport15(what: string, bytes: Bytes): TdReport {
  const read = new ByteReader(what, bytes);
  const report = {
    ...readTdReport10(read),
    teeTcbSvn2: read.bytes('teeTcbSvn2', 16),
    mrServiceTd: read.bytes('mrServiceTd', measurementLength),
  };
  read.end();
  return report;
}

/** Members are read in the order in which they stand. */
function readTdReport10(read: ByteReader): TdReport {
  const measurement = (field: string): Bytes => read.bytes(field, measurementLength);
  return {
    teeTcbSvn: read.bytes('teeTcbSvn', 16),
    mrSeam: measurement('mrSeam'),
    mrSignerSeam: measurement('mrSignerSeam'),
    seamAttributes: read.u64('seamAttributes'),
    tdAttributes: read.u64('tdAttributes'),
    xfam: read.u64('xfam'),
    mrTd: measurement('mrTd'),
    mrConfigId: measurement('mrConfigId'),
    mrOwner: measurement('mrOwner'),
    mrOwnerConfig: measurement('mrOwnerConfig'),
    rtmrs: [0, 1, 2, 3].map((index) => measurement(`rtmr${index}`)),
    reportData: read.bytes('reportData', 64),
    teeTcbSvn2: null,
    mrServiceTd: null,
  };
}

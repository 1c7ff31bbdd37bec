import { ByteWriter } from '../byte-writer.ts';
import { concat } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';

/** Version of the SNP firmware: three bytes. */
export interface SnpFirmwareVersion {
  readonly build: number;
  readonly minor: number;
  readonly major: number;
}

/** An attestation report without its signature: AMD 56860, table "ATTESTATION_REPORT Structure". */
export interface SnpReport {
  readonly version: number;
  readonly guestSvn: number;
  readonly guestPolicy: bigint;
  /** 16 bytes. */
  readonly familyId: Uint8Array;
  /** 16 bytes. */
  readonly imageId: Uint8Array;
  readonly vmpl: number;
  /** 1 is ECDSA P-384 with SHA-384. */
  readonly signatureAlgorithm: number;
  /** 8 bytes. */
  readonly currentTcb: Uint8Array;
  readonly platformInfo: bigint;
  /** AUTHOR_KEY_EN. */
  readonly authorKeyEnabled: boolean;
  /** MASK_CHIP_KEY: the firmware was told not to sign. */
  readonly maskChipKey: boolean;
  /** 0 is the VCEK, 1 the VLEK, 7 none. */
  readonly signingKey: number;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** 48 bytes. */
  readonly measurement: Uint8Array;
  /** 32 bytes. */
  readonly hostData: Uint8Array;
  /** 48 bytes. */
  readonly idKeyDigest: Uint8Array;
  /** 48 bytes. */
  readonly authorKeyDigest: Uint8Array;
  /** 32 bytes. */
  readonly reportId: Uint8Array;
  /** Of the migration agent, 32 bytes. */
  readonly reportIdMa: Uint8Array;
  /** 8 bytes. */
  readonly reportedTcb: Uint8Array;
  /** From version 3 on; before, reserved. */
  readonly cpuid: CpuId;
  /** 64 bytes. */
  readonly chipId: Uint8Array;
  /** 8 bytes. */
  readonly committedTcb: Uint8Array;
  readonly currentVersion: SnpFirmwareVersion;
  readonly committedVersion: SnpFirmwareVersion;
  /** 8 bytes. */
  readonly launchTcb: Uint8Array;
  /** LAUNCH_MIT_VECTOR, from version 5 on; before, reserved. */
  readonly launchMitigations: bigint;
  /** CURRENT_MIT_VECTOR, from version 5 on; before, reserved. */
  readonly currentMitigations: bigint;
}

/** CPUID of the processor: combined family, combined model, stepping. */
export interface CpuId {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** Bits of the guest policy: AMD 56860, table "Guest Policy". Bits 0–7 and 8–15 are the least ABI minor and major. */
export const guestPolicyBits = {
  smt: 0x1_0000n,
  /** Reserved, and always one. */
  reservedOne: 0x2_0000n,
  migrationAgent: 0x4_0000n,
  debug: 0x8_0000n,
  singleSocket: 0x10_0000n,
} as const;

/** Writes what of a report is signed, 672 bytes. */
export function encodeSnpReport(report: SnpReport): Bytes {
  const keys =
    (report.authorKeyEnabled ? 1 : 0) | (report.maskChipKey ? 2 : 0) | (report.signingKey << 2);
  const { family, model, stepping } = report.cpuid;
  return new ByteWriter()
    .u32(report.version)
    .u32(report.guestSvn)
    .u64(report.guestPolicy)
    .fixed('familyId', report.familyId, 16)
    .fixed('imageId', report.imageId, 16)
    .u32(report.vmpl)
    .u32(report.signatureAlgorithm)
    .fixed('currentTcb', report.currentTcb, 8)
    .u64(report.platformInfo)
    .u32(keys)
    .zeros(4)
    .fixed('reportData', report.reportData, 64)
    .fixed('measurement', report.measurement, 48)
    .fixed('hostData', report.hostData, 32)
    .fixed('idKeyDigest', report.idKeyDigest, 48)
    .fixed('authorKeyDigest', report.authorKeyDigest, 48)
    .fixed('reportId', report.reportId, 32)
    .fixed('reportIdMa', report.reportIdMa, 32)
    .fixed('reportedTcb', report.reportedTcb, 8)
    .bytes(Uint8Array.of(family, model, stepping))
    .zeros(21)
    .fixed('chipId', report.chipId, 64)
    .fixed('committedTcb', report.committedTcb, 8)
    .bytes(encodeVersion(report.currentVersion))
    .bytes(encodeVersion(report.committedVersion))
    .fixed('launchTcb', report.launchTcb, 8)
    .u64(report.launchMitigations)
    .u64(report.currentMitigations)
    .zeros(152)
    .end();
}

/**
 * Signs a report with ECDSA P-384 and SHA-384, and appends the signature: 512 bytes, of which r and s are 72
 * each and little-endian (AMD 56860, "Format for an ECDSA P-384 Signature").
 */
export async function signSnpReport(key: CryptoKey, signed: Bytes): Promise<Bytes> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-384' };
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key, signed));
  const r = littleEndian(signature.subarray(0, 48));
  const s = littleEndian(signature.subarray(48));
  return concat(signed, r, s, new Uint8Array(512 - 144));
}

function littleEndian(number: Uint8Array): Bytes {
  return concat(number.toReversed(), new Uint8Array(72 - number.length));
}

function encodeVersion(version: SnpFirmwareVersion): Bytes {
  return Uint8Array.of(version.build, version.minor, version.major, 0);
}

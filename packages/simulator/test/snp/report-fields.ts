import type { SnpReport } from '../../src/snp/report.ts';

/** The fields of a report, read at the offsets of AMD 56860, table "ATTESTATION_REPORT Structure". */
export function reportFields(report: Buffer): SnpReport {
  const bytes = (offset: number, length: number): Uint8Array =>
    Uint8Array.from(report.subarray(offset, offset + length));
  const version = (offset: number): SnpReport['currentVersion'] => {
    const [build = 0, minor = 0, major = 0] = report.subarray(offset);
    return { build, minor, major };
  };
  const keys = report.readUInt32LE(0x48);
  const [family = 0, model = 0, stepping = 0] = report.subarray(0x188);
  return {
    version: report.readUInt32LE(0),
    guestSvn: report.readUInt32LE(0x04),
    guestPolicy: report.readBigUInt64LE(0x08),
    familyId: bytes(0x10, 16),
    imageId: bytes(0x20, 16),
    vmpl: report.readUInt32LE(0x30),
    signatureAlgorithm: report.readUInt32LE(0x34),
    currentTcb: bytes(0x38, 8),
    platformInfo: report.readBigUInt64LE(0x40),
    authorKeyEnabled: (keys & 1) !== 0,
    maskChipKey: (keys & 2) !== 0,
    signingKey: keys >>> 2,
    reportData: bytes(0x50, 64),
    measurement: bytes(0x90, 48),
    hostData: bytes(0xc0, 32),
    idKeyDigest: bytes(0xe0, 48),
    authorKeyDigest: bytes(0x110, 48),
    reportId: bytes(0x140, 32),
    reportIdMa: bytes(0x160, 32),
    reportedTcb: bytes(0x180, 8),
    cpuid: { family, model, stepping },
    chipId: bytes(0x1a0, 64),
    committedTcb: bytes(0x1e0, 8),
    currentVersion: version(0x1e8),
    committedVersion: version(0x1ec),
    launchTcb: bytes(0x1f0, 8),
    launchMitigations: report.readBigUInt64LE(0x1f8),
    currentMitigations: report.readBigUInt64LE(0x200),
  };
}

import type { GuestPolicy } from './guest-policy.ts';
import type { CpuId, SnpProduct } from './product.ts';
import type { SnpFirmwareVersion, SnpPlatformInfo } from './report.ts';
import type { SnpTcb } from './tcb.ts';
import type { SnpEvidence } from './verify-snp.ts';

/** What an SEV-SNP report says of its guest and machine, once verified. */
export interface SnpClaims {
  /** Of the report's format: 2, 3 or 5. */
  readonly version: number;
  readonly product: SnpProduct;
  /** `null` before version 3. */
  readonly cpuid: CpuId | null;
  readonly guestSvn: number;
  readonly policy: GuestPolicy;
  readonly vmpl: number;
  /** FAMILY_ID and IMAGE_ID, 16 bytes. */
  readonly familyId: Uint8Array;
  readonly imageId: Uint8Array;
  /** HOST_DATA, 32 bytes. */
  readonly hostData: Uint8Array;
  /** ID_KEY_DIGEST and AUTHOR_KEY_DIGEST, 48 bytes; zeros if there was no such key. */
  readonly idKeyDigest: Uint8Array;
  readonly authorKeyDigest: Uint8Array;
  /** Whether the guest was launched with an author key. */
  readonly authorKeyEnabled: boolean;
  /** REPORT_ID of this guest and REPORT_ID_MA of its migration agent, 32 bytes. */
  readonly reportId: Uint8Array;
  readonly reportIdMa: Uint8Array;
  /** What the certificate is for; it may be less than `currentTcb`. */
  readonly reportedTcb: SnpTcb;
  /** What runs. */
  readonly currentTcb: SnpTcb;
  /** Below which the machine cannot go any more. */
  readonly committedTcb: SnpTcb;
  /** What ran when the guest was launched, or came from another machine. */
  readonly launchTcb: SnpTcb;
  readonly currentVersion: SnpFirmwareVersion;
  readonly committedVersion: SnpFirmwareVersion;
  /** Mitigations in force at launch and now, a bit each; `null` before version 5. */
  readonly launchMitigations: bigint | null;
  readonly currentMitigations: bigint | null;
  readonly platformInfo: SnpPlatformInfo;
  readonly signingKey: 'vcek' | 'vlek';
  /** MASK_CHIP_KEY: the chip's own key is not in use. */
  readonly maskChipKey: boolean;
  /** Whom AMD gave the VLEK to; `null` for a VCEK. */
  readonly cspId: string | null;
  /** CHIP_ID, 64 bytes, hex; `null` if the machine masks it. */
  readonly chipId: string | null;
}

export function toSnpClaims({ report, product, kind, tcb, cspId, chipId }: SnpEvidence): SnpClaims {
  const { reportData: _1, measurement: _2, signedBytes: _3, signature: _4, ...rest } = report;
  return {
    ...rest,
    product,
    reportedTcb: tcb.reported,
    currentTcb: tcb.current,
    committedTcb: tcb.committed,
    launchTcb: tcb.launch,
    signingKey: kind,
    cspId,
    chipId,
  };
}

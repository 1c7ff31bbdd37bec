import { type Bytes, ByteReader } from '../encoding/byte-reader.ts';
import { scalarLengths } from '../x509/signature.ts';
import { readFlags } from './flags.ts';
import { type GuestPolicy, parseGuestPolicy } from './guest-policy.ts';
import type { CpuId } from './product.ts';

const versions: readonly number[] = [2, 3, 5];
const signedLength = 0x2a0;
const ecdsaP384Sha384 = 1;
/** By SIGNING_KEY; between them reserved. */
const signingKeys: Readonly<Record<number, 'vcek' | 'vlek' | 'none'>> = {
  0: 'vcek',
  1: 'vlek',
  7: 'none',
};
/** r and s are 72 bytes each, of which P-384 needs 48; the rest of 512 is reserved. */
const scalarFieldLength = 72;
const signatureFieldLength = 512;

/** Bits of PLATFORM_INFO; the others are reserved. */
const platformBits = {
  smt: 0,
  tsme: 1,
  ecc: 2,
  raplDisabled: 3,
  ciphertextHiding: 4,
  aliasCheckComplete: 5,
  tio: 7,
} as const;

/**
 * How the machine runs, as its firmware says.
 */
export interface SnpPlatformInfo extends Readonly<Record<keyof typeof platformBits, boolean>> {
  /** All of its bits, those that are unknown here too. */
  readonly bits: bigint;
  readonly smt: boolean;
  /** All memory is encrypted, that of the host too. */
  readonly tsme: boolean;
  readonly ecc: boolean;
  readonly raplDisabled: boolean;
  readonly ciphertextHiding: boolean;
  /** No two addresses lead to the same memory: checked since the last reset. */
  readonly aliasCheckComplete: boolean;
  /** Trusted devices. */
  readonly tio: boolean;
}

/**
 * Version of the SNP firmware.
 */
export interface SnpFirmwareVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** An attestation report (AMD 56860, "ATTESTATION_REPORT"). Nothing in it is verified yet. */
export interface SnpReport {
  readonly version: number;
  readonly guestSvn: number;
  readonly policy: GuestPolicy;
  readonly familyId: Bytes;
  readonly imageId: Bytes;
  /** 0 to 3; 0xffffffff if the host asked for the report. */
  readonly vmpl: number;
  readonly currentTcb: Bytes;
  readonly platformInfo: SnpPlatformInfo;
  readonly authorKeyEnabled: boolean;
  readonly maskChipKey: boolean;
  readonly signingKey: 'vcek' | 'vlek' | 'none';
  readonly reportData: Bytes;
  readonly measurement: Bytes;
  readonly hostData: Bytes;
  readonly idKeyDigest: Bytes;
  readonly authorKeyDigest: Bytes;
  readonly reportId: Bytes;
  readonly reportIdMa: Bytes;
  readonly reportedTcb: Bytes;
  /** `null` in version 2, which does not say it. */
  readonly cpuid: CpuId | null;
  /** All zero if the machine masks it. */
  readonly chipId: Bytes;
  readonly committedTcb: Bytes;
  readonly currentVersion: SnpFirmwareVersion;
  readonly committedVersion: SnpFirmwareVersion;
  readonly launchTcb: Bytes;
  /** Mitigations in force at launch and now, a bit each; `null` before version 5. */
  readonly launchMitigations: bigint | null;
  readonly currentMitigations: bigint | null;
  /** What the endorsement key signed. */
  readonly signedBytes: Bytes;
  /** r ‖ s. */
  readonly signature: Bytes;
}

/**
 * Reads a report of version 2, 3 or 5.
 *
 * @throws {FormatError} for another version, signature algorithm or length, and where anything that is
 *   reserved is not as it must be.
 */
export function parseSnpReport(bytes: Bytes): SnpReport {
  const read = new ByteReader('report', bytes);
  const version = read.u32('version');
  if (!versions.includes(version)) read.fail('version', `2, 3 or 5 expected, ${version} found`);
  const report = {
    version,
    guestSvn: read.u32('guestSvn'),
    policy: parseGuestPolicy(read),
    familyId: read.bytes('familyId', 16),
    imageId: read.bytes('imageId', 16),
    vmpl: read.u32('vmpl'),
    ...parseSigner(read),
    ...parseIdentity(read),
    ...parsePlatform(read, version),
    signature: parseSignature(read),
    signedBytes: bytes.subarray(0, signedLength),
  };
  read.end();
  return report;
}

type Part<Name extends keyof SnpReport> = Pick<SnpReport, Name>;

function parseSigner(
  read: ByteReader,
): Part<'currentTcb' | 'platformInfo' | 'authorKeyEnabled' | 'maskChipKey' | 'signingKey'> {
  read.exactly('signatureAlgorithm', 'u32', ecdsaP384Sha384);
  const currentTcb = read.bytes('currentTcb', 8);
  const bits = read.u64('platformInfo');
  const keys = read.u32('keys');
  const signingKey = signingKeys[keys >>> 2];
  if (signingKey === undefined) read.fail('keys', 'a reserved value or bit');
  read.zeros('reserved1', 4);
  return {
    currentTcb,
    platformInfo: { bits, ...readFlags(bits, platformBits) },
    authorKeyEnabled: (keys & 1) !== 0,
    maskChipKey: (keys & 2) !== 0,
    signingKey,
  };
}

function parseIdentity(
  read: ByteReader,
): Part<
  | 'reportData'
  | 'measurement'
  | 'hostData'
  | 'idKeyDigest'
  | 'authorKeyDigest'
  | 'reportId'
  | 'reportIdMa'
> {
  return {
    reportData: read.bytes('reportData', 64),
    measurement: read.bytes('measurement', 48),
    hostData: read.bytes('hostData', 32),
    idKeyDigest: read.bytes('idKeyDigest', 48),
    authorKeyDigest: read.bytes('authorKeyDigest', 48),
    reportId: read.bytes('reportId', 32),
    reportIdMa: read.bytes('reportIdMa', 32),
  };
}

function parsePlatform(
  read: ByteReader,
  version: number,
): Part<
  | 'reportedTcb'
  | 'cpuid'
  | 'chipId'
  | 'committedTcb'
  | 'currentVersion'
  | 'committedVersion'
  | 'launchTcb'
  | 'launchMitigations'
  | 'currentMitigations'
> {
  const reportedTcb = read.bytes('reportedTcb', 8);
  const cpuid = version < 3 ? null : parseCpuId(read);
  read.zeros('reserved2', version < 3 ? 24 : 21);
  const hasMitigations = version >= 5;
  const platform = {
    reportedTcb,
    cpuid,
    chipId: read.bytes('chipId', 64),
    committedTcb: read.bytes('committedTcb', 8),
    currentVersion: parseFirmwareVersion(read, 'current'),
    committedVersion: parseFirmwareVersion(read, 'committed'),
    launchTcb: read.bytes('launchTcb', 8),
    launchMitigations: hasMitigations ? read.u64('launchMitigations') : null,
    currentMitigations: hasMitigations ? read.u64('currentMitigations') : null,
  };
  read.zeros('reserved5', hasMitigations ? 152 : 168);
  return platform;
}

function parseCpuId(read: ByteReader): CpuId {
  const family = read.u8('cpuidFamily');
  const model = read.u8('cpuidModel');
  const stepping = read.u8('cpuidStepping');
  return { family, model, stepping };
}

function parseFirmwareVersion(read: ByteReader, which: string): SnpFirmwareVersion {
  const build = read.u8(`${which}Build`);
  const minor = read.u8(`${which}Minor`);
  const major = read.u8(`${which}Major`);
  read.zeros(`${which}Reserved`, 1);
  return { major, minor, build };
}

/** Little-endian r and s (AMD 56860, "ECDSA P-384 with SHA-384 Signature") to big-endian r ‖ s. */
function parseSignature(read: ByteReader): Bytes {
  const length = scalarLengths['P-384'];
  const signature = new Uint8Array(2 * length);
  for (const [index, scalar] of ['r', 's'].entries()) {
    signature.set(read.bytes(scalar, length).toReversed(), index * length);
    read.zeros(scalar, scalarFieldLength - length);
  }
  read.zeros('signatureReserved', signatureFieldLength - 2 * scalarFieldLength);
  return signature;
}

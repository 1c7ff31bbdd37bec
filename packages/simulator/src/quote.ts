import { ByteWriter } from './byte-writer.ts';
import { concat, fromHex, sha256, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { encodeEnclaveReport, flags } from './enclave-report.ts';
import type { EnclaveReport } from './enclave-report.ts';
import type { IntelTee } from './intel-tee.ts';
import { publicPoint, sign } from './keys.ts';
import { qeMrSigner, quotingEnclaves } from './qe-identity.ts';

/** The head of a quote; versions 3, 4 and 5 share it. */
export interface QuoteHeader {
  readonly version: number;
  /** 2 is ECDSA with P-256. */
  readonly attestationKeyType: number;
  /** 0 is SGX, 0x81 is TDX; in version 3 the field is reserved. */
  readonly teeType: number;
  /** Reserved from version 4 on. */
  readonly qeSvn: number;
  /** Reserved from version 4 on. */
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly qeVendorId: Uint8Array;
  /** 20 bytes. */
  readonly userData: Uint8Array;
}

/** Certification data: a type, and what that type says. */
export interface CertificationData {
  readonly type: number;
  readonly data: Uint8Array;
}

/** How a quote of either TEE departs from a good one, around what the TEE reports. */
export interface QuoteOverrides {
  readonly header?: Partial<QuoteHeader>;
  /** Members of the quoting enclave's report. */
  readonly qeReport?: Partial<EnclaveReport>;
  /** What the quoting enclave's report hashes after its key. Default the bytes 0 to 31. */
  readonly qeAuthData?: Uint8Array;
  /** Signs the workload's report. Default the attestation key that the quote names. */
  readonly signedBy?: CryptoKey;
  /** Signs the quoting enclave's report. Default the key of the PCK certificate. */
  readonly qeReportSignedBy?: CryptoKey;
  /** Default type 5: the PCK certificate chain in PEM, ended by a NUL. */
  readonly certification?: CertificationData;
  /** Zero bytes after the quote, as buffers for TDX quotes have them. Default 0. */
  readonly padding?: number;
  /** Changes the finished bytes. */
  readonly tamper?: (quote: Bytes) => Bytes;
}

/** What of the machine goes into each of its quotes. */
export interface QuotingMachine {
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn: number;
  readonly qeSvn: number;
  /** 16 bytes: TEE_TCB_SVN, of the TDX module under which a TD was started. */
  readonly teeTcbSvn: Uint8Array;
  /** 16 bytes: TEE_TCB_SVN2, of the TDX module that runs now. */
  readonly teeTcbSvn2: Uint8Array;
  readonly attestationKeys: CryptoKeyPair;
  readonly pckPrivateKey: CryptoKey;
  /** Leaf first. */
  readonly pckChainPem: string;
}

const intelVendorId = fromHex('939a7233f79c4ca9940a0db3957f0607');

/** Writes the 48 bytes at the head of a quote. */
export function encodeHeader(
  header: Pick<QuoteHeader, 'version' | 'teeType'> & Partial<QuoteHeader>,
): Bytes {
  const whole: QuoteHeader = {
    attestationKeyType: 2,
    qeSvn: 0,
    pceSvn: 0,
    qeVendorId: intelVendorId,
    userData: new Uint8Array(20),
    ...header,
  };
  return new ByteWriter()
    .u16(whole.version)
    .u16(whole.attestationKeyType)
    .u32(whole.teeType)
    .u16(whole.qeSvn)
    .u16(whole.pceSvn)
    .fixed('qeVendorId', whole.qeVendorId, 16)
    .fixed('userData', whole.userData, 20)
    .end();
}

/** Writes a type, the length and the data. */
export function encodeCertification({ type, data }: CertificationData): Bytes {
  return new ByteWriter().u16(type).u32(data.length).bytes(data).end();
}

/**
 * Lets the machine's quoting enclave sign a header and a report, and appends the signature data.
 *
 * @param wrap - Where the quoting enclave's own report and certification go: version 3 has them in
 *   place, later versions inside of certification data.
 */
export async function signQuote(
  machine: QuotingMachine,
  tee: IntelTee,
  signed: Bytes,
  overrides: QuoteOverrides,
  wrap: (qeReportCertification: Bytes) => Bytes,
): Promise<Bytes> {
  const attestationKey = await publicPoint(machine.attestationKeys.publicKey);
  const signature = new ByteWriter()
    .bytes(await sign(overrides.signedBy ?? machine.attestationKeys.privateKey, signed))
    .bytes(attestationKey)
    .bytes(wrap(await certifyKey(machine, tee, attestationKey, overrides)))
    .end();
  const quote = new ByteWriter()
    .bytes(signed)
    .u32(signature.length)
    .bytes(signature)
    .zeros(overrides.padding ?? 0)
    .end();
  return overrides.tamper?.(quote) ?? quote;
}

/** The quoting enclave's report on its attestation key, signed, and the certificates for that. */
async function certifyKey(
  machine: QuotingMachine,
  tee: IntelTee,
  attestationKey: Bytes,
  overrides: QuoteOverrides,
): Promise<Bytes> {
  const { isvProdId, code } = quotingEnclaves[tee];
  const authData = overrides.qeAuthData ?? Uint8Array.from({ length: 32 }, (_, index) => index);
  const report = encodeEnclaveReport({
    cpuSvn: machine.cpuSvn,
    miscSelect: 0,
    flags: flags.init | flags.mode64Bit | flags.provisionKey,
    xfrm: 0xe7n,
    mrEnclave: await sha256(utf8(code)),
    mrSigner: fromHex(qeMrSigner),
    configId: new Uint8Array(64),
    isvProdId,
    isvSvn: machine.qeSvn,
    reportData: concat(await sha256(concat(attestationKey, authData)), new Uint8Array(32)),
    ...overrides.qeReport,
  });
  const chain = { type: 5, data: utf8(`${machine.pckChainPem}\0`) };
  return new ByteWriter()
    .bytes(report)
    .bytes(await sign(overrides.qeReportSignedBy ?? machine.pckPrivateKey, report))
    .u16(authData.length)
    .bytes(authData)
    .bytes(encodeCertification(overrides.certification ?? chain))
    .end();
}

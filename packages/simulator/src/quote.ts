import { ByteWriter } from './byte-writer.ts';
import { concat, fromHex, sha256, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { encodeEnclaveReport, flags } from './enclave-report.ts';
import type { EnclaveReport } from './enclave-report.ts';
import { publicPoint, sign } from './keys.ts';
import { qeIsvProdId, qeMrSigner } from './qe-identity.ts';

/** The head of a quote, version 3. */
export interface QuoteHeader {
  readonly version: number;
  /** 2 is ECDSA with P-256. */
  readonly attestationKeyType: number;
  /** 0 is SGX; in version 3 the field is reserved. */
  readonly teeType: number;
  readonly qeSvn: number;
  readonly pceSvn: number;
  /** 16 bytes. */
  readonly qeVendorId: Uint8Array;
  /** 20 bytes. */
  readonly userData: Uint8Array;
}

/** What a quote is asked for, and how it departs from a good one. */
export interface QuoteOptions {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** MRENCLAVE, 32 bytes. */
  readonly measurement: Uint8Array;
  /** Sets the workload's DEBUG bit. Default false. */
  readonly debug?: boolean;
  readonly header?: Partial<QuoteHeader>;
  /** Other members of the workload's report; they win over the three above. */
  readonly report?: Partial<EnclaveReport>;
  /** Members of the quoting enclave's report. */
  readonly qeReport?: Partial<EnclaveReport>;
  /** Signs the workload's report. Default the attestation key that the quote names. */
  readonly signedBy?: CryptoKey;
  /** Signs the quoting enclave's report. Default the key of the PCK certificate. */
  readonly qeReportSignedBy?: CryptoKey;
  /** Default type 5: the PCK certificate chain in PEM, ended by a NUL. */
  readonly certification?: { readonly type: number; readonly data: Uint8Array };
}

/** What of the machine goes into each of its quotes. */
export interface QuotingMachine {
  /** 16 bytes. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn: number;
  readonly qeSvn: number;
  readonly attestationKeys: CryptoKeyPair;
  readonly pckPrivateKey: CryptoKey;
  /** Leaf first. */
  readonly pckChainPem: string;
}

const intelVendorId = fromHex('939a7233f79c4ca9940a0db3957f0607');
const qeAuthData = Uint8Array.from({ length: 32 }, (_, index) => index);

/** Makes an SGX quote, version 3: "Intel SGX ECDSA Quote Library API", appendix A. */
export async function createQuote(machine: QuotingMachine, options: QuoteOptions): Promise<Bytes> {
  const signed = concat(
    encodeHeader({
      version: 3,
      attestationKeyType: 2,
      teeType: 0,
      qeSvn: machine.qeSvn,
      pceSvn: machine.pceSvn,
      qeVendorId: intelVendorId,
      userData: new Uint8Array(20),
      ...options.header,
    }),
    encodeEnclaveReport({
      cpuSvn: machine.cpuSvn,
      miscSelect: 0,
      flags: flags.init | flags.mode64Bit | (options.debug === true ? flags.debug : 0n),
      xfrm: 0xe7n,
      mrEnclave: options.measurement,
      mrSigner: await sha256(utf8('BlindAI SIMULATION workload signer')),
      configId: new Uint8Array(64),
      isvProdId: 0,
      isvSvn: 0,
      reportData: options.reportData,
      ...options.report,
    }),
  );
  const attestationKey = await publicPoint(machine.attestationKeys.publicKey);
  const qeReport = encodeEnclaveReport({
    cpuSvn: machine.cpuSvn,
    miscSelect: 0,
    flags: flags.init | flags.mode64Bit | flags.provisionKey,
    xfrm: 0xe7n,
    mrEnclave: await sha256(utf8('BlindAI SIMULATION quoting enclave code')),
    mrSigner: fromHex(qeMrSigner),
    configId: new Uint8Array(64),
    isvProdId: qeIsvProdId,
    isvSvn: machine.qeSvn,
    reportData: concat(await sha256(concat(attestationKey, qeAuthData)), new Uint8Array(32)),
    ...options.qeReport,
  });
  const certification = options.certification ?? {
    type: 5,
    data: utf8(`${machine.pckChainPem}\0`),
  };
  const signature = new ByteWriter()
    .bytes(await sign(options.signedBy ?? machine.attestationKeys.privateKey, signed))
    .bytes(attestationKey)
    .bytes(qeReport)
    .bytes(await sign(options.qeReportSignedBy ?? machine.pckPrivateKey, qeReport))
    .u16(qeAuthData.length)
    .bytes(qeAuthData)
    .u16(certification.type)
    .u32(certification.data.length)
    .bytes(certification.data)
    .end();
  return new ByteWriter().bytes(signed).u32(signature.length).bytes(signature).end();
}

function encodeHeader(header: QuoteHeader): Bytes {
  return new ByteWriter()
    .u16(header.version)
    .u16(header.attestationKeyType)
    .u32(header.teeType)
    .u16(header.qeSvn)
    .u16(header.pceSvn)
    .fixed('qeVendorId', header.qeVendorId, 16)
    .fixed('userData', header.userData, 20)
    .end();
}

import { fromHex } from './bytes.ts';
import type { CertificateOverrides } from './certificate.ts';
import { issueCollateral } from './collateral.ts';
import type { CollateralOptions, SimulatedCollateral } from './collateral.ts';
import { createHierarchy } from './hierarchy.ts';
import type { CertificateName, Hierarchy } from './hierarchy.ts';
import { generateKeys } from './keys.ts';
import { qeIsvSvn } from './qe-identity.ts';
import type { SimulatedQeStatus } from './qe-identity.ts';
import type { MachineIdentity } from './sgx-extension.ts';
import { createSgxQuote } from './sgx-quote.ts';
import type { QuoteOptions } from './sgx-quote.ts';
import { componentSvns, pceSvn, teeTcbSvn } from './tcb-info.ts';
import type { SimulatedTcbStatus } from './tcb-info.ts';
import { createTdQuote } from './td-quote.ts';
import type { TdQuoteOptions } from './td-quote.ts';
import { moduleSvns } from './tdx-module.ts';
import type { SimulatedModuleStatus } from './tdx-module.ts';

/** A machine of the fake vendor, and how it and what is said of it depart from good ones. */
export interface PlatformOptions extends CollateralOptions {
  /** The moment at which all of it counts. */
  readonly at: Date;
  /** What the TCB info says of the machine. Default `UpToDate`. */
  readonly tcbStatus?: SimulatedTcbStatus;
  /** What the QE identity says of its quoting enclave. Default `UpToDate`. */
  readonly qeStatus?: SimulatedQeStatus;
  /** 6 bytes in hexadecimal; the TCB info follows. Default `b11da1000000`. */
  readonly fmspc?: string;
  /** 2 bytes in hexadecimal; the TCB info follows. Default `0000`. */
  readonly pceId?: string;
  readonly certificates?: Partial<Record<CertificateName, CertificateOverrides>>;
  readonly tdx?: TdxOptions;
}

/** What of a machine only its TDs show. */
export interface TdxOptions {
  /** What the TCB info says of its TDX part (TEE_TCB_SVN[2]). Default the machine's `tcbStatus`. */
  readonly tcbStatus?: SimulatedTcbStatus;
  /** What the TCB info says of the TDX module under which TDs were started. Default `UpToDate`. */
  readonly moduleStatus?: SimulatedModuleStatus;
  /**
   * The module's version (TEE_TCB_SVN[1]): 0 is judged by the levels of the TCB info, 1 and 3 have
   * an identity there, others have none. Default 1.
   */
  readonly moduleVersion?: number;
  /** The machine was brought up to date while its TDs ran; TDX 1.5 reports that. Default false. */
  readonly updatedSinceLaunch?: boolean;
}

/** A machine of the fake vendor. Its evidence has the real format and protects nothing. */
export interface SimulatedPlatform {
  /** What the vendor publishes about the machine, as of `at`. */
  readonly collateral: SimulatedCollateral;
  readonly certificates: Hierarchy;
  /** What the PCK certificate says of the machine. */
  readonly machine: MachineIdentity;
  /** 16 bytes: TEE_TCB_SVN of its TDs. */
  readonly teeTcbSvn: Uint8Array;
  /** 16 bytes: TEE_TCB_SVN2 of its TDs. */
  readonly teeTcbSvn2: Uint8Array;
  /** The certificate that a verifier of this evidence has to trust. */
  readonly rootPem: string;
  /**
   * Makes an SGX quote of a workload on this machine.
   *
   * @throws {TypeError} if a field has not the length that the format says.
   */
  quote(options: QuoteOptions): Promise<Uint8Array>;
  /**
   * Makes a quote of a TD on this machine.
   *
   * @throws {TypeError} if a field has not the length that the format says, or version 4 is asked
   *   for a report of TDX 1.5.
   */
  tdQuote(options: TdQuoteOptions): Promise<Uint8Array>;
  /**
   * What the vendor publishes about the machine at another moment, for its other TEE, or with other
   * flaws. Default for the machine's `tee`, without flaws.
   */
  issueCollateral(at: Date, options?: CollateralOptions): Promise<SimulatedCollateral>;
}

/**
 * Makes a machine with keys of its own, its certificates, and its collateral.
 *
 * @throws {TypeError} if an identifier has not the length that the format says.
 */
export async function createPlatform(options: PlatformOptions): Promise<SimulatedPlatform> {
  const machine: MachineIdentity = {
    ppid: crypto.getRandomValues(new Uint8Array(16)),
    platformInstanceId: crypto.getRandomValues(new Uint8Array(16)),
    componentSvns: componentSvns(options.tcbStatus ?? 'UpToDate'),
    pceSvn,
    fmspc: identifier('fmspc', options.fmspc ?? 'b11da1000000', 6),
    pceId: identifier('pceId', options.pceId ?? '0000', 2),
  };
  const certificates = await createHierarchy(options.at, machine, options.certificates);
  const { root, intermediate, pck } = certificates;
  const svns = tdxSvns(options);
  const quoting = {
    cpuSvn: Uint8Array.from(machine.componentSvns),
    pceSvn,
    qeSvn: qeIsvSvn(options.qeStatus ?? 'UpToDate'),
    ...svns,
    attestationKeys: await generateKeys(),
    pckPrivateKey: pck.keys.privateKey,
    pckChainPem: pck.pem + intermediate.pem + root.pem,
  };
  return {
    collateral: await issueCollateral(options.at, certificates, machine, options),
    certificates,
    machine,
    ...svns,
    rootPem: root.pem,
    quote: async (quoteOptions) => createSgxQuote(quoting, quoteOptions),
    tdQuote: async (quoteOptions) => createTdQuote(quoting, quoteOptions),
    issueCollateral: async (at, collateralOptions = {}) => {
      const { tee = 'sgx' } = options;
      return issueCollateral(at, certificates, machine, { tee, ...collateralOptions });
    },
  };
}

function tdxSvns(options: PlatformOptions): { teeTcbSvn: Uint8Array; teeTcbSvn2: Uint8Array } {
  const { tdx = {} } = options;
  const { moduleStatus = 'UpToDate', moduleVersion = 1, updatedSinceLaunch = false } = tdx;
  const tcbStatus = tdx.tcbStatus ?? options.tcbStatus ?? 'UpToDate';
  const atLaunch = teeTcbSvn(moduleSvns(moduleVersion, moduleStatus), tcbStatus);
  const upToDate = teeTcbSvn(moduleSvns(moduleVersion, 'UpToDate'), 'UpToDate');
  return { teeTcbSvn: atLaunch, teeTcbSvn2: updatedSinceLaunch ? upToDate : atLaunch };
}

function identifier(name: string, hex: string, length: number): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes.length !== length) {
    throw new TypeError(`${name}: expected ${length} bytes, found ${bytes.length}`);
  }
  return bytes;
}

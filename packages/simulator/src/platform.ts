import { fromHex } from './bytes.ts';
import type { CertificateOverrides } from './certificate.ts';
import { issueCollateral } from './collateral.ts';
import type { CollateralOptions, SimulatedCollateral } from './collateral.ts';
import { createHierarchy } from './hierarchy.ts';
import type { CertificateName, Hierarchy } from './hierarchy.ts';
import { generateKeys } from './keys.ts';
import { qeIsvSvn } from './qe-identity.ts';
import type { SimulatedQeStatus } from './qe-identity.ts';
import { createQuote } from './quote.ts';
import type { QuoteOptions } from './quote.ts';
import type { MachineIdentity } from './sgx-extension.ts';
import { componentSvns, pceSvn } from './tcb-info.ts';
import type { SimulatedTcbStatus } from './tcb-info.ts';

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
}

/** A machine of the fake vendor. Its evidence has the real format and protects nothing. */
export interface SimulatedPlatform {
  /** What the vendor publishes about the machine, as of `at`. */
  readonly collateral: SimulatedCollateral;
  readonly certificates: Hierarchy;
  /** What the PCK certificate says of the machine. */
  readonly machine: MachineIdentity;
  /** The certificate that a verifier of this evidence has to trust. */
  readonly rootPem: string;
  /**
   * Makes a quote of a workload on this machine.
   *
   * @throws {TypeError} if a field has not the length that the format says.
   */
  quote(options: QuoteOptions): Promise<Uint8Array>;
  /** What the vendor publishes about the machine at another moment, or with other flaws. */
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
  const quoting = {
    cpuSvn: Uint8Array.from(machine.componentSvns),
    pceSvn,
    qeSvn: qeIsvSvn(options.qeStatus ?? 'UpToDate'),
    attestationKeys: await generateKeys(),
    pckPrivateKey: pck.keys.privateKey,
    pckChainPem: pck.pem + intermediate.pem + root.pem,
  };
  return {
    collateral: await issueCollateral(options.at, certificates, machine, options),
    certificates,
    machine,
    rootPem: root.pem,
    quote: async (quoteOptions) => createQuote(quoting, quoteOptions),
    issueCollateral: async (at, collateralOptions = {}) =>
      issueCollateral(at, certificates, machine, collateralOptions),
  };
}

function identifier(name: string, hex: string, length: number): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes.length !== length) {
    throw new TypeError(`${name}: expected ${length} bytes, found ${bytes.length}`);
  }
  return bytes;
}

import { keyIdentifier } from '../authority/keys.ts';
import { signCrl } from '../authority/crl.ts';
import type { Bytes } from '../bytes.ts';
import type { SimulatedCertificate } from '../certificate.ts';
import type { CrlOverrides } from '../crl.ts';
import { unsigned } from '../der.ts';
import { crlPem } from '../pem.ts';
import { around } from '../validity.ts';
import { AuthorityKeyIdentifierExtension, Extension } from '../x509.ts';
import { amdKeys, authorityName, issueAmdAuthorities } from './authorities.ts';
import type { AmdAuthorities } from './authorities.ts';
import { issueEndorsementKey } from './endorsement-key.ts';
import type {
  EndorsedMachine,
  EndorsementKeyKind,
  EndorsementKeyOverrides,
} from './endorsement-key.ts';
import { amdSimulationRoots } from './product.ts';
import type { SnpProduct } from './product.ts';
import { encodeSnpReport, guestPolicyBits, signSnpReport } from './report.ts';
import type { CpuId, SnpReport } from './report.ts';
import { defaultTcb, encodeTcb } from './tcb.ts';
import type { SnpTcb } from './tcb.ts';

/** How the CRL of a product departs from a good one. */
export interface SnpCrlOptions extends CrlOverrides {
  /** In whose root's name it is issued. Default the machine's product. */
  readonly product?: SnpProduct;
  /** Certificates on it, of the product that it is of. Default none. */
  readonly revoked?: readonly ('ask' | 'asvk')[];
}

/** A machine of the fake AMD, and how it and what is said of it depart from good ones. */
export interface SnpPlatformOptions {
  /** The moment at which all of it counts. */
  readonly at: Date;
  /** Default `Milan`. */
  readonly product?: SnpProduct;
  /** What signs the reports. Default `vcek`, the chip's own key. */
  readonly key?: EndorsementKeyKind;
  /** The TCB that is reported and certified. Default boot loader 4, TEE 0, SNP 24, microcode 219, FMC 1. */
  readonly reportedTcb?: Partial<SnpTcb>;
  /** Default the reported one. */
  readonly committedTcb?: Partial<SnpTcb>;
  /** Default the reported one. */
  readonly currentTcb?: Partial<SnpTcb>;
  /** Default the reported one. */
  readonly launchTcb?: Partial<SnpTcb>;
  /** 64 bytes. Default random; on Turin the last 56 are zero. */
  readonly chipId?: Uint8Array;
  /** Whether reports have zeros for the chip id. Default only under a VLEK, as at the provider that uses one. */
  readonly maskChipId?: boolean;
  readonly certificate?: EndorsementKeyOverrides;
  /** AMD's own certificates that the CRL lists. Default none. */
  readonly revoked?: SnpCrlOptions['revoked'];
  readonly crl?: SnpCrlOptions;
}

/** What a report is asked for, and how it departs from a good one; every field can be given. */
export interface SnpReportOptions extends Partial<SnpReport> {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** 48 bytes. */
  readonly measurement: Uint8Array;
  /** 2, 3 or 5. Default 3. */
  readonly version?: number;
  /** Sets the DEBUG bit of the guest policy. Default false. */
  readonly debug?: boolean;
  /** Signs the report. Default the key of the platform's certificate. */
  readonly signedBy?: CryptoKey;
  /** Changes the 672 bytes that are signed: reserved ones, for example. */
  readonly edit?: (signed: Bytes) => Bytes;
  /** Changes the 1184 bytes after they were signed. */
  readonly tamper?: (report: Bytes) => Bytes;
}

/** What a verifier of a report is given besides. */
export interface SnpEndorsements {
  /** VCEK or VLEK certificate, DER. */
  readonly ek: Bytes;
  /** DER. */
  readonly crl: Bytes;
}

/** A machine of the fake AMD. Its evidence has the real format and protects nothing. */
export interface SimulatedSnpPlatform {
  readonly product: SnpProduct;
  /** 64 bytes. */
  readonly chipId: Uint8Array;
  /** The endorsement key's certificate, DER. */
  readonly ek: Bytes;
  readonly ekPem: string;
  readonly certificate: SimulatedCertificate;
  /** The product's CRL as of `at`, DER. */
  readonly crl: Bytes;
  readonly crlPem: string;
  readonly endorsements: SnpEndorsements;
  /**
   * Makes a report of a guest on this machine, 1184 bytes.
   *
   * @throws {TypeError} if a field has not the length that the format says.
   */
  report(options: SnpReportOptions): Promise<Bytes>;
  /** The CRL of another moment, or with other flaws. */
  issueCrl(at: Date, options?: SnpCrlOptions): Promise<Bytes>;
  /** AMD's own certificates of the product, for verifiers that do not pin them. */
  authorities(): Promise<AmdAuthorities>;
}

/** Combined family, combined model and stepping of one processor of each product. */
const cpuids: Readonly<Record<SnpProduct, CpuId>> = {
  Milan: { family: 0x19, model: 0x01, stepping: 1 },
  Genoa: { family: 0x19, model: 0x11, stepping: 1 },
  Turin: { family: 0x1a, model: 0x02, stepping: 1 },
};

/** Makes a machine of the fake AMD with a key of its own, its certificate, and its product's CRL. */
export async function createSnpPlatform(
  options: SnpPlatformOptions,
): Promise<SimulatedSnpPlatform> {
  const { at, product = 'Milan', key = 'vcek' } = options;
  const tcb = { ...defaultTcb, ...options.reportedTcb };
  const machine: EndorsedMachine = {
    product,
    tcb,
    chipId: options.chipId ?? randomChipId(product),
  };
  const { privateKey } = await amdKeys(key === 'vcek' ? 'ask' : 'asvk');
  const certificate = await issueEndorsementKey(at, key, machine, privateKey, options.certificate);
  const masked = options.maskChipId ?? key === 'vlek';
  const encoded = (parts?: Partial<SnpTcb>): Bytes => encodeTcb(product, { ...tcb, ...parts });
  const firmware = { build: 0x29, minor: 0x37, major: 1 };

  const report = async (asked: SnpReportOptions): Promise<Bytes> => {
    const { debug = false, signedBy, edit, tamper, ...fields } = asked;
    const { version = 3 } = fields;
    const signed = encodeSnpReport({
      version,
      guestSvn: 0,
      guestPolicy:
        31n |
        guestPolicyBits.smt |
        guestPolicyBits.reservedOne |
        (debug ? guestPolicyBits.debug : 0n),
      familyId: new Uint8Array(16),
      imageId: new Uint8Array(16),
      vmpl: 0,
      signatureAlgorithm: 1,
      currentTcb: encoded(options.currentTcb),
      platformInfo: version < 3 ? 0x01n : 0x25n, // SMT; since then also ECC and the alias check
      authorKeyEnabled: false,
      maskChipKey: false,
      signingKey: key === 'vcek' ? 0 : 1,
      hostData: new Uint8Array(32),
      idKeyDigest: new Uint8Array(48),
      authorKeyDigest: new Uint8Array(48),
      reportId: crypto.getRandomValues(new Uint8Array(32)),
      reportIdMa: new Uint8Array(32).fill(0xff), // no migration agent
      reportedTcb: encoded(),
      cpuid: version < 3 ? { family: 0, model: 0, stepping: 0 } : cpuids[product],
      chipId: masked ? new Uint8Array(64) : machine.chipId,
      committedTcb: encoded(options.committedTcb),
      currentVersion: firmware,
      committedVersion: firmware,
      launchTcb: encoded(options.launchTcb),
      launchMitigations: version < 5 ? 0n : 0x3fn,
      currentMitigations: version < 5 ? 0n : 0x3fn,
      ...fields,
    });
    const whole = await signSnpReport(
      signedBy ?? certificate.keys.privateKey,
      edit?.(signed) ?? signed,
    );
    return tamper?.(whole) ?? whole;
  };
  const issue = async (when: Date, crlOptions: SnpCrlOptions = {}): Promise<Bytes> =>
    issueAmdCrl(when, crlOptions.product ?? product, crlOptions);
  const crl = await issue(at, { revoked: options.revoked ?? [], ...options.crl });
  const { der: ek, pem: ekPem } = certificate;
  return {
    product,
    chipId: machine.chipId,
    ek,
    ekPem,
    certificate,
    crl,
    crlPem: crlPem(crl),
    endorsements: { ek, crl },
    report,
    issueCrl: issue,
    authorities: async () => issueAmdAuthorities(product),
  };
}

/** Issues the CRL of a product's root, with AMD's extensions: the two that RFC 5280, section 5.2, demands. */
async function issueAmdCrl(at: Date, product: SnpProduct, options: SnpCrlOptions): Promise<Bytes> {
  const { publicKey, privateKey } = await amdKeys('ark');
  const template = {
    issuer: authorityName('ark', product),
    validity: around(at, 1, 30),
    revoked: (options.revoked ?? []).map((name) => amdSimulationRoots[product][name].serialNumber),
    extensions: [
      new AuthorityKeyIdentifierExtension(await keyIdentifier(publicKey)),
      new Extension('2.5.29.20', false, unsigned(Uint8Array.of(1))), // CRL number
    ],
  };
  return signCrl(template, privateKey, options);
}

function randomChipId(product: SnpProduct): Uint8Array {
  const chipId = new Uint8Array(64);
  crypto.getRandomValues(chipId.subarray(0, product === 'Turin' ? 8 : 64));
  return chipId;
}

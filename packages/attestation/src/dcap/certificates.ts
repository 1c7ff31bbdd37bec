import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import type { Verdict } from '../verdict.ts';
import {
  type Certificate,
  type CertificateProfile,
  parseCertificate,
} from '../x509/certificate.ts';
import { type Chain, verifyChain, verifyCrl } from '../x509/chain.ts';
import { type Crl, parseCrl } from '../x509/crl.ts';
import { equalNames } from '../x509/name.ts';
import { describeOutside, earliest, iso, isWithin } from '../x509/period.ts';
import { verifyTrustAnchor } from '../x509/trust-anchor.ts';
import type { Collateral } from './collateral.ts';
import { hasSgxExtensions, type PckExtensions, parsePckExtensions } from './pck-extensions.ts';
import type { Quote } from './quote.ts';

/**
 * Intel SGX PCK Certificate and CRL Profile Specification, §1. A certificate that names no CRL could never be
 * revoked; where the distribution points lead is not followed.
 */
export const intelProfile: CertificateProfile = {
  kinds: ['P-256'],
  required: [
    'authorityKeyIdentifier',
    'subjectKeyIdentifier',
    'keyUsage',
    'basicConstraints',
    'crlDistributionPoints',
  ],
};

/** All certificates and CRLs of one piece of evidence. A certificate that stands in two chains is one object. */
export interface Certificates {
  readonly pck: Certificate;
  readonly pckCa: Certificate;
  readonly root: Certificate;
  /** What the PCK certificate says of the platform. */
  readonly platform: PckExtensions;
  readonly pckCrlIssuer: Certificate;
  readonly tcbInfoSigner: Certificate;
  readonly qeIdentitySigner: Certificate;
  readonly chains: readonly Chain[];
  /** Each certificate once. */
  readonly all: readonly Certificate[];
  readonly rootCrl: Crl;
  readonly pckCrl: Crl;
}

/** Parses every certificate and CRL: checks `certificate` and `crl`. */
export function readCertificates(
  quote: Pick<Quote<unknown>, 'pckChain'>,
  collateral: Collateral,
  verdict: Verdict,
): Certificates {
  const all: Certificate[] = [];
  const read = (what: string, der: Bytes): Certificate => {
    const known = all.find((certificate) => equalBytes(certificate.encoding, der));
    if (known) return known;
    const certificate = parseCertificate(what, der, intelProfile);
    all.push(certificate);
    return certificate;
  };
  const certificates = verdict.reading('certificate', () => {
    const pck = read('PCK certificate', quote.pckChain[0]!);
    const pckCa = read('PCK CA certificate', quote.pckChain[1]!);
    const root = read('root CA certificate', quote.pckChain[2]!);
    const issuerChain = (what: string, chain: readonly Bytes[]): [Certificate, Certificate] => [
      read(what, chain[0]!),
      read('root CA certificate', chain[1]!),
    ];
    const pckCrlChain = issuerChain('PCK CRL issuer certificate', collateral.pckCrlIssuerChain);
    const tcbInfoChain = issuerChain('TCB signing certificate', collateral.tcbInfoIssuerChain);
    const qeIdentityChain = issuerChain(
      'QE identity signing certificate',
      collateral.qeIdentityIssuerChain,
    );
    return {
      pck,
      pckCa,
      root,
      platform: parsePckExtensions(pck),
      pckCrlIssuer: pckCrlChain[0],
      tcbInfoSigner: tcbInfoChain[0],
      qeIdentitySigner: qeIdentityChain[0],
      chains: [[pck, pckCa, root], pckCrlChain, tcbInfoChain, qeIdentityChain],
    };
  });
  verdict.passed('certificate', `${all.length} certificates, X.509 v3, ECDSA P-256`);
  const rootCrl = verdict.reading('crl', () => parseCrl('root CA CRL', collateral.rootCaCrl));
  const pckCrl = verdict.reading('crl', () => parseCrl('PCK CRL', collateral.pckCrl));
  verdict.passed(
    'crl',
    `root CA CRL (${rootCrl.revoked.size} revoked), PCK CRL (${pckCrl.revoked.size} revoked)`,
  );
  return { ...certificates, all, rootCrl, pckCrl };
}

/** Verifies that the vendor made them and that they hold at this time: `trust-anchor` to `certificate-revoked`. */
export async function verifyCertificates(
  certificates: Certificates,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<void> {
  const { chains } = certificates;
  verifyTrustAnchor(chains, 'intelRootKey', "Intel's SGX Root CA", anchors, verdict);
  await verifyChains(certificates, verdict);
  verifyValidity(certificates, at, verdict);
  await verifyCrls(certificates, verdict);
  verifyCrlValidity(certificates, at, verdict);
  verifyNotRevoked(certificates, verdict);
}

async function verifyChains(certificates: Certificates, verdict: Verdict): Promise<void> {
  const verified = new Map<Certificate, Certificate>();
  for (const chain of certificates.chains) {
    const flaw = await verifyChain(chain, verified);
    if (flaw !== null) verdict.refuse('certificate-chain', flaw);
  }
  const flaw = findRoleFlaw(certificates);
  if (flaw !== null) verdict.refuse('certificate-chain', flaw);
  verdict.passed('certificate-chain', 'issuers, CA constraints and signatures are right');
}

/** Names by which Intel's own library, too, tells what a certificate is for. */
const commonNames = {
  root: 'SGX Root CA',
  pck: 'SGX PCK Certificate',
  tcbSigner: 'SGX TCB Signing',
} as const;

/** A certificate for one purpose must not serve another: PCKs certify platforms, the TCB signer documents. */
function findRoleFlaw(certificates: Certificates): string | null {
  const { chains, pck, tcbInfoSigner, qeIdentitySigner } = certificates;
  for (const [certificate, commonName] of [
    [pck, commonNames.pck],
    [tcbInfoSigner, commonNames.tcbSigner],
    [qeIdentitySigner, commonNames.tcbSigner],
    ...chains.map((chain) => [chain.at(-1)!, commonNames.root] as const),
  ] as const) {
    if (!certificate.subject.commonName.includes(commonName)) {
      return `"${commonName}" expected in the name of the ${certificate.what}`;
    }
  }
  for (const leaf of [pck, tcbInfoSigner, qeIdentitySigner]) {
    if (leaf.pathLength !== null || !leaf.usage.digitalSignature) {
      return `the ${leaf.what} must be no CA, and for signatures`;
    }
  }
  const platformSigner = [tcbInfoSigner, qeIdentitySigner].find(hasSgxExtensions);
  return platformSigner ? `the ${platformSigner.what} is one of a platform` : null;
}

function verifyValidity({ all }: Certificates, at: Date, verdict: Verdict): void {
  for (const { what, validity } of all) {
    if (!isWithin(validity, at)) {
      verdict.refuse('certificate-validity', describeOutside(what, validity, at));
    }
  }
  const first = earliest(all.map(({ validity }) => validity.to));
  verdict.passed('certificate-validity', `valid at ${iso(at)}; the first one ends ${iso(first)}`);
}

async function verifyCrls(certificates: Certificates, verdict: Verdict): Promise<void> {
  const { pckCa, pckCrlIssuer, rootCrl, pckCrl, root } = certificates;
  if (
    !equalNames(pckCrlIssuer.subject, pckCa.subject) ||
    !equalBytes(pckCrlIssuer.publicKeyInfo, pckCa.publicKeyInfo)
  ) {
    verdict.refuse('crl-signature', 'the PCK CRL is for another CA than the one of this PCK');
  }
  const flaw = (await verifyCrl(rootCrl, root)) ?? (await verifyCrl(pckCrl, pckCa));
  if (flaw !== null) verdict.refuse('crl-signature', flaw);
  verdict.passed('crl-signature', 'issued and signed by the CAs that they are for');
}

function verifyCrlValidity({ rootCrl, pckCrl }: Certificates, at: Date, verdict: Verdict): void {
  for (const { what, validity } of [rootCrl, pckCrl]) {
    if (!isWithin(validity, at)) {
      verdict.refuse(
        'crl-validity',
        describeOutside(what, validity, at),
        'Judge with fresh collateral',
      );
    }
  }
  const first = earliest([rootCrl.validity.to, pckCrl.validity.to]);
  verdict.passed('crl-validity', `current at ${iso(at)}; the first one ends ${iso(first)}`);
}

function verifyNotRevoked({ all, pck, rootCrl, pckCrl }: Certificates, verdict: Verdict): void {
  for (const certificate of all) {
    const crl = certificate === pck ? pckCrl : rootCrl;
    if (crl.revoked.has(certificate.serialNumber)) {
      verdict.refuse('certificate-revoked', `the ${certificate.what} is on the ${crl.what}`);
    }
  }
  verdict.passed('certificate-revoked', 'no certificate is on the CRL of its issuer');
}

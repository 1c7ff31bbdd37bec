import type { TrustAnchors } from '../roots/trust-anchors.ts';
import type { Verdict } from '../verdict.ts';
import {
  type Certificate,
  type CertificateProfile,
  parseCertificate,
} from '../x509/certificate.ts';
import { type Chain, verifyChain } from '../x509/chain.ts';
import { describeOutside, earliest, iso, isWithin } from '../x509/period.ts';
import { verifyTrustAnchor } from '../x509/trust-anchor.ts';
import type { NitroDocument } from './document.ts';

/** Certificates of AWS's Nitro attestation PKI. AWS demands the two extensions; the others differ by level and year. */
const nitroProfile: CertificateProfile = {
  kinds: ['P-384'],
  required: ['keyUsage', 'basicConstraints'],
};

/** Parses the chain of a document, the enclave's certificate first: check `certificate`. */
export function readCertificates(document: NitroDocument, verdict: Verdict): Chain {
  const { certificate, caBundle } = document;
  const chain = verdict.reading('certificate', () => [
    parseCertificate('enclave certificate', certificate, nitroProfile),
    ...caBundle
      .map((der, index) => parseCertificate(nameOf(index), der, nitroProfile))
      .toReversed(),
  ]);
  verdict.passed('certificate', `${chain.length} certificates, X.509 v3, ECDSA P-384`);
  return chain;
}

function nameOf(index: number): string {
  return index === 0 ? 'root CA certificate' : `CA certificate ${index}`;
}

/**
 * Verifies that AWS made the chain and that it holds at this time: `trust-anchor` to `certificate-validity`. AWS's
 * procedure ("Certificates chain") forgoes revocation lists: the certificates live for three hours to a few weeks.
 *
 * @returns When the first certificate ends.
 */
export async function verifyCertificates(
  chain: Chain,
  { timestamp }: NitroDocument,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<Date> {
  verifyTrustAnchor([chain], 'awsNitroRootKey', 'AWS Nitro Enclaves Root G1', anchors, verdict);
  const leaf = chain[0]!;
  const flaw = (await verifyChain(chain, new Map())) ?? findLeafFlaw(leaf);
  if (flaw !== null) verdict.refuse('certificate-chain', flaw);
  verdict.passed('certificate-chain', 'issuers, CA constraints and signatures are right');
  for (const { what, validity } of chain) {
    if (!isWithin(validity, at)) {
      verdict.refuse('certificate-validity', describeOutside(what, validity, at));
    }
  }
  if (!isWithin(leaf.validity, timestamp)) {
    verdict.refuse(
      'certificate-validity',
      `the document is of ${iso(timestamp)}, when its certificate was not valid`,
    );
  }
  const first = earliest(chain.map(({ validity }) => validity.to));
  verdict.passed(
    'certificate-validity',
    `valid at ${iso(at)}; the first one ends ${iso(first)}; AWS's procedure has no revocation lists`,
  );
  return first;
}

function findLeafFlaw({ what, pathLength, usage }: Certificate): string | null {
  return pathLength === null && usage.digitalSignature
    ? null
    : `the ${what} must be no CA, and for signatures`;
}

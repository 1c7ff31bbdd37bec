import { acceptMissingCrl, type Policy, type UnmatchedPolicy } from '../policy.ts';
import type { AmdAnchors, PinnedAuthority, TrustAnchors } from '../roots/trust-anchors.ts';
import { vendorAnchors } from '../roots/vendor.ts';
import type { Verdict } from '../verdict.ts';
import {
  type Certificate,
  type CertificateProfile,
  parseCertificate,
} from '../x509/certificate.ts';
import { type Crl, parseCrl } from '../x509/crl.ts';
import { describeOutside, earliest, iso, isWithin, type Period } from '../x509/period.ts';
import { verifySignature } from '../x509/signature.ts';
import { adviseAboutAnchor } from '../x509/trust-anchor.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { FormatError } from '../encoding/format-error.ts';
import { type EkExtensions, parseEkExtensions } from './ek-extensions.ts';
import type { SnpEndorsements } from './endorsements.ts';
import type { SnpProduct } from './product.ts';

/** AMD 57230, §3.1: a P-384 key under an RSA-4096 one, and nothing but AMD's own extensions. */
const profile: CertificateProfile = { kinds: ['P-384', 'RSA-4096'], required: [] };

/** A VCEK or VLEK certificate, and the CRL of its product if one was given. Nothing in it is verified yet. */
export interface SnpCertificates {
  readonly ek: Certificate;
  readonly extensions: EkExtensions;
  readonly crl: Crl | null;
}

/** An endorsement key that AMD vouches for, at this time. */
export interface EndorsedKey {
  readonly product: SnpProduct;
  readonly kind: 'vcek' | 'vlek';
  /** When the first thing ends that vouches for it. */
  readonly validUntil: Date;
}

/** Parses certificate and CRL: checks `certificate` and `crl`. */
export function readCertificates(
  endorsements: SnpEndorsements,
  policy: Policy | UnmatchedPolicy,
  verdict: Verdict,
): SnpCertificates {
  const certificate = verdict.reading('certificate', () => {
    const ek = parseCertificate('endorsement key certificate', endorsements.ek, profile);
    if (ek.key.kind !== 'P-384' || ek.signedWith !== 'RSA-4096') {
      throw new FormatError(ek.what, 'a P-384 key under an RSA signature expected');
    }
    return { ek, extensions: parseEkExtensions(ek) };
  });
  verdict.passed('certificate', "X.509 v3 with AMD's extensions, a P-384 key");
  return { ...certificate, crl: readCrl(endorsements, policy, verdict) };
}

function readCrl(
  { crl: der }: SnpEndorsements,
  policy: Policy | UnmatchedPolicy,
  verdict: Verdict,
): Crl | null {
  if (der === null) {
    if (policy[acceptMissingCrl] !== true) {
      verdict.refuse(
        'crl',
        'no revocation list was given',
        "AMD publishes a product's at https://kdsintf.amd.com/vcek/v1/PRODUCT/crl (VLEK: /vlek/v1/…)",
      );
    }
    verdict.weakened('crl', 'none given, accepted by [acceptMissingCrl]');
    return null;
  }
  const crl = verdict.reading('crl', () => parseCrl('CRL', der));
  verdict.passed('crl', `complete X.509 v2 CRL, ${crl.revoked.size} revoked`);
  return crl;
}

/** One of the pinned keys that endorsement keys are certified with, and the root above it. */
interface Authority {
  readonly product: SnpProduct;
  readonly kind: EndorsedKey['kind'];
  readonly what: 'ASK' | 'ASVK';
  readonly pinned: PinnedAuthority;
  readonly root: PinnedAuthority;
  /** Name of the root. */
  readonly rootName: string;
}

/** Verifies that AMD made them and that they hold at this time: `trust-anchor` to `certificate-revoked`. */
export async function verifyCertificates(
  certificates: SnpCertificates,
  anchors: TrustAnchors,
  at: Date,
  verdict: Verdict,
): Promise<EndorsedKey> {
  const { ek, crl } = certificates;
  const authority = verifyAnchor(ek, anchors, verdict);
  await verifyChain(ek, authority, anchors.amd, verdict);
  const end = verifyValidity(ek, authority, at, verdict);
  if (crl) {
    await verifyCrl(crl, authority, verdict);
    verifyCrlValidity(crl, at, verdict);
    verifyNotRevoked(crl, ek, authority, verdict);
  } else {
    for (const check of ['crl-signature', 'crl-validity'] as const) {
      verdict.weakened(check, 'no CRL given, accepted by [acceptMissingCrl]');
    }
    verdict.weakened('certificate-revoked', 'not judged: no CRL given, by [acceptMissingCrl]');
  }
  const { product, kind } = authority;
  return { product, kind, validUntil: crl ? earliest([end, crl.validity.to]) : end };
}

/** Finds the pinned key that the certificate names as its issuer. */
function verifyAnchor(ek: Certificate, anchors: TrustAnchors, verdict: Verdict): Authority {
  const authority = authoritiesOf(anchors.amd).find(({ name }) => name === ek.issuer.text);
  if (!authority) {
    verdict.refuse(
      'trust-anchor',
      'the endorsement key certificate names an issuer that is none of the pinned ones',
      adviseAboutAnchor(
        ek.issuer.text.startsWith(vendorAnchors.amd.namePrefix),
        ek.issuer,
        anchors,
      ),
    );
  }
  const key = `the pinned ${authority.what} of ${authority.product}`;
  if (anchors.name === 'simulation') {
    verdict.weakened(
      'trust-anchor',
      `SIMULATION: under ${key}, whose private half is public; this proves nothing`,
    );
  } else {
    verdict.passed('trust-anchor', `under ${key}`);
  }
  return authority;
}

function authoritiesOf({ namePrefix, products }: AmdAnchors): (Authority & { name: string })[] {
  return Object.entries(products).flatMap(([line, { ark, ask, asvk }]) => {
    const product = line as SnpProduct;
    const common = { product, root: ark, rootName: `${namePrefix}ARK-${product}` };
    const name = (kind: string): string => `${namePrefix}SEV-${kind}${product}`;
    return [
      { ...common, name: name(''), kind: 'vcek', what: 'ASK', pinned: ask },
      { ...common, name: name('VLEK-'), kind: 'vlek', what: 'ASVK', pinned: asvk },
    ];
  });
}

async function verifyChain(
  ek: Certificate,
  { kind, what, pinned }: Authority,
  { namePrefix }: AmdAnchors,
  verdict: Verdict,
): Promise<void> {
  const name = `SEV-${kind.toUpperCase()}`;
  if (ek.subject.text !== namePrefix + name) {
    verdict.refuse('certificate-chain', `a certificate of ${name} expected under the ${what}`);
  }
  if (ek.pathLength !== null || ek.usage.keyCertSign) {
    verdict.refuse('certificate-chain', 'the endorsement key certificate must be no CA');
  }
  if (!(await isSignedWith(pinned, ek))) {
    verdict.refuse(
      'certificate-chain',
      `the endorsement key certificate is not signed by the pinned ${what}`,
    );
  }
  verdict.passed('certificate-chain', `${name}, signed by the pinned ${what}`);
}

async function isSignedWith(
  { n }: PinnedAuthority,
  { signedWith, signature, bodyBytes }: Certificate | Crl,
): Promise<boolean> {
  const modulus = decodeBase64('modulus', n);
  return (
    signedWith === 'RSA-4096' &&
    verifySignature({ kind: 'RSA-4096', modulus }, signature, bodyBytes)
  );
}

/** @returns The end of the first certificate that ends. */
function verifyValidity(
  ek: Certificate,
  { what, pinned, root }: Authority,
  at: Date,
  verdict: Verdict,
): Date {
  const periods: [string, Period][] = [
    [ek.what, ek.validity],
    [what, periodOf(pinned)],
    ['ARK', periodOf(root)],
  ];
  for (const [of, period] of periods) {
    if (!isWithin(period, at)) {
      verdict.refuse('certificate-validity', describeOutside(of, period, at));
    }
  }
  const end = earliest(periods.map(([, { to }]) => to));
  verdict.passed('certificate-validity', `valid at ${iso(at)}; the first one ends ${iso(end)}`);
  return end;
}

function periodOf({ from, to }: PinnedAuthority): Period {
  return { from: new Date(from), to: new Date(to) };
}

/** The key is pinned, so what a key identifier says of it adds nothing. */
async function verifyCrl(
  crl: Crl,
  { product, root, rootName }: Authority,
  verdict: Verdict,
): Promise<void> {
  if (crl.issuer.text !== rootName) {
    verdict.refuse('crl-signature', `the CRL names another issuer than the ARK of ${product}`);
  }
  if (!(await isSignedWith(root, crl))) {
    verdict.refuse('crl-signature', `the CRL is not signed by the pinned ARK of ${product}`);
  }
  verdict.passed('crl-signature', `issued and signed by the pinned ARK of ${product}`);
}

function verifyCrlValidity({ what, validity }: Crl, at: Date, verdict: Verdict): void {
  if (!isWithin(validity, at)) {
    verdict.refuse(
      'crl-validity',
      describeOutside(what, validity, at),
      'Judge with a fresh revocation list',
    );
  }
  verdict.passed('crl-validity', `current at ${iso(at)}; it ends ${iso(validity.to)}`);
}

function verifyNotRevoked(
  { revoked }: Crl,
  ek: Certificate,
  { what, pinned, root }: Authority,
  verdict: Verdict,
): void {
  for (const { of, serialNumber } of [
    { of: ek.what, serialNumber: ek.serialNumber },
    { of: what, serialNumber: pinned.serialNumber },
    { of: 'ARK', serialNumber: root.serialNumber },
  ]) {
    if (revoked.has(serialNumber)) {
      verdict.refuse('certificate-revoked', `the ${of} is on the CRL`);
    }
  }
  verdict.passed('certificate-revoked', `neither ${what} nor endorsement key is on the CRL`);
}

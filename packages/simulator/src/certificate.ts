import { toHex } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { generateKeys } from './keys.ts';
import { certificatePem } from './pem.ts';
import type { Validity } from './validity.ts';
import {
  AuthorityKeyIdentifierExtension,
  CRLDistributionPointsExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts';
import type { Extension, Name } from './x509.ts';

/** What a certificate says, before it is signed. */
export interface CertificateTemplate {
  /** Hexadecimal, unsigned. */
  readonly serialNumber: string;
  readonly subject: Name;
  readonly issuer: Name;
  readonly validity: Validity;
  /** In the order in which they are written. */
  readonly extensions: readonly Extension[];
}

/** How one certificate departs from a good one. */
export interface CertificateOverrides {
  readonly validity?: Validity;
  /** Its own key pair. Default a fresh one; for the root, the public simulation key. */
  readonly keys?: CryptoKeyPair;
  /** The key that signs it. Default the issuer's. */
  readonly signedBy?: CryptoKey;
  /** Changes what is signed. */
  readonly edit?: (template: CertificateTemplate) => CertificateTemplate;
  /** Changes the DER after it was signed. */
  readonly tamper?: (der: Bytes) => Bytes;
}

/** A certificate of the fake vendor, with the key that it certifies. */
export interface SimulatedCertificate {
  readonly subject: Name;
  /** Hexadecimal, unsigned. */
  readonly serialNumber: string;
  /** Subject key identifier, hexadecimal. */
  readonly keyId: string;
  readonly keys: CryptoKeyPair;
  readonly der: Bytes;
  /** Ends in a line feed. */
  readonly pem: string;
}

/** What differs between the kinds of certificate. */
export interface CertificateProfile {
  readonly subject: Name;
  readonly validity: Validity;
  /** Hexadecimal. Default: the key identifier, as in the vendor's own CA certificates. */
  readonly serialNumber?: string;
  readonly crlUrl: string;
  /** What follows the three extensions that all kinds share. */
  readonly extensions: readonly Extension[];
}

/** Issues a certificate of a kind; without an issuer it is self-signed. */
export async function issueCertificate(
  profile: CertificateProfile,
  issuer: SimulatedCertificate | null,
  overrides: CertificateOverrides = {},
): Promise<SimulatedCertificate> {
  const keys = overrides.keys ?? (await generateKeys());
  const keyId = await keyIdentifier(keys.publicKey);
  const template: CertificateTemplate = {
    serialNumber: profile.serialNumber ?? keyId,
    subject: profile.subject,
    issuer: issuer?.subject ?? profile.subject,
    validity: overrides.validity ?? profile.validity,
    extensions: [
      new AuthorityKeyIdentifierExtension(issuer?.keyId ?? keyId),
      new CRLDistributionPointsExtension([profile.crlUrl]),
      new SubjectKeyIdentifierExtension(keyId),
      ...profile.extensions,
    ],
  };
  const edited = overrides.edit?.(template) ?? template;
  const signed = await X509CertificateGenerator.create({
    serialNumber: edited.serialNumber,
    subject: edited.subject,
    issuer: edited.issuer,
    notBefore: edited.validity.from,
    notAfter: edited.validity.to,
    extensions: [...edited.extensions],
    publicKey: keys.publicKey,
    signingKey: overrides.signedBy ?? (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  const der = new Uint8Array(signed.rawData);
  return certified(edited, keyId, keys, overrides.tamper?.(der) ?? der);
}

/** The certificate in a PEM text together with the key pair that belongs to it. */
export async function adoptCertificate(
  pem: string,
  keys: CryptoKeyPair,
): Promise<SimulatedCertificate> {
  const certificate = new X509Certificate(pem);
  const { serialNumber, subjectName: subject } = certificate;
  const keyId = await keyIdentifier(keys.publicKey);
  return certified({ serialNumber, subject }, keyId, keys, new Uint8Array(certificate.rawData));
}

function certified(
  { serialNumber, subject }: Pick<CertificateTemplate, 'serialNumber' | 'subject'>,
  keyId: string,
  keys: CryptoKeyPair,
  der: Bytes,
): SimulatedCertificate {
  return { subject, serialNumber, keyId, keys, der, pem: certificatePem(der) };
}

/** RFC 5280, section 4.2.1.2, method 1. */
async function keyIdentifier(key: CryptoKey): Promise<string> {
  const point = await crypto.subtle.exportKey('raw', key);
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-1', point)));
}

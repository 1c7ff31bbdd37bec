import type { Bytes } from './bytes.ts';
import type { SimulatedCertificate } from './certificate.ts';
import { integer } from './der.ts';
import type { Validity } from './validity.ts';
import {
  AuthorityKeyIdentifierExtension,
  Extension,
  X509CrlGenerator,
  X509CrlReason,
} from './x509.ts';
import type { Name } from './x509.ts';

/** What a CRL says, before it is signed. */
export interface CrlTemplate {
  readonly issuer: Name;
  readonly validity: Validity;
  /** Serial numbers, hexadecimal. */
  readonly revoked: readonly string[];
  /** In the order in which they are written. */
  readonly extensions: readonly Extension[];
}

/** How one CRL departs from a good one. */
export interface CrlOverrides {
  readonly validity?: Validity;
  /** The key that signs it. Default the issuer's. */
  readonly signedBy?: CryptoKey;
  /** Changes what is signed. */
  readonly edit?: (template: CrlTemplate) => CrlTemplate;
  /** Changes the DER after it was signed. */
  readonly tamper?: (der: Bytes) => Bytes;
}

/** Issues the CRL of a CA, with the members and extensions that the vendor's have. */
export async function issueCrl(
  issuer: SimulatedCertificate,
  validity: Validity,
  revoked: readonly SimulatedCertificate[],
  overrides: CrlOverrides = {},
): Promise<Bytes> {
  const template: CrlTemplate = {
    issuer: issuer.subject,
    validity: overrides.validity ?? validity,
    revoked: revoked.map((certificate) => certificate.serialNumber),
    extensions: [
      new Extension('2.5.29.20', false, integer(1)), // CRL number
      new AuthorityKeyIdentifierExtension(issuer.keyId),
    ],
  };
  const edited = overrides.edit?.(template) ?? template;
  const crl = await X509CrlGenerator.create({
    issuer: edited.issuer,
    thisUpdate: edited.validity.from,
    nextUpdate: edited.validity.to,
    entries: edited.revoked.map((serialNumber) => ({
      serialNumber,
      revocationDate: edited.validity.from,
      reason: X509CrlReason.keyCompromise,
    })),
    extensions: [...edited.extensions],
    signingKey: overrides.signedBy ?? issuer.keys.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  const der = new Uint8Array(crl.rawData);
  return overrides.tamper?.(der) ?? der;
}

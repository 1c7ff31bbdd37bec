import { fromHex } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import type {
  CertificateOverrides,
  CertificateTemplate,
  SimulatedCertificate,
} from '../certificate.ts';
import { bits, explicit, integer, sequence, time, unsigned } from '../der.ts';
import { certificatePem } from '../pem.ts';
import { keyIdentifier } from './keys.ts';
import { signature, signatureAlgorithm } from './signature.ts';

/** What a certificate is made of; with what it is signed follows from the key. */
export interface CertificateIssue {
  readonly template: CertificateTemplate;
  /** What it certifies. */
  readonly keys: CryptoKeyPair;
  /** Unless `overrides.signedBy` says otherwise. */
  readonly signingKey: CryptoKey;
  /** Whether an RSA-PSS algorithm is written with its trailer field. Default false. */
  readonly trailerField?: boolean;
  readonly overrides?: CertificateOverrides | undefined;
}

/** Writes and signs a certificate of any key and algorithm: RFC 5280, section 4.1. */
export async function signCertificate(issue: CertificateIssue): Promise<SimulatedCertificate> {
  const { keys, overrides = {} } = issue;
  const key = overrides.signedBy ?? issue.signingKey;
  const validity = overrides.validity ?? issue.template.validity;
  const valid: CertificateTemplate = { ...issue.template, validity };
  const template = overrides.edit?.(valid) ?? valid;
  const algorithm = signatureAlgorithm(key, issue.trailerField);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey));
  const tbs = sequence(
    explicit(0, integer(2)), // version 3
    unsigned(fromHex(template.serialNumber)),
    algorithm,
    new Uint8Array(template.issuer.toArrayBuffer()),
    sequence(time(template.validity.from), time(template.validity.to)),
    new Uint8Array(template.subject.toArrayBuffer()),
    spki,
    ...(template.extensions.length === 0 ? [] : [explicit(3, extensions(template))]),
  );
  const signed = sequence(tbs, algorithm, bits(await signature(key, tbs)));
  const der = overrides.tamper?.(signed) ?? signed;
  return {
    subject: template.subject,
    serialNumber: template.serialNumber,
    keyId: await keyIdentifier(keys.publicKey),
    keys,
    der,
    pem: certificatePem(der),
  };
}

function extensions(template: Pick<CertificateTemplate, 'extensions'>): Bytes {
  return sequence(...template.extensions.map(({ rawData }) => new Uint8Array(rawData)));
}

import { signCertificate } from '../authority/certificate.ts';
import { generateP384Keys, importP384Keys, keyIdentifier } from '../authority/keys.ts';
import { toHex } from '../bytes.ts';
import { adoptCertificate } from '../certificate.ts';
import type { CertificateOverrides, SimulatedCertificate } from '../certificate.ts';
import { disclaimer } from '../distinguished-name.ts';
import { around } from '../validity.ts';
import type { Validity } from '../validity.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
} from '../x509.ts';
import type { Extension } from '../x509.ts';
import { publicNitroPrivateKey } from './root-key.ts';
import { nitroRootPem } from './root-certificate.ts';

/** The chain of a document, top down; all but the last are its `cabundle`. */
export interface NitroCertificates {
  readonly root: SimulatedCertificate;
  readonly regional: SimulatedCertificate;
  readonly zonal: SimulatedCertificate;
  readonly instance: SimulatedCertificate;
  /** Of the enclave; its key signs the document. */
  readonly leaf: SimulatedCertificate;
}

/** The kinds of certificate, by name. */
export type NitroCertificateName = keyof NitroCertificates;

/** What the certificates and the document say of the enclave. */
export interface NitroIdentity {
  /** `i-` and 17 hexadecimal digits. */
  readonly instanceId: string;
  /** 16 hexadecimal digits. */
  readonly enclaveId: string;
}

const authorityUsage =
  KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;

/** Issues the chain of an enclave, top down. */
export async function createNitroCertificates(
  at: Date,
  { instanceId, enclaveId }: NitroIdentity,
  overrides: Partial<Record<NitroCertificateName, CertificateOverrides>> = {},
): Promise<NitroCertificates> {
  const domain = 'us-east-1.aws.nitro-enclaves';
  const root = await createNitroRoot(overrides.root);
  const regional = await issue(root, overrides.regional, {
    serialNumber: randomHex(16),
    subject: awsName(`${randomHex(8)}.${domain}`),
    validity: around(at, 5, 15),
    extensions: (keyId) => intermediateExtensions(2, keyId, root.keyId, 'aws-nitro-enclaves'),
  });
  const zonal = await issue(regional, overrides.zonal, {
    serialNumber: randomHex(16),
    subject: zonalName(`${randomHex(8)}.zonal.${domain}`),
    validity: around(at, 1, 5),
    extensions: (keyId) => intermediateExtensions(1, keyId, regional.keyId, 'crl-us-east-1'),
  });
  const instance = await issue(zonal, overrides.instance, {
    serialNumber: randomHex(20),
    subject: hostName(`${instanceId}.${domain}`),
    validity: around(at, 0.5, 0.5),
    extensions: () => [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const validity = around(at, 1 / 24, 2 / 24); // three hours, as AWS does
  const seconds = Math.floor(validity.from.getTime() / 1000);
  const leaf = await issue(instance, overrides.leaf, {
    serialNumber: enclaveId + seconds.toString(16).padStart(16, '0'),
    subject: hostName(`${instanceId}-enc${enclaveId}.us-east-1.aws`),
    validity,
    extensions: () => [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation),
    ],
  });
  return { root, regional, zonal, instance, leaf };
}

/** The root of one chain: the committed certificate, unless something about it shall be wrong. */
async function createNitroRoot(overrides?: CertificateOverrides): Promise<SimulatedCertificate> {
  const keys = overrides?.keys ?? (await importP384Keys(publicNitroPrivateKey));
  const keyId = await keyIdentifier(keys.publicKey);
  if (overrides === undefined) return adoptCertificate(nitroRootPem, keys);
  const subject = awsName('aws.nitro-enclaves');
  return signCertificate({
    template: {
      serialNumber: keyId,
      subject,
      issuer: subject,
      validity: {
        from: new Date('2019-10-28T13:28:05Z'),
        to: new Date('2049-10-28T14:28:05Z'),
      },
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new SubjectKeyIdentifierExtension(keyId),
        new KeyUsagesExtension(authorityUsage, true),
      ],
    },
    keys,
    signingKey: keys.privateKey,
    overrides,
  });
}

interface Profile {
  readonly serialNumber: string;
  readonly subject: Name;
  readonly validity: Validity;
  /** Given the key identifier of the certified key. */
  readonly extensions: (keyId: string) => readonly Extension[];
}

async function issue(
  issuer: SimulatedCertificate,
  overrides: CertificateOverrides | undefined,
  profile: Profile,
): Promise<SimulatedCertificate> {
  const keys = overrides?.keys ?? (await generateP384Keys());
  const extensions = profile.extensions(await keyIdentifier(keys.publicKey));
  return signCertificate({
    template: { ...profile, issuer: issuer.subject, extensions },
    keys,
    signingKey: issuer.keys.privateKey,
    overrides,
  });
}

function intermediateExtensions(
  pathLength: number,
  keyId: string,
  issuerKeyId: string,
  crlHost: string,
): Extension[] {
  const crlUrl = `http://${crlHost}.blindai-simulation.invalid/crl/00000000-0000-0000-0000-000000000000.crl`;
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new AuthorityKeyIdentifierExtension(issuerKeyId),
    new SubjectKeyIdentifierExtension(keyId),
    new KeyUsagesExtension(authorityUsage, true),
    new CRLDistributionPointsExtension([crlUrl]),
  ];
}

/** Names as AWS writes them, in its three orders; the disclaimer is the OU, AWS's "AWS". */
function awsName(commonName: string): Name {
  return new Name([
    { C: [{ printableString: 'US' }] },
    { O: [{ utf8String: 'Amazon' }] },
    { OU: [{ utf8String: disclaimer }] },
    { CN: [{ utf8String: commonName }] },
  ]);
}

function zonalName(commonName: string): Name {
  return new Name([
    { CN: [{ utf8String: commonName }] },
    { OU: [{ utf8String: disclaimer }] },
    { O: [{ utf8String: 'Amazon' }] },
    { C: [{ printableString: 'US' }] },
    { ST: [{ utf8String: 'WA' }] },
    { L: [{ utf8String: 'Seattle' }] },
  ]);
}

function hostName(commonName: string): Name {
  return new Name([
    { C: [{ printableString: 'US' }] },
    { ST: [{ utf8String: 'Washington' }] },
    { L: [{ utf8String: 'Seattle' }] },
    { O: [{ utf8String: 'Amazon' }] },
    { OU: [{ utf8String: disclaimer }] },
    { CN: [{ utf8String: commonName }] },
  ]);
}

/** As many random bytes in hexadecimal, the first of them not zero. */
export function randomHex(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  bytes[0] = (bytes[0] ?? 0) | 0x40;
  return toHex(bytes);
}

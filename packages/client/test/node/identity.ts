import 'reflect-metadata';
import { KeyObject, X509Certificate, webcrypto } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';

/** A TLS key with a certificate for it. */
export interface Identity {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly cert: string;
  readonly key: string;
  readonly keys: CryptoKeyPair;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let serialNumber = 1;

/** A fresh key with a self-signed certificate. */
export async function createIdentity(): Promise<Identity> {
  return await certify(await createKeys());
}

/** Another certificate of the same key. */
export async function withOtherCertificate(identity: Identity): Promise<Identity> {
  return await certify(identity.keys);
}

/** A fresh key with a certificate that the identity's key signed, as a CA would. */
export async function signedBy(issuer: Identity): Promise<Identity> {
  return await certify(await createKeys(), issuer.keys.privateKey);
}

async function createKeys(): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function certify(keys: CryptoKeyPair, signingKey = keys.privateKey): Promise<Identity> {
  serialNumber += 1;
  const issued = await X509CertificateGenerator.create({
    serialNumber: serialNumber.toString(16).padStart(4, '0'),
    subject: 'CN=blindai-srv',
    issuer: 'CN=blindai-srv',
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('9999-12-31T23:59:59Z'),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
  });
  const certificate = new Uint8Array(issued.rawData);
  return {
    certificate,
    cert: new X509Certificate(certificate).toString(),
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    keys,
  };
}

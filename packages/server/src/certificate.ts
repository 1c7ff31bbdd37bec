import type { webcrypto } from 'node:crypto';
// The library keeps its registries with reflect-metadata, which therefore must be loaded first.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** The name that every client of the attested ports expects, whatever the host is called. */
export const serverName = 'blindai-srv';

/** The enclave's clock belongs to the host, so the certificate is valid at any time a clock may show. */
const notBefore = new Date('2000-01-01T00:00:00Z');
/** RFC 5280 §4.1.2.5: "no well-defined expiration date". */
const notAfter = new Date('9999-12-31T23:59:59Z');

/**
 * Makes the self-signed TLS certificate that evidence names.
 *
 * @param keys - ECDSA P-256.
 * @returns The certificate in DER.
 */
export async function createCertificate(
  keys: webcrypto.CryptoKeyPair,
): Promise<Uint8Array<ArrayBuffer>> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${serverName}`,
    keys,
    notBefore,
    notAfter,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: serverName }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

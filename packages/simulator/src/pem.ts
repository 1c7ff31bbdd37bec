import type { Bytes } from './bytes.ts';
import { PemConverter } from './x509.ts';

/** A certificate as PEM, ending in a line feed. */
export function certificatePem(der: Bytes): string {
  return `${PemConverter.encode(der, 'CERTIFICATE')}\n`;
}

/** A CRL as PEM, ending in a line feed. */
export function crlPem(der: Bytes): string {
  return `${PemConverter.encode(der, 'X509 CRL')}\n`;
}

/** The bytes of the one block in a PEM text. */
export function fromPem(pem: string): Bytes {
  return new Uint8Array(PemConverter.decodeFirst(pem));
}

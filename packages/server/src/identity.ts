import { KeyObject, webcrypto } from 'node:crypto';
import { encodeKeyset, type ServerConfig } from '@blindai/protocol';
import { createCertificate } from './certificate.ts';

/** The server's keys and what vouches for them. Made at boot, gone with the process (trust.md, "Keyset"). */
export interface Identity {
  /** DER. */
  readonly certificate: Uint8Array<ArrayBuffer>;
  /** As evidence covers it: the certificate's hash and the configuration. */
  readonly keyset: Uint8Array;
  /** The TLS key (PKCS #8, PEM), for the listeners and no one else: never written, sent or logged. */
  readonly privateKeyPem: string;
}

/** Makes the TLS key, its certificate and the keyset that names both the certificate and `config`. */
export async function createIdentity(config: ServerConfig): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const certificate = await createCertificate(keys);
  const tls = new Uint8Array(await webcrypto.subtle.digest('SHA-256', certificate));
  const privateKeyPem = KeyObject.from(keys.privateKey)
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
  return Object.freeze(
    Object.defineProperty({ certificate, keyset: encodeKeyset({ tls, config }) }, 'privateKeyPem', {
      value: privateKeyPem,
      enumerable: false,
    }) as Identity,
  );
}

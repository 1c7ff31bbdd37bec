import { concat, sha256 } from '../bytes.ts';
import type { Bytes } from '../bytes.ts';
import { fromBase64Url } from './base64url.ts';
import { bigEndian, sized } from './big-endian.ts';

/** A restricted signing key of a simulated TPM: RSA-2048, RSASSA (PKCS#1 v1.5) with SHA-256. */
export interface TpmAttestationKey {
  readonly keys: CryptoKeyPair;
  /** The modulus, 256 bytes, base64url without padding; the exponent is 65 537. */
  readonly n: string;
  /** TPMT_PUBLIC. */
  readonly publicArea: Bytes;
  /** The qualified name, 34 bytes: as of a primary key in the owner's hierarchy. */
  readonly qualifiedName: Bytes;
}

/** Numbers of "TPM 2.0 Library, Part 2: Structures", sections 6.3, 6.5 and 8.3. */
const algorithms = { rsa: 0x0001, sha256: 0x000b, null: 0x0010, rsassa: 0x0014 } as const;
const ownerHierarchy = 0x4000_0001;
/** fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign. */
const attributes = 0x0005_0072;

/** Makes a fresh attestation key. */
export async function createAttestationKey(): Promise<TpmAttestationKey> {
  const keys = await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
    },
    true,
    ['sign', 'verify'],
  );
  const { n = '' } = await crypto.subtle.exportKey('jwk', keys.publicKey);
  const publicArea = concat(
    bigEndian(algorithms.rsa, 2),
    bigEndian(algorithms.sha256, 2),
    bigEndian(attributes, 4),
    sized(new Uint8Array()), // no policy
    bigEndian(algorithms.null, 2), // encrypts nothing
    bigEndian(algorithms.rsassa, 2),
    bigEndian(algorithms.sha256, 2),
    bigEndian(2048, 2),
    bigEndian(0, 4), // the default exponent
    sized(fromBase64Url(n)),
  );
  const name = await named(publicArea);
  const qualifiedName = await named(concat(bigEndian(ownerHierarchy, 4), name));
  return { keys, n, publicArea, qualifiedName };
}

/** Names are a hash after its algorithm: "TPM 2.0 Library, Part 1: Architecture", section 16. */
async function named(bytes: Bytes): Promise<Bytes> {
  return concat(bigEndian(algorithms.sha256, 2), await sha256(bytes));
}

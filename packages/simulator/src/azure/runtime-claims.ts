import { toHex } from '../bytes.ts';
import { toBase64Url } from '../tpm/base64url.ts';

/** A key of the virtual TPM as a JWK. */
export interface RuntimeKey {
  /** `HCLAkPub` signs quotes; `HCLEkPub` encrypts. */
  readonly kid: string;
  readonly key_ops: readonly string[];
  readonly kty: string;
  readonly e: string;
  readonly n: string;
}

/** What the hardware's report vouches for by a hash, in Azure's order. */
export interface RuntimeClaims {
  readonly keys: readonly RuntimeKey[];
  readonly 'vm-configuration': Readonly<Record<string, boolean | string>>;
  /** 64 bytes, hexadecimal. */
  readonly 'user-data': string;
}

/** The claims of a virtual machine whose attestation key has this modulus. */
export function createRuntimeClaims(tee: 'snp' | 'tdx', n: string): RuntimeClaims {
  const tdx = tee === 'tdx';
  return {
    keys: [
      { kid: 'HCLAkPub', key_ops: ['sign'], kty: 'RSA', e: 'AQAB', n },
      { kid: 'HCLEkPub', key_ops: ['encrypt'], kty: 'RSA', e: 'AQAB', n: randomModulus() },
    ],
    'vm-configuration': {
      'console-enabled': true,
      ...(tdx ? { 'root-cert-thumbprint': toBase64Url(random(32)) } : {}),
      'secure-boot': true,
      'tpm-enabled': true,
      ...(tdx ? { 'tpm-persisted': false } : {}),
      vmUniqueId: crypto.randomUUID().toUpperCase(),
    },
    'user-data': toHex(new Uint8Array(64)),
  };
}

/** Nothing here is ever encrypted to the endorsement key, so nobody has its private half. */
function randomModulus(): string {
  const modulus = random(256);
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[255] = (modulus[255] ?? 0) | 0x01;
  return toBase64Url(modulus);
}

function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

import type { SnpProduct } from '../snp/product.ts';

/**
 * Whose keys are trusted. A set holds either the vendors' keys or the simulator's, never both; the two
 * sets that exist are `vendorAnchors` and, in `@blindai/attestation/simulation`, `simulationAnchors`.
 */
export interface TrustAnchors {
  readonly name: 'vendor' | 'simulation';
  /** SubjectPublicKeyInfo (DER, hex) of the root that certifies Intel platforms. */
  readonly intelRootKey: string;
  /** The same of the root that certifies Nitro enclaves. */
  readonly awsNitroRootKey: string;
  /** AMD's own keys, each with what its certificate says. */
  readonly amd: AmdAnchors;
}

/** What a verifier of SEV-SNP pins, in place of AMD's own certificates. */
export interface AmdAnchors {
  /** What every name of AMD's begins with, up to the value of its common name. */
  readonly namePrefix: string;
  readonly products: Readonly<Record<SnpProduct, AmdAuthorities>>;
}

/** AMD's own keys for one product line. */
export interface AmdAuthorities {
  /** The root, which signs the other two and the revocation list. */
  readonly ark: PinnedAuthority;
  /** Signs the certificates of VCEKs, the chips' own keys. */
  readonly ask: PinnedAuthority;
  /** Signs the certificates of VLEKs, which AMD gives to cloud providers. */
  readonly asvk: PinnedAuthority;
}

/** What is pinned of a certificate. */
export interface PinnedAuthority {
  /** Hex. */
  readonly serialNumber: string;
  /** Its validity, both ends included; ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Modulus of the RSA-4096 key, base64url; the exponent is 65537. */
  readonly n: string;
}

const defined = new WeakSet<TrustAnchors>();

/** For `roots/` alone; the package does not export it. */
export function defineTrustAnchors(anchors: TrustAnchors): TrustAnchors {
  const set = freeze({ ...anchors });
  defined.add(set);
  return set;
}

/** Whether this is a set that `roots/` defines: a look-alike built elsewhere is none. */
export function isTrustAnchors(anchors: TrustAnchors): boolean {
  return defined.has(anchors);
}

/** Freezes an object and all that is in it. */
function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object') freeze(member);
  return Object.freeze(value);
}

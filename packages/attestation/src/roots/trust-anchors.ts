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
}

const defined = new WeakSet<TrustAnchors>();

/** For `roots/` alone; the package does not export it. */
export function defineTrustAnchors(anchors: TrustAnchors): TrustAnchors {
  const set = Object.freeze({ ...anchors });
  defined.add(set);
  return set;
}

/** Whether this is a set that `roots/` defines: a look-alike built elsewhere is none. */
export function isTrustAnchors(anchors: TrustAnchors): boolean {
  return defined.has(anchors);
}

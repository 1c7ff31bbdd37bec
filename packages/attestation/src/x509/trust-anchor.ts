import { encodeHex } from '../encoding/hex.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import { vendorAnchors } from '../roots/vendor.ts';
import type { Verdict } from '../verdict.ts';
import type { Chain } from './chain.ts';
import type { Name } from './name.ts';

/** A root key that is pinned as it is. */
type RootKey = 'intelRootKey' | 'awsNitroRootKey';

/**
 * Makes the check `trust-anchor`: every chain ends in the pinned root key.
 *
 * @param owner - Whose key it is, for the row.
 */
export function verifyTrustAnchor(
  chains: readonly Chain[],
  rootKey: RootKey,
  owner: string,
  anchors: TrustAnchors,
  verdict: Verdict,
): void {
  for (const chain of chains) {
    const root = chain.at(-1)!;
    const key = encodeHex(root.publicKeyInfo);
    if (key !== anchors[rootKey]) {
      verdict.refuse(
        'trust-anchor',
        `the chain of the ${chain[0]!.what} ends in another root key than the pinned one`,
        adviseAboutAnchor(key === vendorAnchors[rootKey], root.subject, anchors),
      );
    }
  }
  if (anchors.name === 'simulation') {
    verdict.weakened(
      'trust-anchor',
      "SIMULATION: every chain ends in the simulator's root key, whose private half is public; this proves nothing",
    );
  } else {
    verdict.passed('trust-anchor', `every chain ends in the pinned key of ${owner}`);
  }
}

/**
 * Says what may have happened; by what a certificate claims to be, so it is a hint and no finding.
 *
 * @param isVendors - Whether it claims to be of the vendor's own.
 * @param name - That of its issuer or, of a root, its own.
 */
export function adviseAboutAnchor(isVendors: boolean, name: Name, anchors: TrustAnchors): string {
  if (anchors.name === 'simulation') {
    return isVendors
      ? "This ends in the vendor's own root: judge it without `simulation: true` (--simulation)"
      : '';
  }
  return name.text.includes('SIMULATION')
    ? 'This is a simulation and protects nothing: only `simulation: true` (--simulation) accepts it'
    : '';
}

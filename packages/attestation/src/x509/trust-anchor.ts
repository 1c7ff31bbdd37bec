import { encodeHex } from '../encoding/hex.ts';
import type { TrustAnchors } from '../roots/trust-anchors.ts';
import { vendorAnchors } from '../roots/vendor.ts';
import type { Verdict } from '../verdict.ts';
import type { Certificate } from './certificate.ts';
import type { Chain } from './chain.ts';

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
        adviseAboutRoot(root, key === vendorAnchors[rootKey], anchors),
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

/** Says what may have happened; by what the root claims to be, so it is a hint and no finding. */
function adviseAboutRoot(root: Certificate, isVendors: boolean, anchors: TrustAnchors): string {
  if (anchors.name === 'simulation') {
    return isVendors
      ? "These chains end in the vendor's own root: judge them without `simulation: true` (--simulation)"
      : '';
  }
  return new TextDecoder().decode(root.subject.encoding).includes('SIMULATION')
    ? 'This is a simulation and protects nothing: only `simulation: true` (--simulation) accepts it'
    : '';
}

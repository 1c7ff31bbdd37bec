import { defineTrustAnchors, type TrustAnchors } from './trust-anchors.ts';

/**
 * The hardware vendors' own root keys.
 *
 * Intel: public key of "Intel SGX Root CA" (P-256), from
 * https://certificates.trustedservices.intel.com/IntelSGXRootCA.der
 * (SHA-256 of that file: 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3).
 */
export const vendorAnchors: TrustAnchors = defineTrustAnchors({
  name: 'vendor',
  intelRootKey:
    '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
    '0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5' +
    '67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
});

import { amdAnchors } from './amd.ts';
import { defineTrustAnchors, type TrustAnchors } from './trust-anchors.ts';

/**
 * The hardware vendors' own root keys.
 *
 * Intel: public key of "Intel SGX Root CA" (P-256), from
 * https://certificates.trustedservices.intel.com/IntelSGXRootCA.der
 * (SHA-256 of that file: 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3).
 *
 * AWS: public key of "aws.nitro-enclaves", Root G1 (P-384), from
 * https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip
 * (SHA-256 of the certificate: 641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b).
 */
export const vendorAnchors: TrustAnchors = defineTrustAnchors({
  name: 'vendor',
  intelRootKey:
    '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
    '0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5' +
    '67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
  awsNitroRootKey:
    '3076301006072a8648ce3d020106052b8104002203620004' +
    'fc0254eba608c1f36870e29ada90be46383292736e894bfff672d989444b5051e534a4b1f6dbe3c0bc581a32b7b17607' +
    '0ede12d69a3fea211b66e752cf7dd1dd095f6f1370f4170843d9dc100121e4cf63012809664487c9796284304dc53ff4',
  amd: amdAnchors,
});

/**
 * A fake hardware vendor in the real formats, for tests. Its root's private key is public: it protects nothing.
 *
 * @packageDocumentation
 */
export type { Bytes } from './bytes.ts';
export { flags } from './enclave-report.ts';
export type { EnclaveReport } from './enclave-report.ts';
export type {
  CertificateOverrides,
  CertificateTemplate,
  SimulatedCertificate,
} from './certificate.ts';
export { collateralJson } from './collateral.ts';
export type { CollateralOptions, SimulatedCollateral } from './collateral.ts';
export type { CrlOverrides, CrlTemplate } from './crl.ts';
export { disclaimer } from './distinguished-name.ts';
export { emit } from './emit.ts';
export type { EmitOptions, Emitted } from './emit.ts';
export type { CertificateName, Hierarchy } from './hierarchy.ts';
export { generateKeys } from './keys.ts';
export { createPlatform } from './platform.ts';
export type { PlatformOptions, SimulatedPlatform } from './platform.ts';
export type { QeIdentity, QeTcbLevel, SimulatedQeStatus } from './qe-identity.ts';
export type { QuoteHeader, QuoteOptions } from './quote.ts';
export { publicRootPrivateKey, rootPem } from './root.ts';
export type { MachineIdentity } from './sgx-extension.ts';
export type { DocumentOverrides } from './signed-document.ts';
export { simulatedTcbStatuses } from './tcb-info.ts';
export type { SimulatedTcbStatus, TcbInfo, TcbLevel } from './tcb-info.ts';
export { expired, notYetValid } from './validity.ts';
export { Extension } from './x509.ts';
export type { Validity } from './validity.ts';
export { nitroSimulationRootKey, publicNitroPrivateKey } from './nitro/root-key.ts';
export { amdSimulationRoots, snpProducts } from './snp/product.ts';
export type {
  AmdSimulationIntermediate,
  AmdSimulationKey,
  AmdSimulationRoots,
  SnpProduct,
} from './snp/product.ts';
export { publicAmdPrivateKeys } from './snp/public-keys.ts';
export type { RsaPrivateKey } from './snp/public-keys.ts';

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
export type { EmitOptions, Emitted, EmittedQuote } from './emit.ts';
export { emittedTees } from './emitted-tees.ts';
export type { EmittedTee } from './emitted-tees.ts';
export type { CertificateName, Hierarchy } from './hierarchy.ts';
export type { IntelTee } from './intel-tee.ts';
export { generateKeys } from './keys.ts';
export { createPlatform } from './platform.ts';
export type { PlatformOptions, SimulatedPlatform, TdxOptions } from './platform.ts';
export type { QeIdentity, QeTcbLevel, SimulatedQeStatus } from './qe-identity.ts';
export type { CertificationData, QuoteHeader, QuoteOverrides } from './quote.ts';
export { publicRootPrivateKey, rootPem } from './root.ts';
export type { MachineIdentity } from './sgx-extension.ts';
export type { QuoteOptions } from './sgx-quote.ts';
export type { DocumentOverrides } from './signed-document.ts';
export { simulatedTcbStatuses } from './tcb-info.ts';
export type { SimulatedTcbStatus, TcbComponent, TcbInfo, TcbLevel } from './tcb-info.ts';
export type { TdQuoteOptions } from './td-quote.ts';
export { tdAttributeBits } from './td-report.ts';
export type { TdReport } from './td-report.ts';
export { simulatedModuleStatuses } from './tdx-module.ts';
export type {
  SimulatedModuleStatus,
  TdxModule,
  TdxModuleIdentity,
  TdxModuleTcbLevel,
} from './tdx-module.ts';
export { expired, notYetValid } from './validity.ts';
export { Extension } from './x509.ts';
export type { Validity } from './validity.ts';
export { createAzureMachine } from './azure/machine.ts';
export type {
  AzureEndorsements,
  AzureEvidence,
  AzureEvidenceOptions,
  AzureMachineOptions,
  AzureTpmQuote,
  SimulatedAzureMachine,
} from './azure/machine.ts';
export type { HclHeader } from './azure/hcl-report.ts';
export type { RuntimeClaims, RuntimeKey } from './azure/runtime-claims.ts';
export type { TpmAttestationKey } from './tpm/attestation-key.ts';
export { selectPcrs } from './tpm/quote.ts';
export type { PcrSelection, TpmQuote } from './tpm/quote.ts';
export {
  cborArray,
  cborBytes,
  cborHead,
  cborIndefinite,
  cborInteger,
  cborMap,
  cborText,
} from './nitro/cbor.ts';
export type { CborMember, HeadWidth } from './nitro/cbor.ts';
export type {
  NitroCertificateName,
  NitroCertificates,
  NitroIdentity,
} from './nitro/certificates.ts';
export { createNitroEnclave } from './nitro/enclave.ts';
export type {
  NitroDocumentOptions,
  NitroEnclaveOptions,
  NitroMembers,
  SimulatedNitroEnclave,
} from './nitro/enclave.ts';
export { nitroRootPem } from './nitro/root-certificate.ts';
export { nitroSimulationRootKey, publicNitroPrivateKey } from './nitro/root-key.ts';
export { generateP384Keys, generateRsaKeys } from './authority/keys.ts';
export type { AmdAuthorities } from './snp/authorities.ts';
export type { EndorsementKeyKind, EndorsementKeyOverrides } from './snp/endorsement-key.ts';
export { createSnpPlatform } from './snp/platform.ts';
export type {
  SimulatedSnpPlatform,
  SnpCrlOptions,
  SnpEndorsements,
  SnpPlatformOptions,
  SnpReportOptions,
} from './snp/platform.ts';
export { guestPolicyBits } from './snp/report.ts';
export type { CpuId, SnpFirmwareVersion, SnpReport } from './snp/report.ts';
export type { SnpTcb } from './snp/tcb.ts';
export { amdSimulationRoots, snpProducts } from './snp/product.ts';
export type { AmdSimulationKey, AmdSimulationRoots, SnpProduct } from './snp/product.ts';
export { publicAmdPrivateKeys } from './snp/public-keys.ts';
export type { RsaPrivateKey } from './snp/public-keys.ts';

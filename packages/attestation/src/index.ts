/**
 * Evidence and policy in, verdict out: nothing here fetches, reads a clock or knows a server.
 *
 * @packageDocumentation
 * @mergeModuleWith <project>
 */
export { AttestationError, BlindAIError, checks } from './errors.ts';
export type { Check } from './errors.ts';
export { appendToReport } from './report.ts';
export type {
  CheckResult,
  ConnectionRow,
  Explanation,
  JudgedRow,
  Report,
  ReportRow,
} from './report.ts';
export { detectFormat, formats } from './evidence.ts';
export type { AttestationInput, Format } from './evidence.ts';
export {
  acceptBootEvidence,
  acceptMissingCrl,
  allowDebug,
  anyMeasurement,
  anyReportData,
} from './policy.ts';
export type {
  BoundReportData,
  ExpectedReportData,
  Policy,
  UnboundReportData,
  UnmatchedPolicy,
} from './policy.ts';
export { formatLegacyManifest, formatManifest, ManifestError, parseManifest } from './manifest.ts';
export type {
  AdvisoryException,
  AnyEntry,
  AzureEntry,
  Cover,
  IntelPolicy,
  Manifest,
  NitroEntry,
  SgxEntry,
  SnpEntry,
  TcbStatus,
  TdxEntry,
} from './manifest.ts';
export { vendorAnchors } from './roots/vendor.ts';
export type {
  AmdAnchors,
  AmdAuthorities,
  PinnedAuthority,
  TrustAnchors,
} from './roots/trust-anchors.ts';
export type { AzureClaims } from './azure/azure-claims.ts';
export { isVerified } from './claims.ts';
export type {
  EvidenceDetails,
  SgxClaims,
  TcbClaims,
  UnmatchedClaims,
  VerifiedClaims,
} from './claims.ts';
export type { TdxClaims } from './dcap/tdx-claims.ts';
export type { GuestPolicy } from './snp/guest-policy.ts';
export type { CpuId, SnpProduct } from './snp/product.ts';
export type { SnpFirmwareVersion, SnpPlatformInfo } from './snp/report.ts';
export type { SnpClaims } from './snp/snp-claims.ts';
export type { SnpTcb } from './snp/tcb.ts';
export type { NitroClaims } from './nitro/nitro-claims.ts';
export { verifyAttestation } from './verify.ts';

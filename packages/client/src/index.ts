/**
 * What every runtime has of the SDK: errors, tensors, policy, and the client's types.
 *
 * @packageDocumentation
 * @mergeModuleWith <project>
 */
export {
  acceptBootEvidence,
  allowDebug,
  anyMeasurement,
  AttestationError,
  BlindAIError,
  ManifestError,
  parseManifest,
  type Check,
  type CheckResult,
  type Manifest,
  type Report,
  type ReportRow,
  type UnmatchedClaims,
  type VerifiedClaims,
} from '@blindai/attestation';
export {
  Tensor,
  type Datatype,
  type Keyset,
  type ModelState,
  type Nested,
  type ServerConfig,
  type TensorData,
  type TensorInput,
  type TensorMetadata,
} from '@blindai/protocol';
export type { AttestedServer } from './attested-server.ts';
export type { CallOptions } from './call-options.ts';
export type {
  BlindAIClient,
  DeleteOptions,
  DescribeOptions,
  ListOptions,
  RunOptions,
  UploadedModel,
  UploadOptions,
} from './client.ts';
export {
  ConnectionError,
  InputError,
  ModelError,
  type ConnectionErrorCode,
  type ConnectionErrorDetails,
  type InputErrorCode,
  type ModelErrorCode,
} from './errors.ts';
export { loadManifest } from './manifest.ts';
export type { ListedModel, ModelDescription } from './model-description.ts';
export type { ModelSource } from './model-source.ts';
export type { RunInputs } from './run-inputs.ts';
export type { UploadProgress } from './upload-body.ts';

/**
 * Tensors, wire messages, keyset and limits of BlindAI: what client and server must agree on.
 *
 * @packageDocumentation
 */
export {
  decodeAttestationReply,
  encodeAttestationReply,
  evidenceFormats,
  type AttestationReply,
  type EvidenceFormat,
  type ReplyEncoding,
} from './attestation-reply.ts';
export {
  decodeDelete,
  decodeDeleteReply,
  encodeDelete,
  encodeDeleteReply,
  type DeleteRequest,
} from './blindai/delete.ts';
export { decodeErrorText, encodeErrorText } from './blindai/error-text.ts';
export {
  decodeByteString,
  decodeCollateral,
  encodeByteString,
  encodeCollateral,
} from './blindai/evidence.ts';
export {
  decodeRun,
  decodeRunReply,
  encodeRun,
  encodeRunReply,
  type RunRequest,
} from './blindai/run.ts';
export { UploadDecoder, type UploadDecoderOptions } from './blindai/upload-decoder.ts';
export {
  decodeUploadReply,
  encodeUpload,
  encodeUploadChunkHead,
  encodeUploadHead,
  encodeUploadReply,
  encodeUploadTail,
  runners,
  type Runner,
  type UploadReply,
  type UploadRequest,
} from './blindai/upload.ts';
export {
  datatypes,
  isDatatype,
  type Datatype,
  type DatatypeLayout,
  type TensorArray,
  type TensorData,
} from './datatypes.ts';
export { decodeBase64url, encodeBase64url } from './encoding/base64url.ts';
export { toHex } from './encoding/hex.ts';
export type { Endorsements } from './endorsements.ts';
export { errorStatuses, isErrorCode, ProtocolError, type ErrorCode } from './errors.ts';
export { headers } from './headers.ts';
export { decodeKeyset, encodeKeyset, type Keyset } from './keyset.ts';
export { limits, type Limits } from './limits.ts';
export { modelRefOf } from './model-ref.ts';
export { createOwnerToken, isOwnerToken, ownerIdOf } from './owner-token.ts';
export { decodeErrorJson, encodeErrorJson } from './open-inference/error-json.ts';
export type { ModelHealth, ModelState } from './open-inference/model-health.ts';
export type { ModelIdentity } from './open-inference/model-identity.ts';
export {
  decodeModelMetadata,
  encodeModelMetadata,
  type ModelMetadata,
  type TensorMetadata,
} from './open-inference/model-metadata.ts';
export {
  decodeRepositoryIndex,
  decodeRepositoryIndexRequest,
  encodeRepositoryIndex,
  encodeRepositoryIndexRequest,
  type IndexedModel,
  type RepositoryIndexRequest,
} from './open-inference/repository-index.ts';
export { computeReportData, type ReportDataInput } from './report-data.ts';
export type { ServerConfig } from './server-config.ts';
export { checkTensorBytes, countElements, type TensorBytes } from './tensor-bytes.ts';
export { isTensorInput, type TensorInput } from './tensor-input.ts';
export { Tensor, type Nested } from './tensor.ts';

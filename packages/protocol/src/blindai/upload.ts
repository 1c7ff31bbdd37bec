import { CborWriter } from '../encoding/cbor-writer.ts';
import { readFields, readWhole } from '../encoding/cbor-message.ts';
import { limits } from '../limits.ts';

/** All of an upload but the model's bytes (`POST :9925/upload`, wire.md §1). */
export interface UploadRequest {
  /** Of the model, in bytes. */
  readonly length: number;
  readonly modelName: string;
  /** True asks for the engine's full graph optimisation, false for none. */
  readonly optimize: boolean;
  /** SHA-256 of the model, which the receiver compares with what arrived. Null: not sent. */
  readonly sha256: Uint8Array | null;
  /** Whether runs of different callers may share a batch. */
  readonly batchAcrossCallers: boolean;
  /** Whether callers share runner processes, or each gets one of its own. */
  readonly runner: Runner;
}

/** The kinds of {@link Runner}. */
export const runners = ['shared', 'per-caller'] as const;
/**
 * Whose inputs a runner process sees: those of all callers, or of one.
 *
 * @useDeclaredType
 */
export type Runner = (typeof runners)[number];

/**
 * The two ends of an upload; the model's `length` bytes go between them.
 *
 * A sender that does not know the length writes {@link encodeUploadHead} with null, then for each chunk
 * {@link encodeUploadChunkHead} and the chunk, then {@link encodeUploadTail} with `indefinite` true.
 */
export function encodeUpload(request: UploadRequest): { head: Uint8Array; tail: Uint8Array } {
  return { head: encodeUploadHead(request.length), tail: encodeUploadTail(request, false) };
}

/** What comes before the model: `length` bytes follow, or with null any number of chunks. */
export function encodeUploadHead(length: number | null): Uint8Array {
  const head = new CborWriter().map(7).text('model');
  return (length === null ? head.indefiniteBytes() : head.bytesHead(length)).whole();
}

/** What comes before each chunk of a model of unknown length. */
export function encodeUploadChunkHead(bytes: number): Uint8Array {
  return new CborWriter().bytesHead(bytes).whole();
}

/** What comes after the model; `indefinite` where it was sent in chunks. */
export function encodeUploadTail(request: UploadRequest, indefinite: boolean): Uint8Array {
  const tail = new CborWriter();
  if (indefinite) tail.end();
  tail.text('length').uint(request.length);
  tail.text('model_name').text(request.modelName);
  tail.text('optimize').boolean(request.optimize);
  tail.text('sha256');
  if (request.sha256 === null) tail.null();
  else tail.bytes(request.sha256);
  tail.text('batch_across_callers').boolean(request.batchAcrossCallers);
  tail.text('runner').text(request.runner);
  return tail.whole();
}

/** The answer to an upload, once the model loaded for the first time. */
export interface UploadReply {
  /** SHA-256 of the model. */
  readonly hash: Uint8Array;
  /** A UUIDv4; whoever has it may run the model on an anonymous server. */
  readonly modelId: string;
}

/** Encodes what answers an upload. */
export function encodeUploadReply(reply: UploadReply): Uint8Array {
  return new CborWriter()
    .map(2)
    .text('hash')
    .bytes(reply.hash)
    .text('model_id')
    .text(reply.modelId)
    .whole();
}

/** @throws {ProtocolError} `malformed` or `too-large`. */
export function decodeUploadReply(bytes: Uint8Array): UploadReply {
  return readWhole('an upload reply', bytes, function* (reader) {
    let hash = new Uint8Array();
    let modelId = '';
    yield* readFields(reader, 'an upload reply', { hash: true, model_id: true }, function* (key) {
      if (key === 'hash') hash = yield* reader.digest('hash');
      else modelId = yield* reader.text('model_id', limits.maxNameBytes);
    });
    return { hash, modelId };
  });
}

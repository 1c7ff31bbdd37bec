import {
  encodeUploadChunkHead,
  encodeUploadHead,
  encodeUploadTail,
  type UploadRequest,
} from '@blindai/protocol';
import { InputError } from './errors.ts';
import type { IncrementalHash, OpenModel } from './model-source.ts';

/** How far an upload is. */
export interface UploadProgress {
  /** Of the model, handed to the connection so far. */
  readonly sentBytes: number;
  /** Of the model; null for a stream. */
  readonly totalBytes: number | null;
}

/** An upload in the making. */
export interface UploadBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of the whole body; null for a stream. */
  readonly length: number | null;
  /** SHA-256 of the model, once all of it was read. */
  sha256(): Uint8Array;
}

/** A model goes out in pieces of at most this size, so that progress is told and the hash never blocks long. */
const pieceBytes = 1_048_576;

/**
 * Writes an upload while its model is read: nothing of it is kept. The model's hash is known only then, so it
 * comes after the model, where the server compares it with what arrived.
 */
export function createUploadBody(
  model: OpenModel,
  settings: Omit<UploadRequest, 'length' | 'sha256'>,
  hash: IncrementalHash,
  onProgress: (progress: UploadProgress) => void,
): UploadBody {
  const isStream = model.length === null;
  const head = encodeUploadHead(model.length);
  const encodeTail = (length: number, sha256: Uint8Array): Uint8Array =>
    encodeUploadTail({ ...settings, length, sha256 }, isStream);
  let digest = new Uint8Array(32);

  async function* bytes(): AsyncGenerator<Uint8Array> {
    let sentBytes = 0;
    yield head;
    for await (const piece of pieces(model.chunks)) {
      hash.update(piece);
      sentBytes += piece.length;
      if (model.length !== null && sentBytes > model.length) throw changedWhileRead();
      if (isStream) yield encodeUploadChunkHead(piece.length);
      yield piece;
      onProgress({ sentBytes, totalBytes: model.length });
    }
    if (model.length !== null && sentBytes < model.length) throw changedWhileRead();
    digest = new Uint8Array(hash.digest());
    yield encodeTail(sentBytes, digest);
  }

  return {
    bytes: bytes(),
    length: isStream ? null : head.length + model.length + encodeTail(model.length, digest).length,
    sha256: () => digest,
  };
}

/** The chunks, none of them empty or large. */
async function* pieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) {
      throw new InputError('bad-input', 'a stream of a model must consist of Uint8Arrays');
    }
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      yield chunk.subarray(at, at + pieceBytes);
    }
  }
}

function changedWhileRead(): InputError {
  return new InputError('unreadable', 'the model changed while it was read');
}

import { readFields, readWhole } from '../encoding/cbor-message.ts';
import { CborWriter } from '../encoding/cbor-writer.ts';
import { malformed } from '../errors.ts';
import { limits } from '../limits.ts';

/** A deletion (`POST :9925/delete`, wire.md §1). */
export interface DeleteRequest {
  readonly modelId: string;
}

/** Encodes what asks for a model to be deleted. */
export function encodeDelete(request: DeleteRequest): Uint8Array {
  return new CborWriter().map(1).text('model_id').text(request.modelId).whole();
}

/** @throws {ProtocolError} `malformed` or `too-large`. */
export function decodeDelete(bytes: Uint8Array): DeleteRequest {
  return readWhole('a deletion', bytes, function* (reader) {
    let modelId = '';
    yield* readFields(reader, 'a deletion', { model_id: true }, function* () {
      modelId = yield* reader.text('model_id', limits.maxNameBytes);
    });
    if (modelId === '') throw malformed('model_id must not be empty');
    return { modelId };
  });
}

/** The answer to a deletion that was done: null. */
export function encodeDeleteReply(): Uint8Array {
  return new CborWriter().null().whole();
}

/** @throws {ProtocolError} `malformed` for anything but null. */
export function decodeDeleteReply(bytes: Uint8Array): void {
  readWhole('a delete reply', bytes, (reader) => reader.null('a delete reply'));
}

import { readFields, readWhole } from '../encoding/cbor-message.ts';
import { CborWriter } from '../encoding/cbor-writer.ts';
import { badInput, malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import type { TensorBytes } from '../tensor-bytes.ts';
import { skipClientInfo } from './client-info.ts';
import { readTensors, writeTensors } from './tensors.ts';

/** A run (`POST :9924/run`, wire.md §1). Exactly one of id and hash is given. */
export interface RunRequest {
  readonly modelId: string | null;
  /** SHA-256 of the model, 64 hex digits in lower case. */
  readonly modelHash: string | null;
  /** Positional where they have no name; named ones match in any order. */
  readonly inputs: readonly TensorBytes[];
}

const keys = { model_id: false, model_hash: false, inputs: true, client_info: false } as const;

/** The parts of a run, in order; the tensors' bytes are among them, not copied. */
export function encodeRun(request: RunRequest): Uint8Array[] {
  const writer = new CborWriter().map(3);
  writer.text('model_id').text(request.modelId ?? '');
  writer.text('model_hash').text(request.modelHash ?? '');
  writeTensors(writer.text('inputs'), request.inputs);
  return writer.parts();
}

/**
 * Decodes a run. The tensors' bytes are views of `bytes`.
 *
 * @throws {ProtocolError} `malformed`; `bad-input` for a tensor that contradicts itself, an unknown datum
 * type, a hash that is none; `too-large` for too many tensors or too long a name.
 */
export function decodeRun(bytes: Uint8Array): RunRequest {
  return readWhole('a run', bytes, function* (reader) {
    let modelId = '';
    let modelHash = '';
    let inputs: readonly TensorBytes[] = [];
    yield* readFields(reader, 'a run', keys, function* (key) {
      switch (key) {
        case 'model_id':
          modelId = yield* reader.text('model_id', limits.maxNameBytes);
          break;
        case 'model_hash':
          modelHash = yield* reader.text('model_hash', limits.maxNameBytes);
          break;
        case 'inputs':
          inputs = yield* readTensors(reader, 'inputs');
          break;
        case 'client_info':
          yield* skipClientInfo(reader);
          break;
      }
    });
    if ((modelId === '') === (modelHash === '')) {
      throw malformed('a run must name exactly one of model_id and model_hash');
    }
    if (modelHash !== '' && !/^[0-9a-f]{64}$/i.test(modelHash)) {
      throw badInput('model_hash must be 64 hex digits');
    }
    return { modelId: modelId || null, modelHash: modelHash.toLowerCase() || null, inputs };
  });
}

/** The parts of the answer to a run, in order; the tensors' bytes are among them, not copied. */
export function encodeRunReply(outputs: readonly TensorBytes[]): Uint8Array[] {
  const writer = new CborWriter().map(1).text('outputs');
  writeTensors(writer, outputs);
  return writer.parts();
}

/**
 * Decodes the answer to a run. The tensors' bytes are views of `bytes`.
 *
 * @throws {ProtocolError} as {@link decodeRun}.
 */
export function decodeRunReply(bytes: Uint8Array): TensorBytes[] {
  return readWhole('a run reply', bytes, function* (reader) {
    let outputs: TensorBytes[] = [];
    yield* readFields(reader, 'a run reply', { outputs: true }, function* () {
      outputs = yield* readTensors(reader, 'outputs');
    });
    return outputs;
  });
}

import { readFields, readWhole } from '../encoding/cbor-message.ts';
import type { CborReader, Reading } from '../encoding/cbor-reader.ts';
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
  return readWhole('a run', bytes, readRun);
}

/** What is known of a run while it is read; empty where nothing is. */
interface RunSoFar {
  modelId: string;
  modelHash: string;
  inputs: readonly TensorBytes[];
}

function* readRun(reader: CborReader): Reading<RunRequest> {
  const run: RunSoFar = { modelId: '', modelHash: '', inputs: [] };
  yield* readFields(reader, 'a run', keys, (key) => readRunField(reader, key, run));
  const { modelId, modelHash, inputs } = run;
  if ((modelId === '') === (modelHash === '')) {
    throw malformed('a run must name exactly one of model_id and model_hash');
  }
  if (modelHash !== '' && !/^[0-9a-f]{64}$/i.test(modelHash)) {
    throw badInput('model_hash must be 64 hex digits');
  }
  return { modelId: modelId || null, modelHash: modelHash.toLowerCase() || null, inputs };
}

function* readRunField(reader: CborReader, key: keyof typeof keys, run: RunSoFar): Reading<void> {
  switch (key) {
    case 'model_id':
      run.modelId = yield* reader.text('model_id', limits.maxNameBytes);
      break;
    case 'model_hash':
      run.modelHash = yield* reader.text('model_hash', limits.maxNameBytes);
      break;
    case 'inputs':
      run.inputs = yield* readTensors(reader, 'inputs');
      break;
    case 'client_info':
      yield* skipClientInfo(reader);
      break;
  }
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
  return readWhole('a run reply', bytes, readRunReply);
}

function* readRunReply(reader: CborReader): Reading<TensorBytes[]> {
  const outputs: TensorBytes[] = [];
  yield* readFields(reader, 'a run reply', { outputs: true }, () => readOutputs(reader, outputs));
  return outputs;
}

function* readOutputs(reader: CborReader, outputs: TensorBytes[]): Reading<void> {
  outputs.push(...(yield* readTensors(reader, 'outputs')));
}

import {
  decodeModelMetadata,
  decodeRepositoryIndex,
  type IndexedModel,
  type ModelState,
  type TensorMetadata,
} from '@blindai/protocol';
import { ConnectionError, readingReply } from './errors.ts';

/** A model of one's own, as its server lists it. */
export interface ListedModel {
  /** Whoever has it may run the model on an anonymous server: a secret. */
  readonly modelId: string;
  /** As it was called when it was uploaded; may be empty, and need not be the only one of that name. */
  readonly name: string;
  /** SHA-256 of the model, hex. */
  readonly modelHash: string;
  /** `quarantined` after three crashes in a row: it runs no more, until it is uploaded again. */
  readonly state: ModelState;
  /** Why it is not `ready`; null if it is. */
  readonly reason: string | null;
}

/** What a server tells of a model to whoever may run it. */
export interface ModelDescription extends ListedModel {
  /** What the model was asked for by. */
  readonly modelId: string;
  /** In the model's order; -1 in a shape is a dimension that is free. */
  readonly inputs: readonly TensorMetadata[];
  /** In the model's order; -1 in a shape is a dimension that is free. */
  readonly outputs: readonly TensorMetadata[];
}

/**
 * Reads the description of the model that was asked for.
 *
 * @throws {ConnectionError} `bad-reply`.
 */
export function readModelDescription(bytes: Uint8Array, modelId: string): ModelDescription {
  const { askedFor, inputs, outputs, ...model } = readingReply(() => decodeModelMetadata(bytes));
  if (askedFor !== modelId) {
    throw new ConnectionError('bad-reply', 'the server describes another model');
  }
  return { ...listed({ id: modelId, ...model }), inputs, outputs };
}

/**
 * Reads a list of models.
 *
 * @throws {ConnectionError} `bad-reply`.
 */
export function readModelList(bytes: Uint8Array): ListedModel[] {
  return readingReply(() => decodeRepositoryIndex(bytes)).map(listed);
}

function listed({ id, name, hash, state, reason }: IndexedModel): ListedModel {
  return {
    modelId: id,
    name,
    modelHash: hash,
    state,
    reason: reason === '' ? null : reason,
  };
}

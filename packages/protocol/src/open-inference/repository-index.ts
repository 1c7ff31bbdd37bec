import { encodeJson, JsonFields, parseJson, readList } from '../encoding/json-message.ts';
import { limits } from '../limits.ts';
import { describeHealth, readHealth, type ModelHealth } from './model-health.ts';
import { readIdentity, type ModelIdentity } from './model-identity.ts';

/** A model in the list that its owner gets. */
export interface IndexedModel extends ModelIdentity, ModelHealth {
  /** A secret: whoever has it may run the model on an anonymous server. */
  readonly id: string;
}

/** What `POST /v2/repository/index` asks for. */
export interface RepositoryIndexRequest {
  /** Only models that can be run now. */
  readonly readyOnly: boolean;
}

/** More models than a server can be set to hold. */
const maxModels = 100_000;

/** Writes what asks for the caller's models, in JSON. */
export function encodeRepositoryIndexRequest({ readyOnly }: RepositoryIndexRequest): Uint8Array {
  return encodeJson({ ready: readyOnly });
}

/**
 * Reads what asks for the caller's models: an object with `ready`, which may be left out, or nothing at all,
 * as Triton's clients send it.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeRepositoryIndexRequest(bytes: Uint8Array): RepositoryIndexRequest {
  if (bytes.length === 0) return { readyOnly: false };
  const what = 'what asks for the index';
  const fields = new JsonFields(what, parseJson(what, bytes), ['ready']);
  return { readyOnly: fields.has('ready') && fields.boolean('ready') };
}

/**
 * Writes the list of an owner's models, in JSON. An entry's `name` is the model's id, which leads to exactly
 * one model wherever the protocol wants a name; the name that the owner gave is among the parameters.
 *
 * @see wire.md §3; Triton's "Model Repository Extension"
 */
export function encodeRepositoryIndex(models: readonly IndexedModel[]): Uint8Array {
  return encodeJson(
    models.map(({ id, name, hash, ...health }) => ({
      name: id,
      ...describeHealth(health),
      parameters: { name, hash },
    })),
  );
}

/**
 * Reads a list of models, strictly: exactly the members that {@link encodeRepositoryIndex} writes.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeRepositoryIndex(bytes: Uint8Array): IndexedModel[] {
  const what = 'a list of models';
  return readList(what, parseJson(what, bytes), maxModels, readModel);
}

function readModel(element: unknown): IndexedModel {
  const fields = new JsonFields('a listed model', element, [
    'name',
    'state',
    'reason',
    'parameters',
  ]);
  return {
    id: fields.text('name', limits.maxNameBytes),
    ...readIdentity(
      new JsonFields("a listed model's parameters", fields.value('parameters'), ['name', 'hash']),
    ),
    ...readHealth(fields),
  };
}

import { type Datatype, datatypes } from '../datatypes.ts';
import { encodeJson, JsonFields, parseJson, readList } from '../encoding/json-message.ts';
import { malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { describeHealth, readHealth, type ModelHealth } from './model-health.ts';
import { readIdentity, type ModelIdentity } from './model-identity.ts';

/** One input or output of a model. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 is a dimension that is free. `[]` is a scalar, or a tensor whose rank is not known. */
  readonly shape: readonly number[];
}

/** What `GET /v2/models/{m}` tells of a model. */
export interface ModelMetadata extends ModelIdentity, ModelHealth {
  /** What the model was asked for by: its id, or its name. */
  readonly askedFor: string;
  /** In the model's order, as are the outputs. */
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

const platform = 'onnxruntime_onnx';
const metadataKeys = ['name', 'platform', 'inputs', 'outputs', 'parameters'] as const;
const parameterKeys = ['name', 'hash', 'state', 'reason'] as const;

/**
 * Writes a model's metadata, in JSON. What the Open Inference Protocol has no member for is among its
 * parameters: the name that the owner gave, the hash, the state and its reason.
 *
 * @see wire.md §3; Open Inference Protocol V2, "Model Metadata"
 */
export function encodeModelMetadata(metadata: ModelMetadata): Uint8Array {
  const { askedFor, name, hash, inputs, outputs } = metadata;
  return encodeJson({
    name: askedFor,
    platform,
    inputs: inputs.map(describeTensor),
    outputs: outputs.map(describeTensor),
    parameters: { name, hash, ...describeHealth(metadata) },
  });
}

/**
 * Reads a model's metadata, strictly: exactly the members that {@link encodeModelMetadata} writes.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function decodeModelMetadata(bytes: Uint8Array): ModelMetadata {
  const what = "a model's metadata";
  const fields = new JsonFields(what, parseJson(what, bytes), metadataKeys);
  const parameters = new JsonFields(
    "a model's parameters",
    fields.value('parameters'),
    parameterKeys,
  );
  fields.choice('platform', [platform]);
  return {
    askedFor: fields.text('name', limits.maxNameBytes),
    ...readIdentity(parameters),
    ...readHealth(parameters),
    inputs: fields.list('inputs', limits.maxTensors, readTensor),
    outputs: fields.list('outputs', limits.maxTensors, readTensor),
  };
}

/** Just these members: what is given may have more. */
function describeTensor({ name, datatype, shape }: TensorMetadata): TensorMetadata {
  return { name, datatype, shape };
}

function readTensor(element: unknown): TensorMetadata {
  const fields = new JsonFields("a tensor's metadata", element, ['name', 'datatype', 'shape']);
  return {
    name: fields.text('name', limits.maxNameBytes),
    datatype: fields.choice('datatype', Object.keys(datatypes) as Datatype[]),
    shape: readList('a shape', fields.value('shape'), limits.maxRank, readDimension),
  };
}

function readDimension(element: unknown): number {
  if (Number.isSafeInteger(element) && (element as number) >= -1) return element as number;
  throw malformed('a dimension must be an integer, -1 or above');
}

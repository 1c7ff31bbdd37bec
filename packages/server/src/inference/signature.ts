import {
  ProtocolError,
  checkTensorBytes,
  type Datatype,
  type TensorBytes,
} from '@blindai/protocol';

/** One input or output as the model declares it. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /**
   * A number is fixed, a text names a dimension that is free, null is free without a name. The engine tells
   * a scalar from a tensor of unknown rank in no way: both are `[]`.
   */
  readonly shape: readonly (number | string | null)[];
}

/** What a model takes and gives, in the model's order. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A tensor that is known by its name. */
export interface NamedTensorBytes extends TensorBytes {
  readonly name: string;
}

/**
 * Matches what a caller sent to the inputs that a model declares: by name in any order, or by position when
 * none has a name. Returns them in the model's order. Messages hold names, datatypes and shapes, no values.
 *
 * @throws {ProtocolError} `bad-input` if names, count, a datatype, a shape or a length do not fit.
 */
export function matchInputs(
  signature: ModelSignature,
  given: readonly TensorBytes[],
  maxRank: number,
): NamedTensorBytes[] {
  const named = given.filter((tensor) => tensor.name !== null);
  if (named.length > 0 && named.length < given.length) {
    throw badInput('name all inputs, or none of them');
  }
  if (named.length === 0 && given.length !== signature.inputs.length) {
    throw badInput(
      `the model takes ${signature.inputs.length} inputs (${list(signature.inputs)}), found ${given.length}`,
    );
  }
  const byName = indexByName(signature, named);
  return signature.inputs.map((spec, position) => {
    const tensor = named.length === 0 ? given[position] : byName.get(spec.name);
    if (tensor === undefined) throw badInput(`input ${quote(spec.name)} is missing`);
    enforceSpec(spec, tensor, maxRank);
    return { ...tensor, name: spec.name };
  });
}

function indexByName(
  signature: ModelSignature,
  named: readonly TensorBytes[],
): Map<string, TensorBytes> {
  const declared = new Set(signature.inputs.map(({ name }) => name));
  const byName = new Map<string, TensorBytes>();
  for (const tensor of named) {
    const name = tensor.name!;
    if (!declared.has(name)) {
      throw badInput(
        `the model has no input ${quote(name)}; its inputs are ${list(signature.inputs)}`,
      );
    }
    if (byName.has(name)) throw badInput(`input ${quote(name)} is there twice`);
    byName.set(name, tensor);
  }
  return byName;
}

function enforceSpec(spec: TensorSpec, tensor: TensorBytes, maxRank: number): void {
  const input = `input ${quote(spec.name)}`;
  if (tensor.datatype !== spec.datatype) {
    throw badInput(`${input} must be ${spec.datatype}, found ${tensor.datatype}`);
  }
  if (tensor.shape.length > maxRank) {
    throw badInput(
      `${input} must have at most ${maxRank} dimensions, found ${tensor.shape.length}`,
    );
  }
  const fits =
    spec.shape.length === 0 ||
    (spec.shape.length === tensor.shape.length &&
      spec.shape.every((size, axis) => typeof size !== 'number' || size === tensor.shape[axis]));
  if (!fits) {
    throw badInput(
      `${input} must have shape ${formatShape(spec.shape)}, found ${formatShape(tensor.shape)}`,
    );
  }
  try {
    checkTensorBytes(tensor);
  } catch (error) {
    if (error instanceof ProtocolError) throw badInput(`${input}: ${error.message}`);
    throw error;
  }
}

function badInput(message: string): ProtocolError {
  return new ProtocolError('bad-input', message);
}

function list(specs: readonly TensorSpec[]): string {
  const shown = specs.slice(0, 8).map(({ name }) => quote(name));
  if (shown.length === 0) return 'none';
  return specs.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}

/** A name as it may stand in a message: one line, of bounded length. */
function quote(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

function formatShape(shape: TensorSpec['shape']): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

import { datatypes, isDatatype, type Datatype, type TensorData } from './datatypes.ts';
import { badInput } from './errors.ts';
import { limits } from './limits.ts';
import { countElements } from './tensor-bytes.ts';
import type { Nested, Tensor } from './tensor.ts';

/**
 * What a tensor can be made of:
 *
 * - a tensor;
 * - a typed array: one dimension, its datatype follows from its class (Uint8Array: UINT8);
 * - a typed array as `data` with its `shape`; `datatype` only to say that a Uint8Array is BOOL;
 * - nested arrays as `data` or `values`, with their `datatype`; the shape follows from the nesting, or is
 *   stated where the list is flat;
 * - `{type, data, dims}`, such as the tensors of onnxruntime.
 */
export type TensorInput =
  | Tensor
  | TensorData
  | { readonly data: TensorData; readonly shape: readonly number[]; readonly datatype?: Datatype }
  | { readonly data: Nested; readonly datatype: Datatype; readonly shape?: readonly number[] }
  | { readonly values: Nested; readonly datatype: Datatype; readonly shape?: readonly number[] }
  | { readonly type: string; readonly data: unknown; readonly dims: readonly number[] };

/** What an input says once its form is understood. */
export interface InterpretedInput {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** onnxruntime's names of element types. */
const runtimeTypes: Readonly<Record<string, Datatype>> = {
  float32: 'FP32',
  float64: 'FP64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  bool: 'BOOL',
};

/** The integers that a datatype holds, both ends included; floats hold any number. */
const ranges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT8: [0n, 2n ** 8n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
  BOOL: [0n, 1n],
};

/** Whether a value has one of the forms of {@link TensorInput}, so far as can be told from its outside. */
export function isTensorInput(value: unknown): value is TensorInput {
  if (ArrayBuffer.isView(value)) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const input = value as Readonly<Record<string, unknown>>;
  if (!('data' in input) && !('values' in input)) return false;
  return (
    typeof input['datatype'] === 'string' ||
    typeof input['type'] === 'string' ||
    (Array.isArray(input['shape']) && input['shape'].every(Number.isInteger))
  );
}

/**
 * Understands an input that is not a tensor yet.
 *
 * @throws {ProtocolError} `bad-input`.
 */
export function interpretInput(input: Exclude<TensorInput, Tensor>): InterpretedInput {
  if (ArrayBuffer.isView(input)) return interpretArray(input, [input.length], undefined);
  if (!isTensorInput(input)) {
    throw badInput(
      'an input must be a typed array, or an object with data and its shape or datatype',
    );
  }
  const { data, values, shape, dims, datatype, type } = input as Readonly<Record<string, unknown>>;
  if (dims !== undefined) {
    return interpretArray(data, dims, runtimeTypes[String(type)] ?? unknownDatatype());
  }
  if (datatype !== undefined && !(typeof datatype === 'string' && isDatatype(datatype))) {
    return unknownDatatype();
  }
  if (ArrayBuffer.isView(data)) {
    return interpretArray(data, shape ?? [(data as TensorData).length], datatype);
  }
  if (datatype === undefined) throw badInput('nested arrays need a datatype');
  const nested = (data ?? values) as Nested;
  return flatten(nested, datatype, shape);
}

function interpretArray(
  data: unknown,
  shape: unknown,
  stated: Datatype | undefined,
): InterpretedInput {
  const datatype = stated ?? datatypeOf(data);
  if (!(data instanceof datatypes[datatype].array)) {
    throw badInput(`${datatype} data must be a ${datatypes[datatype].array.name}`);
  }
  if (!Array.isArray(shape)) throw badInput('a shape must be an array of natural numbers');
  const dimensions = Object.freeze([...shape]) as readonly number[];
  const elements = countElements(dimensions);
  if (data.length !== elements) {
    throw badInput(
      `a tensor of shape [${dimensions.join(', ')}] has ${elements} elements, not ${data.length}`,
    );
  }
  if (datatype === 'BOOL' && (data as Uint8Array).some((byte) => byte > 1)) {
    throw badInput('a BOOL tensor holds 0 and 1 only');
  }
  return { datatype, shape: dimensions, data };
}

/** The datatype of a typed array by its class; a Uint8Array is UINT8, the first with that class. */
function datatypeOf(data: unknown): Datatype {
  for (const [datatype, { array }] of Object.entries(datatypes)) {
    if (data instanceof array) return datatype as Datatype;
  }
  throw badInput('data must be a typed array of numbers of a known datatype');
}

/** Nested arrays as one typed array, with the shape that the nesting has. */
function flatten(nested: Nested, datatype: Datatype, stated: unknown): InterpretedInput {
  const shape: number[] = [];
  for (let level: Nested | undefined = nested; Array.isArray(level); level = level[0] as Nested) {
    shape.push(level.length);
    if (shape.length > limits.maxRank) break;
  }
  // Collected as they are found: a shape of the first elements only is no reason to allocate.
  const elements: (number | bigint)[] = [];
  const collect = (level: Nested, dimension: number): void => {
    if (dimension === shape.length) {
      elements.push(convertElement(level, datatype));
    } else if (Array.isArray(level) && level.length === shape[dimension]) {
      for (const item of level as readonly Nested[]) collect(item, dimension + 1);
    } else {
      throw badInput('nested arrays must have the same length at each depth');
    }
  };
  countElements(shape);
  collect(nested, 0);
  const data: TensorData & { [at: number]: number | bigint } = new datatypes[datatype].array(
    elements.length,
  );
  for (const [at, element] of elements.entries()) data[at] = element;
  const tensor = interpretArray(data, stated ?? shape, datatype);
  if (shape.length > 1 && tensor.shape.join() !== shape.join()) {
    throw badInput(`nested arrays of shape [${shape.join(', ')}] must not state another`);
  }
  return tensor;
}

/** An element as its typed array takes it: a bigint for the 64-bit integers, else a number. */
function convertElement(value: unknown, datatype: Datatype): number | bigint {
  const range = ranges[datatype];
  if (range === undefined) {
    if (typeof value === 'number') return value;
    throw badInput(`${datatype} elements must be numbers`);
  }
  const element = typeof value === 'boolean' && datatype === 'BOOL' ? Number(value) : value;
  if (typeof element === 'bigint' || Number.isSafeInteger(element)) {
    const integer = element as number | bigint;
    if (integer >= range[0] && integer <= range[1]) {
      return datatype === 'INT64' || datatype === 'UINT64' ? BigInt(integer) : Number(integer);
    }
  }
  throw badInput(`${datatype} elements must be integers from ${range[0]} to ${range[1]}`);
}

function unknownDatatype(): never {
  throw badInput(`a datatype must be one of ${Object.keys(datatypes).join(', ')}`);
}

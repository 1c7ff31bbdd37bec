import { type Datatype, type Nested, Tensor, type TensorInput } from '@blindai/client';
import { limits } from '@blindai/protocol';
import { UsageError } from '../exit-codes.ts';

/** Whether bytes begin as those of a JSON object or array do. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  return first === 0x7b || first === 0x5b;
}

/**
 * Reads tensors from JSON: an object of them by name, or an array of them in order. Each is nested arrays, then
 * FP32, or `{"datatype", "data", "shape"?}`.
 *
 * What JSON has no number for may be a text, as `run --json` prints it: `"NaN"`, `"Infinity"`, and integers
 * beyond 2^53.
 *
 * @throws {UsageError} if the bytes are anything else.
 * @throws {ProtocolError} `bad-input` if elements, datatype and shape do not fit each other.
 */
export function parseJsonInputs(bytes: Uint8Array): Tensor[] {
  const value = parseJson(bytes);
  if (Array.isArray(value))
    return value.map((each, index) => Tensor.from(parseTensor(each, `input ${index}`)));
  if (!isObject(value))
    throw new UsageError('the JSON is neither an object of tensors by name nor an array of them');
  return Object.entries(value).map(([name, each]) =>
    Tensor.from(parseTensor(each, `input ${JSON.stringify(name)}`), name),
  );
}

/** The same for a file that is one tensor. */
export function parseJsonTensor(bytes: Uint8Array): Tensor {
  return Tensor.from(parseTensor(parseJson(bytes), 'the JSON'));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new UsageError('the file is not JSON in UTF-8', { cause: error });
  }
}

function parseTensor(value: unknown, where: string): TensorInput {
  if (Array.isArray(value)) return { data: parseData(value, 'FP32', where), datatype: 'FP32' };
  if (!isObject(value) || !('data' in value))
    throw new UsageError(`${where} is neither nested arrays nor {"datatype", "data", "shape"?}`);
  const unknown = Object.keys(value).find((key) => !['data', 'datatype', 'shape'].includes(key));
  if (unknown !== undefined)
    throw new UsageError(`${where} has the unknown member ${JSON.stringify(unknown)}`);
  const { datatype = 'FP32', shape } = value as { datatype?: Datatype; shape?: number[] };
  const data = parseData(value['data'], datatype, where);
  return shape === undefined ? { data, datatype } : { data, datatype, shape };
}

/** Nested arrays with their texts made numbers; the tensor judges the rest. */
function parseData(value: unknown, datatype: string, where: string, depth = 0): Nested {
  if (depth > limits.maxRank)
    throw new UsageError(`${where} has arrays nested deeper than ${limits.maxRank}`);
  if (Array.isArray(value)) return value.map((each) => parseData(each, datatype, where, depth + 1));
  if (typeof value !== 'string') return value as Nested;
  if (['NaN', 'Infinity', '-Infinity'].includes(value) && datatype.startsWith('FP'))
    return Number(value);
  if (/^-?\d{1,20}$/.test(value) && datatype.endsWith('INT64')) return BigInt(value);
  throw new UsageError(`${where} has a text among its elements`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** In which field of a `TensorProto` the elements are, where they are not raw. */
export type TypedField = 'float' | 'int32' | 'int64' | 'uint64' | 'double' | 'string';

/** How the elements of one type are kept. */
export interface ElementType {
  readonly name: string;
  /** In raw data; null where raw data is not allowed. */
  readonly bits: number | null;
  readonly field: TypedField;
  /** How many numbers of the field an element takes; below 1 several elements share one. */
  readonly perElement: number;
}

/** `TensorProto.DataType` in the order of its numbers (onnx.proto, IR version 13); 0 is no type. */
const table: readonly (readonly [string, number | null, TypedField, number])[] = [
  ['float', 32, 'float', 1],
  ['uint8', 8, 'int32', 1],
  ['int8', 8, 'int32', 1],
  ['uint16', 16, 'int32', 1],
  ['int16', 16, 'int32', 1],
  ['int32', 32, 'int32', 1],
  ['int64', 64, 'int64', 1],
  ['string', null, 'string', 1],
  ['bool', 8, 'int32', 1],
  ['float16', 16, 'int32', 1],
  ['double', 64, 'double', 1],
  ['uint32', 32, 'uint64', 1],
  ['uint64', 64, 'uint64', 1],
  ['complex64', 64, 'float', 2],
  ['complex128', 128, 'double', 2],
  ['bfloat16', 16, 'int32', 1],
  ['float8e4m3fn', 8, 'int32', 1],
  ['float8e4m3fnuz', 8, 'int32', 1],
  ['float8e5m2', 8, 'int32', 1],
  ['float8e5m2fnuz', 8, 'int32', 1],
  ['uint4', 4, 'int32', 1 / 2],
  ['int4', 4, 'int32', 1 / 2],
  ['float4e2m1', 4, 'int32', 1 / 2],
  ['float8e8m0', 8, 'int32', 1],
  ['uint2', 2, 'int32', 1 / 4],
  ['int2', 2, 'int32', 1 / 4],
];

/** By the number that a tensor gives as its type; undefined for one that is no type. */
export function elementTypeOf(number: number): ElementType | undefined {
  const row = table[number - 1];
  if (row === undefined) return undefined;
  const [name, bits, field, perElement] = row;
  return { name, bits, field, perElement };
}

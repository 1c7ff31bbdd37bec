import { datatypes, type Datatype, type TensorInput } from '@blindai/protocol';

/** An input that a model declares. */
export interface DeclaredInput {
  readonly name: string;
  readonly datatype: Datatype;
  /** A dimension that is free, or of no use as one, is 1. */
  readonly shape: readonly number[];
}

/** A field of a protobuf message, by its number. */
interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** By `TensorProto.DataType`. */
const datatypeOfElement: Record<number, Datatype> = {
  1: 'FP32',
  2: 'UINT8',
  3: 'INT8',
  4: 'UINT16',
  5: 'INT16',
  6: 'INT32',
  7: 'INT64',
  9: 'BOOL',
  11: 'FP64',
  12: 'UINT32',
  13: 'UINT64',
};

/**
 * Reads from an ONNX model what it takes, without an engine: the models that this is for would harm one.
 * The numbers of fields are those of onnx.proto.
 */
export function declaredInputs(model: Uint8Array): DeclaredInput[] {
  const graph = message(model, 7);
  const constants = new Set(messages(graph, 5).map((tensor) => text(tensor, 8)));
  return messages(graph, 11)
    .map((value) => ({ name: text(value, 1), tensor: message(message(value, 2), 1) }))
    .filter(({ name }) => !constants.has(name))
    .map(({ name, tensor }) => ({
      name,
      datatype: datatypeOfElement[integer(tensor, 1)]!,
      shape: messages(message(tensor, 2), 1).map((size) => usable(integer(size, 1))),
    }));
}

/** Zeros for every input that a model declares. */
export function zerosFor(model: Uint8Array): Record<string, TensorInput> {
  return Object.fromEntries(
    declaredInputs(model).map(({ name, datatype, shape }) => {
      const elements = shape.reduce((product, size) => product * size, 1);
      return [name, { data: new datatypes[datatype].array(elements), shape, datatype }];
    }),
  );
}

function usable(size: number): number {
  return size > 0 && size <= 4096 ? size : 1;
}

function messages(bytes: Uint8Array, number: number): Uint8Array[] {
  return fields(bytes)
    .filter((field) => field.number === number)
    .map(({ value }) => value as Uint8Array);
}

function message(bytes: Uint8Array, number: number): Uint8Array {
  return messages(bytes, number)[0] ?? new Uint8Array();
}

function text(bytes: Uint8Array, number: number): string {
  return new TextDecoder().decode(message(bytes, number));
}

function integer(bytes: Uint8Array, number: number): number {
  return Number(fields(bytes).find((field) => field.number === number)?.value ?? 0n);
}

function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag % 8;
    const value =
      wireType === 0 ? varint() : take(wireType === 2 ? Number(varint()) : wireType === 1 ? 8 : 4);
    found.push({ number: Math.floor(tag / 8), value });
  }
  return found;
}

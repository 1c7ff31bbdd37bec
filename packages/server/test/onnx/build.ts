import { Message } from './protobuf.ts';

/** Element types of ONNX (`TensorProto.DataType`). */
export const elementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  STRING: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  BF16: 16,
} as const;

export type ElementType = keyof typeof elementTypes;

/** A number is a fixed dimension, a text a free one with that name, the empty text one without. */
export type Shape = readonly (number | string)[];

/** An input or output of a graph; a null shape is one of unknown rank. */
export function value(name: string, type: ElementType, shape: Shape | null): Message {
  const tensor = new Message().varint(1, elementTypes[type]);
  if (shape !== null) {
    const dimensions = shape.map((size) => {
      if (size === '') return new Message();
      return typeof size === 'number' ? new Message().varint(1, size) : new Message().text(2, size);
    });
    tensor.message(2, new Message().messages(1, dimensions));
  }
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** A constant with raw data. */
export function constant(
  name: string,
  type: ElementType,
  shape: readonly number[],
  raw: Uint8Array,
): Message {
  const tensor = new Message();
  for (const size of shape) tensor.varint(1, size);
  return tensor.varint(2, elementTypes[type]).text(8, name).bytes(9, raw);
}

/** Attributes are messages already; see {@link integer} and {@link subgraph}. */
export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Message[] = [],
): Message {
  const message = new Message();
  for (const name of inputs) message.text(1, name);
  for (const name of outputs) message.text(2, name);
  return message.text(4, operator).messages(5, attributes);
}

export function integer(name: string, number: number): Message {
  return new Message().text(1, name).varint(3, number).varint(20, 2);
}

export function subgraph(name: string, body: Message): Message {
  return new Message().text(1, name).message(6, body).varint(20, 5);
}

/** One domain's version, as models and functions import it. */
export function operatorSet(domain: string, version: number): Message {
  const message = new Message();
  if (domain !== '') message.text(1, domain);
  return message.varint(2, version);
}

/** A function of a model, with one input `a` and one output `b`. */
export function localFunction(
  domain: string,
  name: string,
  nodes: readonly Message[],
  imported: readonly Message[] = [operatorSet('', 13)],
): Message {
  return new Message()
    .text(1, name)
    .text(4, 'a')
    .text(5, 'b')
    .messages(7, nodes)
    .messages(9, imported)
    .text(10, domain);
}

/** What a graph is made of. */
export interface Graph {
  readonly nodes: readonly Message[];
  readonly inputs: readonly Message[];
  readonly outputs: readonly Message[];
  readonly constants?: readonly Message[];
}

export function graph({ nodes, inputs, outputs, constants = [] }: Graph): Message {
  return new Message()
    .messages(1, nodes)
    .text(2, 't')
    .messages(5, constants)
    .messages(11, inputs)
    .messages(12, outputs);
}

/** What a model may have besides its graph. */
export interface ModelExtras {
  /** Default 8. */
  readonly irVersion?: number;
  /** Default 13 of the standard. */
  readonly operatorSets?: readonly Message[];
  readonly functions?: readonly Message[];
}

/** A whole model. */
export function model(parts: Graph, extras: ModelExtras = {}): Uint8Array {
  return modelOf(graph(parts), extras);
}

/** A whole model around a graph. */
export function modelOf(
  body: Message,
  { irVersion = 8, operatorSets = [operatorSet('', 13)], functions = [] }: ModelExtras = {},
): Uint8Array {
  return new Message()
    .varint(1, irVersion)
    .message(7, body)
    .messages(8, operatorSets)
    .messages(25, functions)
    .encode();
}

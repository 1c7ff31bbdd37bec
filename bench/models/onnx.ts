import { Message } from './protobuf.ts';

/*
 * Writes ONNX models. The numbers of fields are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */

/** Element types that the measured models use (`TensorProto.DataType`). */
const elementTypes = { FP32: 1, INT64: 7 } as const;

/** One of them. */
export type ElementType = keyof typeof elementTypes;

/** A number is a fixed dimension, a text a free one with that name. */
export type Shape = readonly (number | string)[];

/** Attributes of a node by name. A number is an integer; `{ float }` is a float. */
export type Attributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number }>
>;

/** An input or output of a graph. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/**
 * A graph in the making: every call adds a node or a constant and returns the name of its result, so that a
 * model reads like the formula that it computes.
 */
export class Graph {
  readonly #nodes: Message[] = [];
  readonly #constants: Message[] = [];
  #names = 0;

  /** Adds a node with one output. */
  apply(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.#name();
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(4, operator);
    node.messages(
      5,
      Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
    );
    this.#nodes.push(node);
    return output;
  }

  /** Adds a constant. */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const name = this.#name();
    const tensor = new Message();
    for (const size of shape) tensor.varint(1, size);
    const type: ElementType = data instanceof Float32Array ? 'FP32' : 'INT64';
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#constants.push(tensor.varint(2, elementTypes[type]).text(8, name).bytes(9, raw));
    return name;
  }

  /** Adds a scalar. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** Adds a list of whole numbers, such as a shape. */
  integers(...values: number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** The whole model, IR version 8, opset 17. Outputs are named as they are given. */
  encode(
    inputs: readonly Value[],
    outputs: readonly (Value & { readonly of: string })[],
  ): Uint8Array {
    for (const { of, name } of outputs) {
      this.#nodes.push(new Message().text(1, of).text(2, name).text(4, 'Identity'));
    }
    const graph = new Message()
      .messages(1, this.#nodes)
      .text(2, 'bench')
      .messages(5, this.#constants)
      .messages(11, inputs.map(encodeValue))
      .messages(12, outputs.map(encodeValue));
    const operators = new Message().varint(2, 17);
    return new Message().varint(1, 8).message(7, graph).message(8, operators).encode();
  }

  #name(): string {
    this.#names += 1;
    return `t${this.#names}`;
  }
}

function encodeAttribute(name: string, value: Attributes[string]): Message {
  const attribute = new Message().text(1, name);
  if (typeof value === 'number') return attribute.varint(3, value).varint(20, 2);
  if ('float' in value) return attribute.float(2, value.float).varint(20, 1);
  for (const each of value) attribute.varint(8, each);
  return attribute.varint(20, 7);
}

/** An input or output as a graph holds it (`ValueInfoProto`). */
export function encodeValue({ name, type, shape }: Value): Message {
  const dimensions = shape.map((size) =>
    typeof size === 'number' ? new Message().varint(1, size) : new Message().text(2, size),
  );
  const tensor = new Message()
    .varint(1, elementTypes[type])
    .message(2, new Message().messages(1, dimensions));
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

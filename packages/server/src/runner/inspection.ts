import { Refusal } from './refusal.ts';

/*
 * The engine reads more than is asked of it: files that a model names (external data), and models in a
 * format of its own. So a model is walked through before the engine sees it, as the protobuf that ONNX is.
 * The walk follows every path to a tensor and is stricter than protobuf: what one reader would skip and
 * another would not is refused.
 */

/** Messages of onnx.proto that lead to tensors, and the fields (by number) that lead there. */
const messages = {
  model: { 7: 'graph', 20: 'trainingInfo', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  node: { 5: 'attribute' },
  attribute: {
    5: 'tensor',
    6: 'graph',
    10: 'tensor',
    11: 'graph',
    22: 'sparseTensor',
    23: 'sparseTensor',
  },
  function: { 7: 'node', 11: 'attribute' },
  trainingInfo: { 1: 'graph', 2: 'graph' },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
} as const satisfies Record<string, Record<number, string>>;

type Message = keyof typeof messages;

/** Of a model. */
const graphField = 7;
/** Of a tensor: `data_location`, where 0 is the model itself. */
const dataLocationField = 14;

/** As deep as protobuf itself goes. */
const maxDepth = 100;

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Takes nothing but ONNX that holds all of its data.
 *
 * @throws {Refusal} `model-refused`
 */
export function inspectModel(model: Uint8Array): void {
  // FlatBuffers write the format's name behind the first four bytes.
  if (String.fromCharCode(...model.subarray(4, 8)) === 'ORTM') {
    throw new Refusal('model-refused', 'this is a model in ORT format; only ONNX is taken');
  }
  const walk = new Walk(model);
  walk.message('model', model.length, 0);
  if (!walk.sawGraph) throw notOnnx('it has no graph');
}

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;
  sawGraph = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  message(name: Message, end: number, depth: number): void {
    if (depth > maxDepth) throw notOnnx('it nests too deep');
    const nested: Readonly<Record<number, Message>> = messages[name];
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag > 0xffff_ffff) throw notOnnx('a field number is too large');
      const field = Math.floor(tag / 8);
      const wireType = tag % 8;
      if (field === 0) throw notOnnx('a field has number 0');
      const child = nested[field];
      if (child !== undefined) {
        if (wireType !== wireTypes.bytes) throw notOnnx('a message is not written as one');
        const length = this.#varint(end);
        this.#advance(length, end);
        this.#at -= length;
        if (name === 'model' && field === graphField) this.sawGraph = true;
        this.message(child, this.#at + length, depth + 1);
      } else if (name === 'tensor' && field === dataLocationField) {
        if (wireType !== wireTypes.varint || this.#varint(end) !== 0) {
          throw new Refusal(
            'model-refused',
            'the model keeps data in other files; only models that hold all of their data are taken',
          );
        }
      } else {
        this.#skip(wireType, end);
      }
    }
  }

  #skip(wireType: number, end: number): void {
    switch (wireType) {
      case wireTypes.varint:
        this.#varint(end);
        break;
      case wireTypes.fixed64:
        this.#advance(8, end);
        break;
      case wireTypes.bytes:
        this.#advance(this.#varint(end), end);
        break;
      case wireTypes.fixed32:
        this.#advance(4, end);
        break;
      default:
        throw notOnnx('a field has an unknown wire type');
    }
  }

  /** Beyond 2^53 the value is inexact, but still too large for whatever it is compared with. */
  #varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) throw notOnnx('it ends within a field');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw notOnnx('an integer is too long');
  }

  #advance(count: number, end: number): void {
    if (count > end - this.#at) throw notOnnx('it ends within a field');
    this.#at += count;
  }
}

function notOnnx(why: string): Refusal {
  return new Refusal('model-refused', `this is no ONNX model: ${why}`);
}

import { datatypes, type Datatype, type TensorData } from './datatypes.ts';
import { checkTensorBytes, countElements, type TensorBytes } from './tensor-bytes.ts';
import { interpretInput, type TensorInput } from './tensor-input.ts';

/** Elements as nested arrays, the outermost dimension first; a scalar stands alone. */
export type Nested = number | bigint | boolean | readonly Nested[];

/**
 * A named array of numbers with a shape, row-major.
 *
 * `data` is the typed array that fits the datatype: INT64 and UINT64 are BigInt arrays, BOOL is a Uint8Array
 * of 0 and 1. The number of elements is the product of the shape; 1 for the empty shape.
 */
export class Tensor {
  /** Empty where the tensor has none. */
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;

  private constructor(
    name: string,
    datatype: Datatype,
    shape: readonly number[],
    data: TensorData,
  ) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Makes a tensor of any of the forms of {@link TensorInput}.
   *
   * @throws {ProtocolError} `bad-input` when shape, datatype and elements do not fit each other.
   */
  static from(input: TensorInput, name?: string): Tensor {
    if (input instanceof Tensor) {
      return new Tensor(name ?? input.name, input.datatype, input.shape, input.data);
    }
    const { datatype, shape, data } = interpretInput(input);
    return new Tensor(name ?? '', datatype, shape, data);
  }

  /**
   * Makes a tensor of what travelled. The data is a view of the bytes where their alignment allows it.
   *
   * @throws {ProtocolError} `bad-input` when shape, datatype and bytes do not fit each other.
   */
  static fromBytes(tensor: TensorBytes): Tensor {
    checkTensorBytes(tensor);
    const { bytes: elementBytes, array: ElementArray } = datatypes[tensor.datatype];
    const { bytes } = tensor;
    const aligned = bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
    const data = new ElementArray(
      aligned.buffer as ArrayBuffer,
      aligned.byteOffset,
      bytes.length / elementBytes,
    );
    return new Tensor(tensor.name ?? '', tensor.datatype, tensor.shape, data);
  }

  /** The tensor as it travels; `bytes` is a view of `data`. */
  toBytes(): TensorBytes {
    const { buffer, byteOffset, byteLength } = this.data;
    return {
      name: this.name === '' ? null : this.name,
      datatype: this.datatype,
      shape: this.shape,
      bytes: new Uint8Array(buffer, byteOffset, byteLength),
    };
  }

  /** The elements as nested arrays, BOOL as booleans. */
  toNested(): Nested {
    const { data, datatype, shape } = this;
    const element = (at: number): Nested => (datatype === 'BOOL' ? data[at] === 1 : data[at]!);
    const nest = (dimension: number, start: number): Nested => {
      if (dimension === shape.length) return element(start);
      const stride = countElements(shape.slice(dimension + 1));
      return Array.from({ length: shape[dimension]! }, (_, at) =>
        nest(dimension + 1, start + at * stride),
      );
    };
    return nest(0, 0);
  }
}

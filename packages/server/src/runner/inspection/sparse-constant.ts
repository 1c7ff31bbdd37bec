import { addDimension, Constant, countElements, maxConstantBytes } from './constant.ts';
import { Flaw } from './flaw.ts';
import type { ProtobufReader } from './protobuf-reader.ts';

/** What a `SparseTensorProto` says: which elements of a tensor are not zero. The engine makes it dense. */
export class SparseConstant {
  readonly #dims: number[] = [];
  readonly #parts = new Map<'values' | 'indices', Constant>();

  /** @throws {LayoutFlaw} @throws {Flaw} */
  readField(reader: ProtobufReader, field: number): boolean {
    switch (field) {
      case 1:
        return this.#read('values', reader);
      case 2:
        return this.#read('indices', reader);
      case 3:
        reader.integersOfList((size) => addDimension(this.#dims, size));
        return true;
      default:
        return false;
    }
  }

  /**
   * Refuses what does not fit together, or is too large once it is dense.
   *
   * @returns its size then, in bytes.
   * @throws {Flaw}
   */
  enforceSize(): number {
    const values = this.#parts.get('values');
    const indices = this.#parts.get('indices');
    if (values === undefined || indices === undefined) {
      throw new Flaw('it is sparse, and its values or their indices are missing');
    }
    const [count, ...more] = values.dims;
    const [rows, columns] = indices.dims;
    const fits =
      more.length === 0 &&
      rows === count &&
      indices.type.name === 'int64' &&
      (indices.dims.length === 1 || (indices.dims.length === 2 && columns === this.#dims.length));
    if (count === undefined || !fits) {
      throw new Flaw('it is sparse, and its values do not fit their indices');
    }
    const elements = countElements(this.#dims);
    if (count > elements) throw new Flaw('it is sparse, with more values than elements');
    const bytes = Math.ceil((elements * (values.type.bits ?? 0)) / 8);
    if (bytes > maxConstantBytes) {
      throw new Flaw(`it is sparse, and would have over ${maxConstantBytes} bytes`);
    }
    return bytes;
  }

  #read(part: 'values' | 'indices', reader: ProtobufReader): true {
    const constant = new Constant();
    reader.message(() => (field) => constant.readField(reader, field));
    constant.enforceSize();
    this.#parts.set(part, constant);
    return true;
  }
}

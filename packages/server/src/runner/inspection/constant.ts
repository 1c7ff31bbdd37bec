import { elementTypeOf, type ElementType, type TypedField } from './element-types.ts';
import { Flaw } from './flaw.ts';
import type { ProtobufReader } from './protobuf-reader.ts';

/** No tensor of a real model has more dimensions. */
const maxRank = 64;

/** The largest tensor: as much as one protobuf message holds (2 GiB − 1). */
export const maxConstantBytes: number = 2 ** 31 - 1;

/** What a `TensorProto` says of itself, and how much data it brings. */
export class Constant {
  readonly dims: number[] = [];
  #type: number | null = null;
  #rawBytes: number | null = null;
  readonly #typed = new Map<TypedField, number>();

  /** @throws {LayoutFlaw} @throws {Flaw} for data that is not in the model. */
  readField(reader: ProtobufReader, field: number): boolean {
    switch (field) {
      case 1:
        reader.integersOfList((size) => addDimension(this.dims, size));
        return true;
      case 2:
        this.#type = reader.integer();
        return true;
      case 3:
        throw new Flaw('it is a segment of a tensor; only whole ones are taken');
      case 4:
        return this.#count('float', reader.countFixed(4));
      case 5:
        return this.#count('int32', reader.countIntegers());
      case 6:
        reader.bytesOfList();
        return this.#count('string', 1);
      case 7:
        return this.#count('int64', reader.countIntegers());
      case 9:
        this.#rawBytes = reader.bytes().length;
        return true;
      case 10:
        return this.#count('double', reader.countFixed(8));
      case 11:
        return this.#count('uint64', reader.countIntegers());
      case 13:
        throw external();
      case 14:
        // Where the data is: 0 is the model itself.
        if (reader.integer() !== 0) throw external();
        return true;
      default:
        return false;
    }
  }

  get type(): ElementType {
    const type = this.#type === null ? undefined : elementTypeOf(this.#type);
    if (type === undefined) throw new Flaw('its elements are of no type that ONNX has');
    return type;
  }

  get elements(): number {
    return countElements(this.dims);
  }

  /** What it takes in memory, in bytes. */
  get bytes(): number {
    return Math.ceil((this.elements * (this.type.bits ?? 0)) / 8);
  }

  /**
   * Refuses a tensor whose data is not exactly as long as its shape and type say, or is there in two ways.
   *
   * @throws {Flaw}
   */
  enforceSize(): void {
    const { type, elements } = this;
    const [typed, ...more] = this.#typed;
    if (more.length > 0 || (typed !== undefined && this.#rawBytes !== null)) {
      throw new Flaw('it has its data twice');
    }
    if (this.#rawBytes !== null) {
      if (type.bits === null) throw new Flaw(`raw data cannot be of type ${type.name}`);
      enforceCount(this.#rawBytes, this.bytes, 'bytes', this);
      return;
    }
    const [field, found] = typed ?? [type.field, 0];
    if (field !== type.field) {
      throw new Flaw(`its elements are of type ${type.name}, its data is not`);
    }
    enforceCount(found, Math.ceil(elements * type.perElement), 'numbers', this);
  }

  /** Adds up, since a list may come in parts. */
  #count(field: TypedField, count: number): true {
    this.#typed.set(field, (this.#typed.get(field) ?? 0) + count);
    return true;
  }
}

/** @throws {Flaw} if a tensor cannot have such a dimension, or has too many. */
export function addDimension(dims: number[], size: number): void {
  if (dims.length === maxRank) throw new Flaw(`it has over ${maxRank} dimensions`);
  if (size > maxConstantBytes) throw new Flaw('it has a dimension that no tensor can have');
  dims.push(size);
}

/** @throws {Flaw} if there are more than a tensor can hold. */
export function countElements(dims: readonly number[]): number {
  const count = dims.includes(0) ? 0 : dims.reduce((product, size) => product * size, 1);
  // Eight elements of the smallest type fit into two bytes.
  if (count > 4 * maxConstantBytes) throw new Flaw('it has more elements than a tensor can hold');
  return count;
}

function enforceCount(found: number, due: number, what: string, { type, dims }: Constant): void {
  if (found === due) return;
  const unit = type.bits === null ? 'texts' : what;
  throw new Flaw(
    `${due} ${unit} of data are due for ${type.name} of shape [${dims.join(', ')}], found ${found}`,
  );
}

function external(): Flaw {
  return new Flaw('its data is in another file; only models that hold all of their data are taken');
}

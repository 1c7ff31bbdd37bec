import { concat } from './bytes.ts';
import type { Bytes } from './bytes.ts';

/** Writes the fields of a binary format in order; integers are little-endian, lengths are checked. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  u16(value: number): this {
    return this.#integer(BigInt(value), 2);
  }

  u32(value: number): this {
    return this.#integer(BigInt(value), 4);
  }

  u64(value: bigint): this {
    return this.#integer(value, 8);
  }

  zeros(length: number): this {
    this.#parts.push(new Uint8Array(length));
    return this;
  }

  /** @throws {TypeError} if the field's length is not the one the format says. */
  fixed(field: string, bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) {
      throw new TypeError(`${field}: expected ${length} bytes, found ${bytes.length}`);
    }
    return this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  end(): Bytes {
    return concat(...this.#parts);
  }

  #integer(value: bigint, length: number): this {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) {
      bytes[index] = Number((value >> BigInt(8 * index)) & 0xffn);
    }
    return this.bytes(bytes);
  }
}

import { FormatError } from './format-error.ts';

/** Bytes of our own: no one else can change them while a verification waits. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Reads a binary structure field by field, in order. Every read is bounds-checked and names its field; what it
 * returns are views, not copies.
 *
 * @throws {FormatError} from every method, if the bytes end early or are not what the field demands.
 */
export class ByteReader {
  readonly #what: string;
  readonly #bytes: Bytes;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #position = 0;

  /**
   * @param what - Name of the structure, for messages.
   * @param order - Of the bytes in numbers.
   */
  constructor(what: string, bytes: Bytes, order: 'little-endian' | 'big-endian' = 'little-endian') {
    this.#what = what;
    this.#bytes = bytes;
    this.#littleEndian = order === 'little-endian';
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(field, 1));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(field, 2), this.#littleEndian);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(field, 4), this.#littleEndian);
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(field, 8), this.#littleEndian);
  }

  bytes(field: string, length: number): Bytes {
    const start = this.#take(field, length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A field that must have exactly this value. */
  exactly(field: string, size: 'u16' | 'u32', value: number): void {
    const found = this[size](field);
    if (found !== value) this.fail(field, `${value} expected, ${found} found`);
  }

  /** Reserved bytes. */
  zeros(field: string, length: number): void {
    if (this.bytes(field, length).some((byte) => byte !== 0)) {
      this.fail(field, 'only zero bytes expected');
    }
  }

  /** Nothing may be left over. */
  end(): void {
    if (this.remaining !== 0) this.fail('end', `${this.remaining} bytes left over`);
  }

  fail(field: string, problem: string): never {
    throw new FormatError(`${this.#what}.${field}`, problem);
  }

  #take(field: string, length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start) {
      this.fail(field, `${length} bytes expected, ${this.#bytes.length - start} left`);
    }
    this.#position = start + length;
    return start;
  }
}

/** Whether two byte strings are the same. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

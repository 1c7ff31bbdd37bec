/**
 * Writes one protobuf message (https://protobuf.dev/programming-guides/encoding): as much of it as models
 * need. Long contents are kept as they are until the whole is written.
 */
export class Message {
  readonly #parts: Uint8Array[] = [];

  varint(field: number, value: number | bigint): this {
    this.#parts.push(encodeVarint(field * 8), encodeVarint(value));
    return this;
  }

  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    this.#parts.push(encodeVarint(field * 8 + 5), bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(encodeVarint(field * 8 + 2), encodeVarint(value.length), value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, { parts, length }: Message): this {
    this.#parts.push(encodeVarint(field * 8 + 2), encodeVarint(length), ...parts);
    return this;
  }

  /** Each as a message of its own. */
  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  /** All that was written, in order. */
  get parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  /** In bytes. */
  get length(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  encode(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** Seven bits a byte, the lowest first; negative numbers as 64 bits. */
function encodeVarint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}

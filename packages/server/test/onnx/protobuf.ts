/** Writes protobuf messages (https://protobuf.dev/programming-guides/encoding): just enough to make models. */
export class Message {
  readonly #bytes: number[] = [];

  varint(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#varint(BigInt.asUintN(64, BigInt(value)));
    return this;
  }

  /** Four or eight bytes as they are. */
  fixed(field: number, value: Uint8Array): this {
    this.#tag(field, value.length === 4 ? 5 : 1);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(BigInt(value.length));
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.encode());
  }

  /** Each as a message of its own. */
  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  encode(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(BigInt(field * 8 + wireType));
  }

  #varint(value: bigint): void {
    for (; value >= 0x80n; value >>= 7n) this.#bytes.push(Number(value & 0x7fn) | 0x80);
    this.#bytes.push(Number(value));
  }
}

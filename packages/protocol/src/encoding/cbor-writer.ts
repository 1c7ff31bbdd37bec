import { concatenate } from './bytes.ts';

/** Content up to this size is copied: a part of its own would cost more. */
const copiedBytes = 256;

const utf8 = new TextEncoder();

/**
 * Writes CBOR in its shortest form (RFC 8949 §4.1) as a list of parts: payloads stay where they are, only
 * what stands between them is new.
 */
export class CborWriter {
  readonly #parts: Uint8Array[] = [];
  #pending: number[] = [];

  map(pairs: number): this {
    return this.#head(5, pairs);
  }

  array(items: number): this {
    return this.#head(4, items);
  }

  uint(value: number): this {
    return this.#head(0, value);
  }

  boolean(value: boolean): this {
    this.#pending.push(value ? 0xf5 : 0xf4);
    return this;
  }

  null(): this {
    this.#pending.push(0xf6);
    return this;
  }

  text(value: string): this {
    const bytes = utf8.encode(value);
    return this.#head(3, bytes.length).#content(bytes);
  }

  bytes(value: Uint8Array): this {
    return this.bytesHead(value.length).#content(value);
  }

  /** Only the head of a byte string, for content that is written elsewhere. */
  bytesHead(length: number): this {
    return this.#head(2, length);
  }

  /** The start of a byte string of indefinite length; heads with content follow, then {@link end}. */
  indefiniteBytes(): this {
    this.#pending.push(0x5f);
    return this;
  }

  /** The break that ends an item of indefinite length. */
  end(): this {
    this.#pending.push(0xff);
    return this;
  }

  /** All that was written, in order. */
  parts(): Uint8Array[] {
    this.#flush();
    return this.#parts;
  }

  /** All that was written, in one array. */
  whole(): Uint8Array {
    return concatenate(this.parts());
  }

  #head(major: number, argument: number): this {
    const initial = major << 5;
    if (argument < 24) this.#pending.push(initial | argument);
    else if (argument < 2 ** 8) this.#pending.push(initial | 24, argument);
    else if (argument < 2 ** 16) this.#pending.push(initial | 25, ...bigEndian(argument, 2));
    else if (argument < 2 ** 32) this.#pending.push(initial | 26, ...bigEndian(argument, 4));
    else this.#pending.push(initial | 27, ...bigEndian(argument, 8));
    return this;
  }

  #content(bytes: Uint8Array): this {
    if (bytes.length <= copiedBytes) {
      this.#pending.push(...bytes);
    } else {
      this.#flush();
      this.#parts.push(bytes);
    }
    return this;
  }

  #flush(): void {
    if (this.#pending.length > 0) this.#parts.push(Uint8Array.from(this.#pending));
    this.#pending = [];
  }
}

function bigEndian(value: number, bytes: number): number[] {
  return Array.from(
    { length: bytes },
    (_, at) => Math.floor(value / 256 ** (bytes - 1 - at)) % 256,
  );
}

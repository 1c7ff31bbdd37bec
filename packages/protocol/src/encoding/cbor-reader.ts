import { malformed, ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';
import { concatenate } from './bytes.ts';

/** A computation that pauses (yields) whenever it needs the next chunk of input. */
export type Reading<T> = Generator<void, T, void>;

/** The eight kinds of CBOR items (RFC 8949 §3.1), by the number of their major type. */
const major = {
  uint: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  tag: 6,
  simple: 7,
} as const;

/** The first bytes of an item: what it is, and its argument (RFC 8949 §3). */
interface Head {
  readonly major: number;
  /** A value, or a length. `Infinity` for the indefinite length, and for the break that ends one. */
  readonly argument: number;
}

/** The limit of what is read past. */
interface Bound {
  readonly what: string;
  readonly maxBytes: number;
  /** Counted from the start of the input. */
  readonly end: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How many decoded integers {@link CborReader.integers} collects before it hands them on. */
const integersAtOnce = 16 * 1024;

/**
 * Reads CBOR while it arrives, in constant memory: methods are generators that pause where the input ends,
 * and nothing is allocated by a length that was only declared.
 *
 * Strict: integers and lengths in their shortest form, text in UTF-8, no indefinite length but in
 * {@link CborReader.byteStringOrIntegers}, no tags; only {@link CborReader.skip} takes
 * whatever is well-formed. Every refusal is a {@link ProtocolError} with `malformed`, or `too-large`.
 */
export class CborReader {
  #chunk: Uint8Array = new Uint8Array();
  #at = 0;
  /** Bytes of all chunks before the present one. */
  #before = 0;

  /** Gives the next chunk, once the present one is used up. It is read from until the next call. */
  feed(chunk: Uint8Array): void {
    this.#before += this.#chunk.length;
    // A plain view: a Buffer's slice would be a view where a copy is meant.
    this.#chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#at = 0;
  }

  /** How many bytes of the present chunk are not read yet. */
  get left(): number {
    return this.#chunk.length - this.#at;
  }

  /** The number of pairs of a map. */
  *map(what: string): Reading<number> {
    return yield* this.#definite(what, 'map', major.map);
  }

  /** The number of items of an array. */
  *array(what: string): Reading<number> {
    return yield* this.#definite(what, 'array', major.array);
  }

  /** An integer from 0 to 2^53 - 1. */
  *uint(what: string): Reading<number> {
    return yield* this.#definite(what, 'unsigned integer', major.uint);
  }

  /** True or false. */
  *boolean(what: string): Reading<boolean> {
    const byte = yield* this.#byte();
    if (byte !== 0xf4 && byte !== 0xf5) throw malformed(`${what} must be a boolean`);
    return byte === 0xf5;
  }

  *null(what: string): Reading<void> {
    if (!(yield* this.nullNext())) throw malformed(`${what} must be null`);
  }

  /** Whether null comes next; it is read then, and nothing otherwise. */
  *nullNext(): Reading<boolean> {
    const isNull = (yield* this.#peek()) === 0xf6;
    if (isNull) this.#at += 1;
    return isNull;
  }

  /** Whether a text comes next; nothing is read. */
  *textNext(): Reading<boolean> {
    return (yield* this.#peek()) >> 5 === major.text;
  }

  /** A text of at most `maxBytes` bytes. */
  *text(what: string, maxBytes: number): Reading<string> {
    const length = yield* this.#definite(what, 'text', major.text);
    if (length > maxBytes) throw tooLarge(what, maxBytes);
    const bytes = this.#wholeView(length) ?? (yield* this.#take(length));
    try {
      return utf8.decode(bytes);
    } catch {
      throw malformed(`${what} must be valid UTF-8`);
    }
  }

  /** A byte string of definite length: a view of the chunk where it lies within one, else a copy. */
  *bytes(what: string, maxBytes: number): Reading<Uint8Array> {
    const length = yield* this.#definite(what, 'byte string', major.bytes);
    if (length > maxBytes) throw tooLarge(what, maxBytes);
    return this.#wholeView(length) ?? (yield* this.#take(length));
  }

  /** A SHA-256 digest: 32 bytes, as an array of its own. */
  *digest(what: string): Reading<Uint8Array<ArrayBuffer>> {
    const bytes = yield* this.bytes(what, 32);
    if (bytes.length !== 32) throw malformed(`${what} must have 32 bytes, not ${bytes.length}`);
    return new Uint8Array(bytes);
  }

  /** One of a few texts. */
  *choice<Text extends string>(what: string, choices: readonly Text[]): Reading<Text> {
    const text = yield* this.text(what, limits.maxNameBytes);
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw malformed(`${what} must be one of ${choices.join(', ')}`);
    return chosen;
  }

  /** A text, a byte string (see {@link bytes}) or an unsigned integer. */
  *scalar(what: string, maxBytes: number): Reading<string | number | Uint8Array> {
    const kind = (yield* this.#peek()) >> 5;
    if (kind === major.text) return yield* this.text(what, maxBytes);
    if (kind === major.bytes) return yield* this.bytes(what, maxBytes);
    return yield* this.uint(what);
  }

  /**
   * Bytes handed to `sink` as they arrive, written in any of four ways: a byte string or an array of integers
   * from 0 to 255, each of definite or indefinite length. What `sink` gets is valid during the call only.
   */
  *byteStringOrIntegers(
    what: string,
    maxBytes: number,
    sink: (bytes: Uint8Array) => void,
  ): Reading<void> {
    const head = yield* this.#head();
    let written = 0;
    const bounded = (bytes: Uint8Array): void => {
      written += bytes.length;
      if (written > maxBytes) throw tooLarge(what, maxBytes);
      if (bytes.length > 0) sink(bytes);
    };
    if (head.argument !== Infinity && head.argument > maxBytes) throw tooLarge(what, maxBytes);
    if (head.major === major.array) yield* this.#integers(what, head.argument, bounded);
    else if (head.major === major.bytes) yield* this.#string(what, head, bounded);
    else throw malformed(`${what} must be a byte string or an array of integers`);
  }

  /** Reads past one well-formed item of any kind, of at most `maxBytes` bytes. */
  *skip(what: string, maxBytes: number): Reading<void> {
    const end = this.#before + this.#at + maxBytes;
    yield* this.#skipItem({ what, maxBytes, end }, 0, false);
  }

  /** Reads past one item; true when it was the break that ends an item of indefinite length. */
  *#skipItem(bound: Bound, depth: number, mayBreak: boolean): Reading<boolean> {
    if (depth > limits.maxDepth)
      throw malformed(`${bound.what} must not nest deeper than ${limits.maxDepth}`);
    const head = yield* this.#head();
    if (isBreak(head)) {
      if (!mayBreak) throw malformed(`${bound.what} must not hold a misplaced break`);
      return true;
    }
    switch (head.major) {
      case major.bytes:
      case major.text:
        this.#enforce(bound, head.argument === Infinity ? 0 : head.argument);
        yield* this.#string(bound.what, head, () => this.#enforce(bound, 0));
        break;
      case major.array:
      case major.map:
        for (let item = 0; item < head.argument; item += 1) {
          if (yield* this.#skipItem(bound, depth + 1, head.argument === Infinity)) break;
          if (head.major === major.map) yield* this.#skipItem(bound, depth + 1, false);
        }
        break;
      case major.tag:
        yield* this.#skipItem(bound, depth + 1, false);
        break;
    }
    this.#enforce(bound, 0);
    return false;
  }

  #enforce(bound: Bound, more: number): void {
    if (this.#before + this.#at + more > bound.end) throw tooLarge(bound.what, bound.maxBytes);
  }

  /** The content of a string, of indefinite length or not, in pieces as it arrives. */
  *#string(what: string, head: Head, sink: (bytes: Uint8Array) => void): Reading<void> {
    if (head.argument !== Infinity) {
      yield* this.#pour(head.argument, sink);
    } else {
      for (let piece = yield* this.#head(); !isBreak(piece); piece = yield* this.#head()) {
        if (piece.major !== head.major || piece.argument === Infinity) {
          throw malformed(`${what} must consist of strings of definite length`);
        }
        yield* this.#pour(piece.argument, sink);
      }
    }
  }

  /** Integers from 0 to 255: each is one byte below 24, or 0x18 and the value. */
  *#integers(what: string, count: number, sink: (bytes: Uint8Array) => void): Reading<void> {
    const out = new Uint8Array(integersAtOnce);
    let prefixed = false;
    let left = count;
    while (left > 0) {
      while (this.#at === this.#chunk.length) yield;
      // Locals: this loop sees every byte of a model.
      const chunk = this.#chunk;
      let at = this.#at;
      let filled = 0;
      while (left > 0 && at < chunk.length && filled < out.length) {
        const byte = chunk[at++]!;
        if (prefixed ? byte >= 24 : byte < 24) {
          out[filled++] = byte;
          prefixed = false;
          left -= 1;
        } else if (!prefixed && byte === 0x18) {
          prefixed = true;
        } else if (!prefixed && byte === 0xff && count === Infinity) {
          left = 0;
        } else {
          throw malformed(`${what} must hold integers from 0 to 255 only, in their shortest form`);
        }
      }
      this.#at = at;
      sink(out.subarray(0, filled));
    }
  }

  /** The argument of an item that must be of one kind and of definite length. */
  *#definite(what: string, kind: string, expected: number): Reading<number> {
    const head = this.#wholeHead() ?? (yield* this.#head());
    if (head.major !== expected) throw malformed(`${what} must be of the kind ${kind}`);
    if (!Number.isSafeInteger(head.argument)) {
      throw malformed(`${what} must be of definite length and below 2^53`);
    }
    return head.argument;
  }

  *#head(): Reading<Head> {
    const initial = yield* this.#peek();
    return decodeHead(yield* this.#take(1 + argumentBytes(initial)));
  }

  /** The next head where it lies within the chunk, as most do, without the cost of a generator; else null. */
  #wholeHead(): Head | null {
    const initial = this.#chunk[this.#at];
    if (initial === undefined) return null;
    const end = this.#at + 1 + argumentBytes(initial);
    if (end > this.#chunk.length) return null;
    const head = decodeHead(this.#chunk, this.#at);
    this.#at = end;
    return head;
  }

  *#byte(): Reading<number> {
    const byte = yield* this.#peek();
    this.#at += 1;
    return byte;
  }

  *#peek(): Reading<number> {
    while (this.#at === this.#chunk.length) yield;
    return this.#chunk[this.#at]!;
  }

  /** The next bytes as one array: a view where they lie within the chunk. */
  *#take(length: number): Reading<Uint8Array> {
    const view = this.#wholeView(length);
    if (view !== null) return view;
    const parts: Uint8Array[] = [];
    yield* this.#pour(length, (part) => parts.push(new Uint8Array(part)));
    return concatenate(parts);
  }

  /** The next bytes where they lie within the chunk, else null. */
  #wholeView(length: number): Uint8Array | null {
    if (this.left < length) return null;
    this.#at += length;
    return this.#chunk.subarray(this.#at - length, this.#at);
  }

  /** The next bytes, in pieces as they arrive. */
  *#pour(length: number, sink: (bytes: Uint8Array) => unknown): Reading<void> {
    for (let left = length; left > 0;) {
      while (this.#at === this.#chunk.length) yield;
      const piece = this.#chunk.subarray(this.#at, this.#at + left);
      this.#at += piece.length;
      left -= piece.length;
      sink(piece);
    }
  }
}

/** How many bytes follow the first of an item and belong to its argument. */
function argumentBytes(initial: number): number {
  const information = initial & 0x1f;
  return information < 24 || information > 27 ? 0 : 1 << (information - 24);
}

/** Decodes a head that is here as a whole. */
function decodeHead(bytes: Uint8Array, at = 0): Head {
  const initial = bytes[at]!;
  const kind = initial >> 5;
  const information = initial & 0x1f;
  if (information < 24) return { major: kind, argument: information };
  if (information === 31) {
    if (kind === major.uint || kind === major.negative || kind === major.tag) {
      throw malformed('an integer or tag has no indefinite length');
    }
    return { major: kind, argument: Infinity };
  }
  if (information > 27) throw malformed('28 to 30 are no additional information of an item');
  let argument = 0;
  for (let next = at + 1; next <= at + argumentBytes(initial); next += 1) {
    argument = argument * 256 + bytes[next]!;
  }
  const isFloat = kind === major.simple && information > 24;
  const least = kind === major.simple ? 32 : [24, 2 ** 8, 2 ** 16, 2 ** 32][information - 24]!;
  if (!isFloat && argument < least) {
    throw malformed('an integer or length must be in its shortest form');
  }
  return { major: kind, argument };
}

function isBreak(head: Head): boolean {
  return head.major === major.simple && head.argument === Infinity;
}

function tooLarge(what: string, maxBytes: number): ProtocolError {
  return new ProtocolError('too-large', `${what} must have at most ${maxBytes} bytes`);
}

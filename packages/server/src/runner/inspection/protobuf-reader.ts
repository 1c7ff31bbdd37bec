import type { ByteSource } from './byte-source.ts';
import { LayoutFlaw } from './flaw.ts';

/** Where something of variable length is: its bytes are not read until they are asked for. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/**
 * Reads one field of the message it is in, and answers whether it did; the reader passes over what is not
 * read. Calls exactly one of the reader's methods for a field that it knows.
 */
export type FieldReader = (field: number) => boolean;

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * The most fields that are looked at. Each costs about a microsecond here, and up to a hundred bytes of the
 * engine's memory: real models have some hundred thousand.
 */
export const maxFields = 10_000_000;

const nothing = new Uint8Array();

/**
 * Reads protobuf (https://protobuf.dev/programming-guides/encoding) in one pass and in constant memory,
 * wherever the bytes come from. It is stricter than protobuf, so that no two readers can differ about what
 * they read: no groups, a field that is known has the type it has to have, and one that is no list occurs
 * once.
 */
export class ProtobufReader {
  readonly #source: ByteSource;
  #window: Uint8Array = nothing;
  #windowAt = 0;
  #index = 0;
  /** Where the message that is being read ends. */
  #end: number;
  #fieldsLeft = maxFields;
  #field = 0;
  #wireType = 0;
  /** Fields of the message so far that may occur once, one bit each. */
  #seen = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#end = source.length;
  }

  /** From the start of the bytes. */
  get position(): number {
    return this.#windowAt + this.#index;
  }

  /**
   * Reads the fields of the outermost message.
   *
   * @throws {LayoutFlaw}
   */
  readFields(read: FieldReader): void {
    while (this.position < this.#end) {
      this.#readTag();
      if (!read(this.#field)) this.#skip();
    }
  }

  /** A message, of which there is one. */
  message(open: () => FieldReader): void {
    this.#once();
    this.messageOfList(open);
  }

  /**
   * One of a list of messages.
   *
   * @param open - Called at its start, where `position` and `end` are its bounds, for what reads its fields.
   */
  messageOfList(open: () => FieldReader): void {
    const length = this.#length();
    const [end, seen] = [this.#end, this.#seen];
    this.#end = this.position + length;
    this.#seen = 0;
    this.readFields(open());
    this.#end = end;
    this.#seen = seen;
  }

  /** Where the message ends that is being read. */
  get end(): number {
    return this.#end;
  }

  /** A number that is written as a varint. Beyond 2⁵³ it is inexact, but still too large for any bound. */
  integer(): number {
    this.#once();
    this.#enforce(wireTypes.varint);
    return this.#varint();
  }

  /** One of a list of numbers, or all of it where it is packed. */
  integersOfList(take: (value: number) => void): void {
    if (this.#wireType === wireTypes.bytes) {
      const end = this.#length() + this.position;
      while (this.position < end) take(this.#varint());
      if (this.position > end) throw endsWithin();
    } else {
      this.#enforce(wireTypes.varint);
      take(this.#varint());
    }
  }

  /** How many numbers there are here, without a look at them: one, or all where they are packed. */
  countIntegers(): number {
    if (this.#wireType === wireTypes.bytes) return this.#countVarints(this.#length());
    this.#enforce(wireTypes.varint);
    this.#varint();
    return 1;
  }

  /** The same of numbers that have a fixed size in bytes. */
  countFixed(size: 4 | 8): number {
    if (this.#wireType === wireTypes.bytes) {
      const length = this.#length();
      if (length % size !== 0) throw new LayoutFlaw('a list is cut within a number');
      this.#advance(length);
      return length / size;
    }
    this.#enforce(size === 4 ? wireTypes.fixed32 : wireTypes.fixed64);
    this.#advance(size);
    return 1;
  }

  /** A text or bytes, of which there is one. */
  bytes(): Span {
    this.#once();
    return this.bytesOfList();
  }

  /** One of a list of texts or bytes. */
  bytesOfList(): Span {
    const length = this.#length();
    const at = this.position;
    this.#advance(length);
    return { at, length };
  }

  /** The bytes of a span, each as a character; where the reader is does not change. */
  textOf({ at, length }: Span): string {
    const back = this.position;
    this.#moveTo(at);
    let text = '';
    for (let left = length; left > 0; left--) text += String.fromCharCode(this.#byte());
    this.#moveTo(back);
    return text;
  }

  /**
   * The texts (and other bytes) by field of a message that lies elsewhere, as far as it can be read: for a
   * message that something is wrong with. Where the reader is does not change.
   */
  peekTexts(at: number, end: number): ReadonlyMap<number, Span> {
    const texts = new Map<number, Span>();
    const back = [this.position, this.#end] as const;
    this.#moveTo(at);
    this.#end = end;
    this.#fieldsLeft = maxFields;
    try {
      while (this.position < end) {
        this.#readTag();
        if (this.#wireType === wireTypes.bytes) texts.set(this.#field, this.bytesOfList());
        else this.#skip();
      }
    } catch (error) {
      if (!(error instanceof LayoutFlaw)) throw error;
    }
    this.#moveTo(back[0]);
    this.#end = back[1];
    return texts;
  }

  #readTag(): void {
    if (--this.#fieldsLeft < 0) throw new LayoutFlaw(`it has over ${maxFields} fields`);
    const tag = this.#varint();
    if (tag > 0xffff_ffff) throw new LayoutFlaw('a field number is too large');
    this.#field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.#field === 0) throw new LayoutFlaw('a field has number 0');
  }

  #skip(): void {
    switch (this.#wireType) {
      case wireTypes.varint:
        this.#varint();
        break;
      case wireTypes.fixed64:
        this.#advance(8);
        break;
      case wireTypes.bytes:
        this.#advance(this.#length());
        break;
      case wireTypes.fixed32:
        this.#advance(4);
        break;
      default:
        throw new LayoutFlaw('a field has an unknown wire type');
    }
  }

  #once(): void {
    const bit = 1 << this.#field;
    if ((this.#seen & bit) !== 0) throw new LayoutFlaw(`field ${this.#field} is there twice`);
    this.#seen |= bit;
  }

  #enforce(wireType: number): void {
    if (this.#wireType !== wireType) {
      throw new LayoutFlaw(`field ${this.#field} is of another type`);
    }
  }

  /** How long what follows is: it fits into the message. */
  #length(): number {
    this.#enforce(wireTypes.bytes);
    const length = this.#varint();
    if (length > this.#end - this.position) throw endsWithin();
    return length;
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let bytes = 0; bytes < 10; bytes++) {
      if (this.position >= this.#end) throw endsWithin();
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new LayoutFlaw('a number is too long');
  }

  #countVarints(length: number): number {
    let count = 0;
    let run = 0;
    for (let left = length; left > 0; left--) {
      if (++run > 10) throw new LayoutFlaw('a number is too long');
      if (this.#byte() < 0x80) {
        count += 1;
        run = 0;
      }
    }
    if (run !== 0) throw new LayoutFlaw('a list is cut within a number');
    return count;
  }

  #byte(): number {
    if (this.#index >= this.#window.length) {
      this.#windowAt = this.position;
      this.#index = 0;
      this.#window = this.#source.from(this.#windowAt);
    }
    return this.#window[this.#index++]!;
  }

  #advance(count: number): void {
    if (count > this.#end - this.position) throw endsWithin();
    this.#index += count;
  }

  #moveTo(position: number): void {
    const index = position - this.#windowAt;
    if (index < 0) {
      this.#window = nothing;
      this.#windowAt = position;
      this.#index = 0;
    } else {
      this.#index = index;
    }
  }
}

function endsWithin(): LayoutFlaw {
  return new LayoutFlaw('it ends within a field');
}

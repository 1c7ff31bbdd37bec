import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';

/** Tags that X.509 uses (X.690; all of the one-byte form). */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag `[number]`, primitive or constructed. */
export function contextTag(number: number, form: 'primitive' | 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number;
}

const maxDepth = 16;
const maxLengthBytes = 3;

/** One element: its content, and its whole encoding. */
export interface DerElement {
  readonly content: Bytes;
  readonly encoding: Bytes;
}

/**
 * Reads DER (X.690 §10 and §11), strictly and in order: definite lengths of the fewest bytes, integers of
 * the fewest bytes, no element but the one asked for, and nothing left over at {@link DerReader.end}.
 *
 * @throws {FormatError} from every method.
 */
export class DerReader {
  readonly #what: string;
  readonly #bytes: Bytes;
  readonly #depth: number;
  #position = 0;

  /** @param what - Name of the structure, for messages. */
  constructor(what: string, bytes: Bytes, depth = 0) {
    if (depth > maxDepth) throw new FormatError(what, 'nested too deeply');
    this.#what = what;
    this.#bytes = bytes;
    this.#depth = depth;
  }

  /** Tag of the next element, `null` at the end. */
  get nextTag(): number | null {
    return this.#bytes[this.#position] ?? null;
  }

  /** The next element, which must have this tag. */
  element(field: string, tag: number): DerElement {
    const start = this.#position;
    const found = this.#byte(field);
    if (found !== tag) {
      this.fail(field, `tag ${tag.toString(16)} expected, ${found.toString(16)} found`);
    }
    const length = this.#length(field);
    if (length > this.#bytes.length - this.#position) this.fail(field, 'longer than what holds it');
    const contentStart = this.#position;
    this.#position += length;
    return {
      content: this.#bytes.subarray(contentStart, this.#position),
      encoding: this.#bytes.subarray(start, this.#position),
    };
  }

  /** The next element, whatever it is, without moving on. */
  peek(field: string): DerElement {
    const start = this.#position;
    const element = this.any(field);
    this.#position = start;
    return element;
  }

  /** A reader of the content of the next element, which must have this tag. */
  inside(field: string, tag: number = tags.sequence): DerReader {
    const { content } = this.element(field, tag);
    return new DerReader(`${this.#what}.${field}`, content, this.#depth + 1);
  }

  boolean(field: string): boolean {
    const { content } = this.element(field, tags.boolean);
    if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) {
      this.fail(field, 'a DER boolean expected');
    }
    return content[0] === 0xff;
  }

  null(field: string): void {
    const { content } = this.element(field, tags.null);
    if (content.length !== 0) this.fail(field, 'a DER null expected');
  }

  /** A non-negative INTEGER as its bytes, without a leading zero. */
  unsigned(field: string, tag: number = tags.integer): Bytes {
    const { content } = this.element(field, tag);
    const [first, second] = content;
    if (first === undefined) this.fail(field, 'an empty integer');
    if (first >= 0x80) this.fail(field, 'a negative integer');
    if (first !== 0 || content.length === 1) return content;
    if (second === undefined || second < 0x80) this.fail(field, 'an integer longer than needed');
    return content.subarray(1);
  }

  /** A non-negative INTEGER (or ENUMERATED) up to `max`, at most 2^32 − 1. */
  uint(field: string, max: number, tag: number = tags.integer): number {
    const bytes = this.unsigned(field, tag);
    const value = bytes.length > 4 ? Infinity : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (value > max) this.fail(field, `an integer up to ${max} expected`);
    return value;
  }

  octets(field: string, length?: number): Bytes {
    const { content } = this.element(field, tags.octetString);
    if (length !== undefined && content.length !== length) {
      this.fail(field, `${length} bytes expected, ${content.length} found`);
    }
    return content;
  }

  /** A BIT STRING of whole bytes. */
  bitString(field: string): Bytes {
    const { content } = this.element(field, tags.bitString);
    if (content[0] !== 0) this.fail(field, 'a bit string of whole bytes expected');
    return content.subarray(1);
  }

  /** A BIT STRING of up to 16 named bits, bit 0 first: without trailing zeros, as DER demands. */
  namedBits(field: string): ReadonlySet<number> {
    const { content } = this.element(field, tags.bitString);
    const [unused, ...bytes] = content;
    const last = bytes.at(-1);
    if (unused === undefined || unused > 7 || bytes.length > 2) {
      this.fail(field, 'a bit string of named bits expected');
    }
    if (last === undefined ? unused !== 0 : (last & ((1 << (unused + 1)) - 1)) !== 1 << unused) {
      this.fail(field, 'trailing zero bits');
    }
    const bits = new Set<number>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) bits.add(bit);
    }
    return bits;
  }

  /** An OBJECT IDENTIFIER, dotted. */
  oid(field: string): string {
    const { content } = this.element(field, tags.objectIdentifier);
    const arcs: number[] = [];
    let arc = 0;
    let open = false;
    for (const byte of content) {
      if (!open && byte === 0x80) this.fail(field, 'an object identifier longer than needed');
      arc = arc * 128 + (byte & 0x7f);
      if (arc > 0xffff_ffff) this.fail(field, 'an arc beyond 32 bits');
      open = byte >= 0x80;
      if (!open) {
        arcs.push(arc);
        arc = 0;
      }
    }
    const [first] = arcs;
    if (open || first === undefined) this.fail(field, 'an unfinished object identifier');
    const root = Math.min(Math.floor(first / 40), 2);
    return [root, first - root * 40, ...arcs.slice(1)].join('.');
  }

  /** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them: seconds, `Z`, each in its range. */
  time(field: string): Date {
    const isUtc = this.nextTag === tags.utcTime;
    const { content } = this.element(field, isUtc ? tags.utcTime : tags.generalizedTime);
    const digits = String.fromCharCode(...content.subarray(0, 32));
    const parts = (isUtc ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(digits);
    if (!parts) this.fail(field, 'a time in UTC, with seconds, expected');
    const [, yearDigits = '', rest = ''] = parts;
    const year = isUtc
      ? 1900 + Number(yearDigits) + (Number(yearDigits) < 50 ? 100 : 0)
      : Number(yearDigits);
    if (!isUtc && year < 2050) this.fail(field, 'a UTCTime expected before 2050');
    const [month = '', day = '', hour = '', minute = '', second = ''] = rest.match(/\d\d/g) ?? [];
    const iso = `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
    const time = new Date(iso);
    // Date rolls the 31st of February over; a date that exists comes back as it was written.
    if (Number.isNaN(time.getTime()) || time.toISOString() !== iso)
      this.fail(field, 'no such time');
    return time;
  }

  /** The next element, whatever it is. Its inside is not looked at. */
  any(field: string): DerElement {
    const tag = this.nextTag;
    if (tag === null) this.fail(field, 'missing');
    if ((tag & 0x1f) === 0x1f) this.fail(field, 'a tag of more than one byte');
    return this.element(field, tag);
  }

  /** Nothing may be left over. */
  end(): void {
    const left = this.#bytes.length - this.#position;
    if (left !== 0) this.fail('end', `${left} bytes left over`);
  }

  fail(field: string, problem: string): never {
    throw new FormatError(`${this.#what}.${field}`, problem);
  }

  #byte(field: string): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) this.fail(field, 'missing');
    this.#position++;
    return byte;
  }

  #length(field: string): number {
    const first = this.#byte(field);
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0) this.fail(field, 'an indefinite length');
    if (count > maxLengthBytes) this.fail(field, 'a length beyond 16 MiB');
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte(field);
    if (length < 0x80 || length < 256 ** (count - 1))
      this.fail(field, 'a length longer than needed');
    return length;
  }
}

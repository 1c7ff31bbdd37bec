import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';
import { decodeUtf8 } from './utf8.ts';

const maxDepth = 4;
const majorTypes = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;
const indefinite = 31;
const nullByte = 0xf6;
const breakByte = 0xff;

/** An item of CBOR. Maps keep their keys apart by type: 1 is another key than "1". */
export type CborItem = null | number | string | Bytes | readonly CborItem[] | CborMap;
export type CborMap = ReadonlyMap<number | string, CborItem>;

/**
 * Reads one item of CBOR (RFC 8949), strictly: integers and lengths of the fewest bytes, no doubled keys, valid
 * UTF-8, nothing left over. Arrays and maps may be of indefinite length, as real evidence has them; strings may
 * not. Of other types than {@link CborItem} none is known: tags, floats and simple values refuse.
 *
 * Integers are those that a number holds exactly.
 *
 * @param what - Name of the structure, for messages.
 * @throws {FormatError}
 */
export function parseCbor(what: string, bytes: Bytes): CborItem {
  return new CborParser(what, bytes).parse();
}

class CborParser {
  readonly #what: string;
  readonly #bytes: Bytes;
  #position = 0;

  constructor(what: string, bytes: Bytes) {
    this.#what = what;
    this.#bytes = bytes;
  }

  parse(): CborItem {
    const item = this.#item(0);
    const left = this.#bytes.length - this.#position;
    if (left !== 0) this.#fail(`${left} bytes left over`);
    return item;
  }

  #item(depth: number): CborItem {
    if (depth > maxDepth) this.#fail('nested too deeply');
    const first = this.#take(1)[0]!;
    const info = first & 0x1f;
    switch (first >> 5) {
      case majorTypes.unsigned:
        return this.#number(info);
      case majorTypes.negative:
        return -1 - this.#number(info);
      case majorTypes.bytes:
        return this.#take(this.#number(info));
      case majorTypes.text:
        return decodeUtf8(this.#what, this.#take(this.#number(info)));
      case majorTypes.array:
        return this.#array(info, depth);
      case majorTypes.map:
        return this.#map(info, depth);
      default:
        return first === nullByte ? null : this.#fail('an unknown type');
    }
  }

  #array(info: number, depth: number): readonly CborItem[] {
    const items: CborItem[] = [];
    this.#repeat(info, () => items.push(this.#item(depth + 1)));
    return items;
  }

  #map(info: number, depth: number): CborMap {
    const members = new Map<number | string, CborItem>();
    this.#repeat(info, () => {
      const key = this.#item(depth + 1);
      if (typeof key !== 'number' && typeof key !== 'string') this.#fail('another type of key');
      if (members.has(key)) this.#fail('a doubled key');
      members.set(key, this.#item(depth + 1));
    });
    return members;
  }

  /** As often as the head says; each time takes a byte at least, so that a wrong head ends soon. */
  #repeat(info: number, read: () => void): void {
    if (info !== indefinite) {
      for (let count = this.#number(info); count > 0; count--) read();
      return;
    }
    while (this.#bytes[this.#position] !== breakByte) read();
    this.#position++;
  }

  /** The number in a head: RFC 8949 §3, in its shortest form (§4.2.1). */
  #number(info: number): number {
    if (info < 24) return info;
    if (info > 27) this.#fail('an unknown length');
    const size = 2 ** (info - 24);
    const number = this.#take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (number < (size === 1 ? 24 : 256 ** (size / 2))) this.#fail('a number longer than needed');
    if (number > Number.MAX_SAFE_INTEGER) this.#fail('a number beyond 2^53 − 1');
    return number;
  }

  #take(length: number): Bytes {
    const start = this.#position;
    if (length > this.#bytes.length - start) this.#fail('cut off');
    this.#position = start + length;
    return this.#bytes.subarray(start, this.#position);
  }

  #fail(problem: string): never {
    throw new FormatError(this.#what, `CBOR: ${problem} at byte ${this.#position}`);
  }
}

import type { Bytes } from './byte-reader.ts';
import { FormatError } from './format-error.ts';

const maxDepth = 16;
/** Far more than anything signed or quoted has; each costs memory, a hundred times what it takes in the text. */
const maxValues = 65_536;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const spacePattern = /[ \t\n\r]*/y;

/** A JSON value that remembers where in the text it stood. */
interface JsonNode {
  readonly value:
    null | boolean | string | number | readonly JsonNode[] | ReadonlyMap<string, JsonNode>;
  readonly text: string;
}

/**
 * A JSON object (RFC 8259), read strictly: no doubled members, no values out of range, nothing after it; of 65,536
 * values at most, 16 deep.
 * Unlike `JSON.parse` it sees doubled members, and keeps the exact text of each value.
 *
 * @throws {FormatError} from every method, if the member is absent or of another type.
 */
export class JsonObject {
  readonly #where: string;
  readonly #members: ReadonlyMap<string, JsonNode>;

  private constructor(where: string, node: JsonNode) {
    if (!(node.value instanceof Map)) throw new FormatError(where, 'an object expected');
    this.#where = where;
    this.#members = node.value as ReadonlyMap<string, JsonNode>;
  }

  /** @throws {FormatError} if the text is not one JSON object. */
  static parse(where: string, text: string): JsonObject {
    return new JsonObject(where, new JsonParser(where, text).parse());
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** The members that are neither objects nor arrays; there may be no others. */
  scalars(): ReadonlyMap<string, null | boolean | string | number> {
    const scalars = new Map<string, null | boolean | string | number>();
    for (const [name, { value }] of this.#members) {
      if (typeof value === 'object' && value !== null)
        this.fail(name, 'neither object nor array expected');
      scalars.set(name, value);
    }
    return scalars;
  }

  /** Every one of these members and no other. */
  exactly(names: readonly string[]): void {
    const absent = names.find((name) => !this.has(name));
    if (absent !== undefined) this.fail(absent, 'absent');
    if (this.#members.size !== names.length)
      throw new FormatError(this.#where, 'an unknown member');
  }

  string(name: string): string {
    const { value } = this.#member(name);
    if (typeof value !== 'string') this.fail(name, 'a string expected');
    return value;
  }

  /** One of a closed set of strings. */
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T {
    const found = this.string(name);
    const match = allowed.find((candidate) => candidate === found);
    if (match === undefined) this.fail(name, `one of ${allowed.join(', ')} expected`);
    return match;
  }

  /** An integer from 0 to `max`, written in digits only. */
  uint(name: string, max: number): number {
    const { value, text } = this.#member(name);
    if (typeof value !== 'number' || !/^\d+$/.test(text) || value > max) {
      this.fail(name, `an integer from 0 to ${max} expected`);
    }
    return value;
  }

  /** A time as Intel writes it: ISO 8601, UTC, whole seconds. */
  time(name: string): Date {
    const text = this.string(name);
    const time = new Date(text);
    if (
      !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ||
      Number.isNaN(time.getTime()) ||
      time.toISOString() !== text.replace('Z', '.000Z')
    ) {
      this.fail(name, 'a time such as 2025-01-31T00:00:00Z expected');
    }
    return time;
  }

  object(name: string): JsonObject {
    return new JsonObject(`${this.#where}.${name}`, this.#member(name));
  }

  /** The exact text of a member that is an object. */
  objectText(name: string): string {
    this.object(name);
    return this.#member(name).text;
  }

  /** An array of objects, of 1 to `max` of them. */
  objects(name: string, max: number): JsonObject[] {
    const nodes = this.#array(name, max);
    if (nodes.length === 0) this.fail(name, 'at least one element expected');
    return nodes.map((node, index) => new JsonObject(`${this.#where}.${name}[${index}]`, node));
  }

  /** An array of integers from 0 to 255, of 0 to `max` of them. */
  bytes(name: string, max: number): Bytes {
    return this.#bytesOf(name, this.#array(name, max));
  }

  /** An array of such arrays, of 0 to `max` of them, each of `length`. */
  byteArrays(name: string, max: number, length: number): Bytes[] {
    return this.#array(name, max).map(({ value }) =>
      Array.isArray(value) && value.length === length
        ? this.#bytesOf(name, value as readonly JsonNode[])
        : this.fail(name, `arrays of ${length} bytes expected`),
    );
  }

  /** An array of strings, of 0 to `max` of them; empty if the member is absent. */
  optionalStrings(name: string, max: number): string[] {
    if (!this.has(name)) return [];
    return this.#array(name, max).map(({ value }) =>
      typeof value === 'string' ? value : this.fail(name, 'an array of strings expected'),
    );
  }

  fail(name: string, problem: string): never {
    throw new FormatError(`${this.#where}.${name}`, problem);
  }

  #array(name: string, max: number): readonly JsonNode[] {
    const { value } = this.#member(name);
    if (!Array.isArray(value)) this.fail(name, 'an array expected');
    const nodes = value as readonly JsonNode[];
    if (nodes.length > max) this.fail(name, `at most ${max} elements expected`);
    return nodes;
  }

  #bytesOf(name: string, nodes: readonly JsonNode[]): Bytes {
    return Uint8Array.from(nodes, ({ value, text }) =>
      typeof value === 'number' && value <= 0xff && /^\d+$/.test(text)
        ? value
        : this.fail(name, 'integers from 0 to 255 expected'),
    );
  }

  #member(name: string): JsonNode {
    return this.#members.get(name) ?? this.fail(name, 'absent');
  }
}

class JsonParser {
  readonly #where: string;
  readonly #text: string;
  #position = 0;
  #values = 0;

  constructor(where: string, text: string) {
    this.#where = where;
    this.#text = text;
  }

  parse(): JsonNode {
    const node = this.#value(0);
    if (this.#position !== this.#text.length) this.#fail('something after the end');
    return node;
  }

  #value(depth: number): JsonNode {
    if (depth > maxDepth) this.#fail('nested too deeply');
    if (++this.#values > maxValues) this.#fail(`more than ${maxValues} values`);
    this.#take(spacePattern);
    const start = this.#position;
    const value = this.#bareValue(depth);
    const text = this.#text.slice(start, this.#position);
    this.#take(spacePattern);
    return { value, text };
  }

  #bareValue(depth: number): JsonNode['value'] {
    switch (this.#text.charAt(this.#position)) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return Number(this.#take(numberPattern) ?? this.#fail('a value expected'));
    }
  }

  #object(depth: number): ReadonlyMap<string, JsonNode> {
    const members = new Map<string, JsonNode>();
    this.#position++;
    this.#take(spacePattern);
    if (this.#skip('}')) return members;
    do {
      this.#take(spacePattern);
      const name = this.#string();
      if (members.has(name)) this.#fail('a doubled member');
      this.#take(spacePattern);
      if (!this.#skip(':')) this.#fail('":" expected');
      members.set(name, this.#value(depth + 1));
    } while (this.#skip(','));
    if (!this.#skip('}')) this.#fail('"}" expected');
    return members;
  }

  #array(depth: number): readonly JsonNode[] {
    const nodes: JsonNode[] = [];
    this.#position++;
    this.#take(spacePattern);
    if (this.#skip(']')) return nodes;
    do nodes.push(this.#value(depth + 1));
    while (this.#skip(','));
    if (!this.#skip(']')) this.#fail('"]" expected');
    return nodes;
  }

  #string(): string {
    const start = this.#position;
    if (!this.#skip('"')) this.#fail('a string expected');
    while (!this.#skip('"')) {
      if (this.#position >= this.#text.length) this.#fail('an unfinished string');
      this.#position += this.#text[this.#position] === '\\' ? 2 : 1;
    }
    try {
      return JSON.parse(this.#text.slice(start, this.#position)) as string;
    } catch {
      return this.#fail('a string with an unknown escape or a control character');
    }
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#position)) this.#fail('a value expected');
    this.#position += word.length;
    return value;
  }

  #skip(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#position += match.length;
    return match;
  }

  #fail(problem: string): never {
    throw new FormatError(this.#where, `JSON: ${problem} at character ${this.#position}`);
  }
}

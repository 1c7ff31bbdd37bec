import { decode } from 'cborg/json';
import { malformed } from '../errors.ts';

const utf8 = new TextEncoder();

/**
 * Parses a message in JSON: well-formed UTF-8, nothing after it, no object with a key twice. Objects come as
 * maps.
 *
 * @throws {ProtocolError} `malformed`.
 */
export function parseJson(what: string, bytes: Uint8Array): unknown {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return decode(bytes, { useMaps: true, rejectDuplicateMapKeys: true });
  } catch {
    // The library's own message would quote the input.
    throw malformed(`${what} must be well-formed JSON with each key once`);
  }
}

/** Writes a message in JSON. */
export function encodeJson(message: unknown): Uint8Array {
  return utf8.encode(JSON.stringify(message));
}

/**
 * A parsed object whose keys are all known. Its methods throw {@link ProtocolError} `malformed` unless the
 * member is there, of the kind that is asked for, and within its limit.
 */
export class JsonFields<Key extends string> {
  readonly #what: string;
  readonly #members: ReadonlyMap<string, unknown>;

  /** @throws {ProtocolError} `malformed` for what is no object, or holds another key than `keys`. */
  constructor(what: string, value: unknown, keys: readonly Key[]) {
    if (!(value instanceof Map)) throw malformed(`${what} must be an object`);
    this.#what = what;
    this.#members = value as ReadonlyMap<string, unknown>;
    for (const key of this.#members.keys()) {
      if (!keys.includes(key as Key)) throw malformed(`${what} must not hold an unknown key`);
    }
  }

  has(key: Key): boolean {
    return this.#members.has(key);
  }

  /** Whatever it is. */
  value(key: Key): unknown {
    if (!this.has(key)) throw malformed(`${this.#what} must hold "${key}"`);
    return this.#members.get(key);
  }

  /** A text of at most so many bytes in UTF-8. */
  text(key: Key, maxBytes: number): string {
    const value = this.value(key);
    if (typeof value !== 'string') throw malformed(`${this.#of(key)} must be a text`);
    if (utf8.encode(value).length > maxBytes) {
      throw malformed(`${this.#of(key)} must have at most ${maxBytes} bytes`);
    }
    return value;
  }

  /** One of a few texts. */
  choice<T extends string>(key: Key, choices: readonly T[]): T {
    const value = this.value(key);
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw malformed(`${this.#of(key)} must be one of ${choices.join(', ')}`);
  }

  boolean(key: Key): boolean {
    const value = this.value(key);
    if (typeof value !== 'boolean') throw malformed(`${this.#of(key)} must be true or false`);
    return value;
  }

  /** A list of at most so many elements, each of them read by `read`. */
  list<T>(key: Key, maxLength: number, read: (element: unknown) => T): T[] {
    return readList(this.#of(key), this.value(key), maxLength, read);
  }

  #of(key: Key): string {
    return `"${key}" of ${this.#what}`;
  }
}

/**
 * A list of at most so many elements, each of them read by `read`.
 *
 * @throws {ProtocolError} `malformed`, and what `read` throws.
 */
export function readList<T>(
  what: string,
  value: unknown,
  maxLength: number,
  read: (element: unknown) => T,
): T[] {
  if (!Array.isArray(value)) throw malformed(`${what} must be a list`);
  if (value.length > maxLength) throw malformed(`${what} must have at most ${maxLength} elements`);
  return value.map((element) => read(element));
}

import { malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { CborReader, type Reading } from './cbor-reader.ts';

/**
 * Reads a message that is here as a whole: `read` must use up exactly its bytes.
 *
 * @throws {ProtocolError} `malformed` when the message ends early or goes on, and what `read` throws.
 */
export function readWhole<T>(
  what: string,
  bytes: Uint8Array,
  read: (reader: CborReader) => Reading<T>,
): T {
  const reader = new CborReader();
  reader.feed(bytes);
  const step = read(reader).next();
  if (step.done !== true) throw malformed(`${what} must not end early`);
  if (reader.left > 0) throw malformed(`${what} must not be followed by other bytes`);
  return step.value;
}

/**
 * Reads a map with text keys, in any order, each at most once; `read` reads the value of a key.
 *
 * @param keys - The known keys, true where required.
 * @param read - Should start a generator that is declared once, in what is read often: V8 gives each generator
 *   function a map of its own, which keeps what it refers to until all of the memory is collected.
 */
export function* readFields<Key extends string>(
  reader: CborReader,
  what: string,
  keys: Readonly<Record<Key, boolean>>,
  read: (key: Key) => Reading<void>,
): Reading<void> {
  const count = yield* reader.map(what);
  const seen = new Set<string>();
  for (let pair = 0; pair < count; pair += 1) {
    const key = yield* reader.text(`a key of ${what}`, limits.maxNameBytes);
    if (!Object.hasOwn(keys, key)) throw malformed(`${what} must not hold an unknown key`);
    if (seen.has(key)) throw malformed(`${what} must hold "${key}" once`);
    seen.add(key);
    yield* read(key as Key);
  }
  for (const key in keys) {
    if (keys[key] && !seen.has(key)) throw malformed(`${what} must hold "${key}"`);
  }
}

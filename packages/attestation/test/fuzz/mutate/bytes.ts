import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import type { Random } from '../random.ts';
import type { Change, Kind } from './kind.ts';

/** A number within some bytes that says how long something is, how many follow, or of which kind it is. */
export interface NumberField {
  readonly name: string;
  readonly offset: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly order: 'little-endian' | 'big-endian';
}

/** Bytes without a structure that is known here, but for some numbers in them. */
export function bytesWith(fieldsOf: (bytes: Bytes) => readonly NumberField[]): Kind<Bytes> {
  return {
    changes: (bytes, everyBit) => [
      ...numberChanges(bytes, fieldsOf(bytes)),
      ...truncations(bytes),
      ...bitFlips(bytes, everyBit),
      ...appendices(bytes),
    ],
    mutate: (bytes, random, other) => {
      const changes = random.below(8) === 0 ? numberChanges(bytes, fieldsOf(bytes)) : [];
      return changes.length > 0 ? random.pick(changes).make() : mutateBytes(bytes, random, other);
    },
  };
}

/** Bytes of which nothing more is known here. */
export const plainBytes: Kind<Bytes> = bytesWith(() => []);

/** Every length that is less than the whole. */
export function truncations(bytes: Bytes): Change<Bytes>[] {
  return Array.from(bytes, (_, length) => ({
    name: `cut off at ${length}`,
    make: () => bytes.slice(0, length),
  }));
}

/** A bit of each byte, another one from byte to byte; or every bit. */
export function bitFlips(bytes: Bytes, everyBit: boolean): Change<Bytes>[] {
  return Array.from(bytes).flatMap((byte, offset) =>
    (everyBit ? [0, 1, 2, 3, 4, 5, 6, 7] : [offset % 8]).map((bit) => ({
      name: `bit ${bit} of byte ${offset}`,
      make: () => bytes.with(offset, byte ^ (1 << bit)),
    })),
  );
}

function appendices(bytes: Bytes): Change<Bytes>[] {
  return [
    { name: 'a zero byte after it', make: () => concat(bytes, Uint8Array.of(0)) },
    { name: '70 zero bytes after it', make: () => concat(bytes, new Uint8Array(70)) },
    { name: 'a byte 1 after it', make: () => concat(bytes, Uint8Array.of(1)) },
    { name: 'itself after it', make: () => concat(bytes, bytes) },
    { name: 'a zero byte before it', make: () => concat(Uint8Array.of(0), bytes) },
  ];
}

function numberChanges(bytes: Bytes, fields: readonly NumberField[]): Change<Bytes>[] {
  return fields
    .filter(({ offset, size }) => offset + size <= bytes.length)
    .flatMap((field) => {
      const found = readNumber(bytes, field);
      return [...new Set(hostileNumbers(found, bytes.length, field.size))]
        .filter((value) => value !== found)
        .map((value) => ({
          name: `${field.name} ${value}`,
          make: () => writeNumber(bytes, field, value),
        }));
    });
}

/** Zero, one, one less and more, what is left and beyond, half of the range, and its end. */
function hostileNumbers(found: bigint, length: number, size: number): bigint[] {
  const max = (1n << BigInt(8 * size)) - 1n;
  return [
    0n,
    1n,
    found - 1n,
    found + 1n,
    BigInt(length),
    max >> 1n,
    (max >> 1n) + 1n,
    max - 1n,
    max,
  ].map((value) => value & max);
}

function readNumber(bytes: Bytes, { offset, size, order }: NumberField): bigint {
  const field = bytes.slice(offset, offset + size);
  const bigEndian = order === 'big-endian' ? field : field.toReversed();
  return bigEndian.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function writeNumber(bytes: Bytes, { offset, size, order }: NumberField, value: bigint): Bytes {
  const changed = bytes.slice();
  for (let index = 0; index < size; index++) {
    const shift = BigInt(8 * (order === 'big-endian' ? size - 1 - index : index));
    changed[offset + index] = Number((value >> shift) & 0xffn);
  }
  return changed;
}

const interestingBytes = [0x00, 0x01, 0x20, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff];
const interestingWords = [
  0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff,
];

type Mutation = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

const mutations: readonly Mutation[] = [
  // One bit, three times as often as the rest: the smallest lie.
  flipBit,
  flipBit,
  flipBit,
  (bytes, random) => bytes.with(random.below(bytes.length), random.pick(interestingBytes)),
  (bytes, random) => bytes.with(random.below(bytes.length), random.below(256)),
  (bytes, random) => overwriteWord(bytes, random),
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => splice(bytes, random.below(bytes.length), 1 + random.below(16), []),
  (bytes, random) => splice(bytes, random.below(bytes.length), 0, some(random)),
  (bytes, random) => splice(bytes, bytes.length, 0, some(random)),
  (bytes, random) => splice(bytes, bytes.length, 0, new Uint8Array(1 + random.below(64))),
  (bytes, random) => {
    const from = random.below(bytes.length);
    const part = bytes.slice(from, from + 1 + random.below(64));
    return splice(bytes, random.below(bytes.length), 0, part);
  },
  (bytes, random, other) => {
    const from = random.below(Math.min(bytes.length, other.length));
    const part = other.slice(from, from + 1 + random.below(64));
    return splice(bytes, from, part.length, part);
  },
];

/** Changes bytes a little. */
export function mutateBytes(bytes: Bytes, random: Random, other: Bytes): Bytes {
  return bytes.length === 0 ? some(random) : random.pick(mutations)(bytes, random, other);
}

/** Some bytes after one another. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The bytes with some of them replaced. */
export function splice(
  bytes: Bytes,
  start: number,
  count: number,
  inserted: ArrayLike<number>,
): Bytes {
  return concat(bytes.subarray(0, start), Uint8Array.from(inserted), bytes.subarray(start + count));
}

function flipBit(bytes: Bytes, random: Random): Bytes {
  const offset = random.below(bytes.length);
  return bytes.with(offset, bytes[offset]! ^ (1 << random.below(8)));
}

function overwriteWord(bytes: Bytes, random: Random): Bytes {
  const size = random.pick([2, 4] as const);
  if (bytes.length < size) return bytes.slice();
  const offset = random.below(bytes.length - size + 1);
  const order = random.pick(['little-endian', 'big-endian'] as const);
  const value = BigInt(random.pick(interestingWords));
  return writeNumber(bytes, { name: '', offset, size, order }, value);
}

function some(random: Random): Bytes {
  return Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
}

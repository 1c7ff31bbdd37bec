import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { derOf, pemOf } from '../pem-der.ts';
import type { Random } from './random.ts';

const interestingBytes = [0x00, 0x01, 0x20, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff];
const interestingWords = [
  0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff,
];
const interestingText = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '\n',
  '\0',
  ' ',
  '0',
  '9',
  'é',
  '\ud800',
];

type ByteMutation = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

const byteMutations: readonly ByteMutation[] = [
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
    return splice(
      bytes,
      random.below(bytes.length),
      0,
      bytes.slice(from, from + 1 + random.below(64)),
    );
  },
  (bytes, random, other) => {
    const from = random.below(Math.min(bytes.length, other.length));
    const part = other.slice(from, from + 1 + random.below(64));
    return splice(bytes, from, part.length, part);
  },
];

/** Changes bytes a little. `other` is something of the same kind, to take parts from. */
export function mutateBytes(bytes: Bytes, random: Random, other: Bytes): Bytes {
  return bytes.length === 0 ? some(random) : random.pick(byteMutations)(bytes, random, other);
}

type TextMutation = (text: string, random: Random, other: string) => string;

const textMutations: readonly TextMutation[] = [
  (text, random) => replaceAt(text, random.below(text.length), 1, random.pick(interestingText)),
  (text, random) => replaceAt(text, random.below(text.length), 0, random.pick(interestingText)),
  (text, random) => replaceAt(text, random.below(text.length), 1 + random.below(8), ''),
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => flipCase(text, random.below(text.length)),
  (text, random) => {
    const from = random.below(text.length);
    return replaceAt(
      text,
      random.below(text.length),
      0,
      text.slice(from, from + 1 + random.below(64)),
    );
  },
  (text, random, other) => {
    const from = random.below(Math.min(text.length, other.length));
    return replaceAt(text, from, 32, other.slice(from, from + 32));
  },
  changeNumber,
  changeNumber,
];

/** Changes text a little. */
export function mutateText(text: string, random: Random, other: string): string {
  return text === ''
    ? random.pick(interestingText)
    : random.pick(textMutations)(text, random, other);
}

/** Changes the DER inside one PEM block, so that the change is not stopped by the armour. */
export function mutatePem(pem: string, random: Random, other: string): string {
  const label = /-----BEGIN ([^-]+)-----/.exec(pem)?.[1];
  const blocks = derOf(pem);
  if (label === undefined || blocks.length === 0) return mutateText(pem, random, other);
  const index = random.below(blocks.length);
  const others = derOf(other);
  const changed = mutateBytes(blocks[index]!, random, others[index] ?? blocks[0]!);
  return pemOf(label, ...blocks.with(index, changed));
}

function flipBit(bytes: Bytes, random: Random): Bytes {
  const offset = random.below(bytes.length);
  return bytes.with(offset, bytes[offset]! ^ (1 << random.below(8)));
}

function overwriteWord(bytes: Bytes, random: Random): Bytes {
  const changed = bytes.slice();
  const view = new DataView(changed.buffer);
  const width = random.pick([2, 4]);
  if (bytes.length < width) return changed;
  const offset = random.below(bytes.length - width + 1);
  const value = random.pick(interestingWords);
  if (width === 2) view.setUint16(offset, value & 0xffff, true);
  else view.setUint32(offset, value, true);
  return changed;
}

function splice(bytes: Bytes, start: number, count: number, inserted: ArrayLike<number>): Bytes {
  const kept = bytes.subarray(start + count);
  const changed = new Uint8Array(start + inserted.length + kept.length);
  changed.set(bytes.subarray(0, start));
  changed.set(Array.from(inserted), start);
  changed.set(kept, start + inserted.length);
  return changed;
}

function some(random: Random): Bytes {
  return Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
}

function replaceAt(text: string, start: number, count: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(start + count);
}

function flipCase(text: string, index: number): string {
  const character = text[index]!;
  const upper = character.toUpperCase();
  return replaceAt(text, index, 1, character === upper ? character.toLowerCase() : upper);
}

function changeNumber(text: string, random: Random): string {
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return `${text}0`;
  const { index, 0: digits } = random.pick(numbers);
  const value = random.pick([
    '0',
    '1',
    '255',
    '256',
    '65536',
    '4294967296',
    '1e9',
    '-1',
    '1.5',
    '',
  ]);
  return replaceAt(text, index, digits.length, value);
}

import type { Random } from '../random.ts';
import type { Change, Kind } from './kind.ts';

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
  '\r',
  '\0',
  ' ',
  '\t',
  '0',
  '9',
  'é',
  '\ud800',
  '\ufeff',
];

/** Text of which nothing more is known here. */
export const plainText: Kind<string> = { changes: textChanges, mutate: mutateText };

/** Cut off everywhere, one bit of each character flipped, something put before and after it. */
export function textChanges(text: string, everyBit: boolean): Change<string>[] {
  const flips = Array.from({ length: text.length }, (_, index) =>
    (everyBit ? [0, 1, 2, 3, 4, 5, 6] : [index % 7]).map((bit) => ({
      name: `bit ${bit} of character ${index}`,
      make: () => {
        const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
        return replaceAt(text, index, 1, flipped);
      },
    })),
  );
  const cuts = Array.from({ length: text.length }, (_, length) => ({
    name: `cut off at ${length}`,
    make: () => text.slice(0, length),
  }));
  const around = interestingText.flatMap((character) => [
    { name: `${JSON.stringify(character)} after it`, make: () => text + character },
    { name: `${JSON.stringify(character)} before it`, make: () => character + text },
  ]);
  return [...flips.flat(), ...cuts, ...around, { name: 'twice', make: () => text + text }];
}

type Mutation = (text: string, random: Random, other: string) => string;

const mutations: readonly Mutation[] = [
  (text, random) => replaceAt(text, random.below(text.length), 1, random.pick(interestingText)),
  (text, random) => replaceAt(text, random.below(text.length), 0, random.pick(interestingText)),
  (text, random) => replaceAt(text, random.below(text.length), 1 + random.below(8), ''),
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => flipCase(text, random.below(text.length)),
  (text, random) => {
    const from = random.below(text.length);
    const part = text.slice(from, from + 1 + random.below(64));
    return replaceAt(text, random.below(text.length), 0, part);
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
  return text === '' ? random.pick(interestingText) : random.pick(mutations)(text, random, other);
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
  const values = ['0', '1', '255', '256', '65536', '4294967296', '1e9', '-1', '1.5', ''];
  return replaceAt(text, index, digits.length, random.pick(values));
}

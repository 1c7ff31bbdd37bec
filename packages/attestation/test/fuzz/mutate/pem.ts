import { derOf, pemOf } from '../../pem-der.ts';
import { mutateBytes } from './bytes.ts';
import { der } from './der.ts';
import type { Change, Kind } from './kind.ts';
import { mutateText, textChanges } from './text.ts';

/** PEM blocks of one label: their text, and the DER inside, so that not every change is stopped by the armour. */
export const pem: Kind<string> = {
  // The bits that count are those of the DER inside.
  changes: (text) => [...textChanges(text, false), ...armourChanges(text)],
  mutate: (text, random, other) => {
    const label = labelOf(text);
    const blocks = derOf(text);
    if (label === null || blocks.length === 0 || random.below(2) === 0) {
      return mutateText(text, random, other);
    }
    const index = random.below(blocks.length);
    const donor = derOf(other)[index] ?? blocks[0]!;
    const changed =
      random.below(2) === 0
        ? der.mutate(blocks[index]!, random, donor)
        : mutateBytes(blocks[index]!, random, donor);
    return pemOf(label, ...blocks.with(index, changed));
  },
};

/** The label of the first block, `null` if there is none. */
export function labelOf(text: string): string | null {
  return /-----BEGIN ([^-]+)-----/.exec(text)?.[1] ?? null;
}

function rewritten(name: string, make: () => string): Change<string> {
  return { name, make };
}

/** Blocks doubled, dropped, reordered; other line ends, lines, labels. */
function armourChanges(text: string): Change<string>[] {
  const label = labelOf(text) ?? '';
  const blocks = derOf(text);
  const written = (name: string, edit: () => readonly Uint8Array[]): Change<string> => ({
    name,
    make: () => pemOf(label, ...edit()),
  });
  return [
    ...blocks.flatMap((block, index) => [
      written(`block ${index} twice`, () => blocks.toSpliced(index, 0, block)),
      written(`without block ${index}`, () => blocks.toSpliced(index, 1)),
      written(`block ${index} first`, () => [block, ...blocks.toSpliced(index, 1)]),
      written(`block ${index} empty`, () => blocks.with(index, new Uint8Array())),
    ]),
    rewritten('CRLF', () => text.replaceAll('\n', '\r\n')),
    rewritten('CR', () => text.replaceAll('\n', '\r')),
    rewritten('empty lines', () => text.replaceAll('\n', '\n\n')),
    rewritten('spaces before line ends', () => text.replaceAll('\n', ' \n')),
    rewritten('one line', () => text.replaceAll(/(?<=[\w+/=])\n(?=[\w+/=])/g, '')),
    rewritten('another label', () => text.replaceAll(label, 'TRUSTED CERTIFICATE')),
    rewritten('base64url', () => text.replaceAll('+', '-').replaceAll('/', '_')),
    rewritten('no padding', () => text.replaceAll('=', '')),
    rewritten('a header', () => text.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')),
    rewritten('text before it', () => `subject=nobody\n${text}`),
    rewritten('10000 begins', () => `-----BEGIN ${label}-----\n`.repeat(10_000) + text),
  ];
}

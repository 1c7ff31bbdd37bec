import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { bytesWith, concat, mutateBytes } from './bytes.ts';
import type { Change, Kind } from './kind.ts';
import { mutateTree, type Tree, treeChanges } from './tree.ts';

const bitString = 0x03;
const octetString = 0x04;
const constructed = 0x20;
/** Tags that stand at the beginning of what OCTET STRINGs and BIT STRINGs hold in certificates. */
const nestedTags: readonly number[] = [0x01, 0x02, 0x03, 0x04, 0x0a, 0x16, 0x30];

/** An element of DER. */
export interface DerTree extends Tree<Bytes> {
  readonly tag: number;
  readonly content: Bytes;
  readonly children: readonly DerTree[];
}

/** What has more, or goes deeper, is made here, and not taken apart again. */
const maxElements = 1_000;
const maxDepth = 64;

const plain = bytesWith(() => []);

/** DER: its bytes, its elements, and their lengths. */
export const der: Kind<Bytes> = {
  changes: (bytes, everyBit) => [
    ...plain.changes(bytes, everyBit),
    ...treeChanges(parseDer(bytes) ?? derTree(octetString, bytes)),
    { name: 'nested 5000 deep', make: () => nested(5000) },
  ],
  mutate: (bytes, random, other) => {
    const tree = random.below(2) === 0 ? parseDer(bytes) : null;
    return tree ? mutateTree(tree, random) : mutateBytes(bytes, random, other);
  },
};

/** Takes one element apart, whatever is in it; `null` if it is not DER, or something follows. */
export function parseDer(bytes: Bytes): DerTree | null {
  return parseOne(bytes, 0);
}

function parseOne(bytes: Bytes, depth: number): DerTree | null {
  const elements = parseElements(bytes, depth);
  return elements?.length === 1 ? elements[0]! : null;
}

/** An element with this tag. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = concat(...contents);
  return concat(Uint8Array.of(tag, ...lengthBytes(content.length)), content);
}

function parseElements(bytes: Bytes, depth: number): DerTree[] | null {
  if (depth > maxDepth) return null;
  const elements: DerTree[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const head = parseHead(rest);
    if (!head) return null;
    elements.push(derTree(rest[0]!, rest.slice(head.start, head.start + head.length), depth));
    rest = rest.subarray(head.start + head.length);
    if (elements.length > maxElements) return null;
  }
  return elements;
}

/** Definite lengths in the fewest bytes only, so that the same bytes come of putting it together again. */
function parseHead(bytes: Bytes): { readonly start: number; readonly length: number } | null {
  const first = bytes[1];
  if (first === undefined || (bytes[0]! & 0x1f) === 0x1f) return null;
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || count > 3) return null;
  const length =
    count === 0 ? first : bytes.slice(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  const start = 2 + count;
  const isShortest = lengthBytes(length).length === 1 + count;
  return isShortest && start + length <= bytes.length ? { start, length } : null;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function derTree(tag: number, content: Bytes, depth = 0): DerTree {
  const { prefix, children } = inside(tag, content, depth + 1);
  return {
    name: tag.toString(16).padStart(2, '0'),
    tag,
    content,
    encoding: encodeDer(tag, content),
    children,
    around: (encodings) => encodeDer(tag, prefix, ...encodings),
    lies: () => lies(tag, content),
  };
}

function inside(
  tag: number,
  content: Bytes,
  depth: number,
): { prefix: Bytes; children: readonly DerTree[] } {
  const nothing = { prefix: content.slice(0, 0), children: [] };
  if ((tag & constructed) !== 0)
    return { ...nothing, children: parseElements(content, depth) ?? [] };
  const start = tag === octetString ? 0 : tag === bitString && content[0] === 0 ? 1 : null;
  if (start === null || !nestedTags.includes(content[start] ?? 0)) return nothing;
  const child = parseOne(content.slice(start), depth);
  return child ? { prefix: content.slice(0, start), children: [child] } : nothing;
}

function lies(tag: number, content: Bytes): Change<Bytes>[] {
  const { length } = content;
  const withHead = (name: string, ...head: readonly number[]): Change<Bytes> => ({
    name,
    make: () => concat(Uint8Array.from(head), content),
  });
  const lengths = [0, 1, length - 1, length + 1, 0x7f, 0x80, 0xff, 0xffff].filter(
    (lie) => lie >= 0 && lie !== length,
  );
  return [
    ...lengths.map((lie) => withHead(`length ${lie}`, tag, ...lengthBytes(lie))),
    withHead('a length longer than needed', tag, 0x82, length >> 8, length & 0xff),
    withHead('a length of 4 bytes', tag, 0x84, 0, 0, length >> 8, length & 0xff),
    withHead('length 2^32 - 1', tag, 0x84, 0xff, 0xff, 0xff, 0xff),
    withHead('length 2^64 - 1', tag, 0x88, ...Array<number>(8).fill(0xff)),
    withHead('a length of 127 bytes', tag, 0xff),
    {
      name: 'an indefinite length',
      make: () => concat(Uint8Array.of(tag, 0x80), content, new Uint8Array(2)),
    },
    { name: 'the other form', make: () => encodeDer(tag ^ constructed, content) },
    { name: 'tag 0', make: () => encodeDer(0, content) },
    withHead('a tag of two bytes', tag | 0x1f, tag, ...lengthBytes(length)),
    { name: 'a zero before its content', make: () => encodeDer(tag, Uint8Array.of(0), content) },
    { name: 'a NULL in its place', make: () => encodeDer(0x05) },
    { name: '200000 bytes in its place', make: () => encodeDer(tag, new Uint8Array(200_000)) },
    {
      name: '200000 letters in its place',
      make: () => encodeDer(tag, new Uint8Array(200_000).fill(0x41)),
    },
  ];
}

function nested(depth: number): Bytes {
  let bytes = encodeDer(0x30);
  for (let level = 0; level < depth; level++) bytes = encodeDer(0x30, bytes);
  return bytes;
}

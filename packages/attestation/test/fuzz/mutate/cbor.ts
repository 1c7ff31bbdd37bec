import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { bytesWith, concat, mutateBytes } from './bytes.ts';
import type { Change, Kind } from './kind.ts';
import { mutateTree, type Tree, treeChanges } from './tree.ts';

const majorTypes = { bytes: 2, text: 3, array: 4, map: 5 } as const;
const indefinite = 31;
const breakByte = 0xff;
const maxDepth = 32;

const plain = bytesWith(() => []);

/** CBOR: its bytes, its items, and the numbers in their heads. */
export const cbor: Kind<Bytes> = {
  changes: (bytes, everyBit) => {
    const tree = parseCborTree(bytes);
    return [
      ...plain.changes(bytes, everyBit),
      ...(tree ? treeChanges(tree) : []),
      { name: 'arrays nested 10000 deep', make: () => new Uint8Array(10_000).fill(0x81) },
      { name: 'open arrays nested 10000 deep', make: () => new Uint8Array(10_000).fill(0x9f) },
      { name: 'a tag before it', make: () => concat(Uint8Array.of(0xc1), bytes) },
    ];
  },
  mutate: (bytes, random, other) => {
    const tree = random.below(2) === 0 ? parseCborTree(bytes) : null;
    return tree ? mutateTree(tree, random) : mutateBytes(bytes, random, other);
  },
};

/** Takes one item apart; `null` if there is none that is understood here, or something follows it. */
export function parseCborTree(bytes: Bytes): Tree<Bytes> | null {
  const parsed = parseItem(bytes, 0, 0);
  return parsed && parsed.end === bytes.length ? parsed.tree : null;
}

/** An item's head with the number in the fewest bytes. */
export function cborHead(majorType: number, number: number): Bytes {
  const sizes = [0, 1, 2, 4];
  const limits = [24, 0x100, 0x1_0000, 0x1_0000_0000];
  return headOf(majorType, BigInt(number), sizes[limits.findIndex((limit) => number < limit)] ?? 8);
}

/** A byte string (2) or text (3). */
export function cborString(majorType: 2 | 3, content: Bytes): Bytes {
  return concat(cborHead(majorType, content.length), content);
}

/** What stands in the encoding of a byte string or text; `null` if it is neither. */
export function contentOf(encoding: Bytes): Bytes | null {
  const head = parseHead(encoding, 0);
  const isString = head?.majorType === majorTypes.bytes || head?.majorType === majorTypes.text;
  return head && isString && !head.isOpen ? encoding.slice(head.contentStart) : null;
}

interface Parsed {
  readonly tree: Tree<Bytes>;
  readonly end: number;
}

function parseItem(bytes: Bytes, start: number, depth: number): Parsed | null {
  const head = parseHead(bytes, start);
  if (!head || depth > maxDepth) return null;
  const { majorType, number, contentStart } = head;
  if (majorType === majorTypes.array || majorType === majorTypes.map) {
    return parseContainer(bytes, start, depth, head);
  }
  const isString = majorType === majorTypes.bytes || majorType === majorTypes.text;
  if (head.isOpen) return null;
  const end = contentStart + (isString ? Number(number) : 0);
  if (end > bytes.length) return null;
  const content = bytes.slice(contentStart, end);
  const encoding = bytes.slice(start, end);
  const tree: Tree<Bytes> = {
    name: `type ${majorType}`,
    encoding,
    children: [],
    around: () => encoding,
    lies: () => lies(majorType, number, content),
  };
  return { tree, end };
}

interface Head {
  readonly majorType: number;
  readonly number: bigint;
  readonly isOpen: boolean;
  readonly contentStart: number;
}

function parseHead(bytes: Bytes, start: number): Head | null {
  const first = bytes[start];
  if (first === undefined || first === breakByte) return null;
  const info = first & 0x1f;
  if (info > 27 && info !== indefinite) return null;
  const size = info < 24 || info === indefinite ? 0 : 2 ** (info - 24);
  const contentStart = start + 1 + size;
  if (contentStart > bytes.length) return null;
  const number = bytes
    .slice(start + 1, contentStart)
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return {
    majorType: first >> 5,
    number: size === 0 ? BigInt(info) : number,
    isOpen: info === indefinite,
    contentStart,
  };
}

function parseContainer(bytes: Bytes, start: number, depth: number, head: Head): Parsed | null {
  const { majorType, isOpen } = head;
  const isMap = majorType === majorTypes.map;
  const children: Tree<Bytes>[] = [];
  let position = head.contentStart;
  const ends = (): boolean =>
    isOpen ? bytes[position] === breakByte : BigInt(children.length) >= head.number;
  while (!ends()) {
    const child = isMap
      ? parseMember(bytes, position, depth + 1)
      : parseItem(bytes, position, depth + 1);
    if (!child) return null;
    children.push(child.tree);
    position = child.end;
  }
  if (isOpen) position++;
  const around = (encodings: readonly Bytes[]): Bytes =>
    isOpen
      ? open(majorType, encodings)
      : concat(cborHead(majorType, encodings.length), ...encodings);
  const encodings = children.map(({ encoding }) => encoding);
  const tree: Tree<Bytes> = {
    name: isMap ? 'map' : 'array',
    encoding: bytes.slice(start, position),
    children,
    around,
    lies: () => [
      ...lies(majorType, BigInt(children.length), concat(...encodings)),
      { name: 'of indefinite length', make: () => open(majorType, encodings) },
    ],
  };
  return { tree, end: position };
}

/** Key and value, as an element without a head. */
function parseMember(bytes: Bytes, start: number, depth: number): Parsed | null {
  const key = parseItem(bytes, start, depth);
  const value = key && parseItem(bytes, key.end, depth);
  if (!value) return null;
  const tree: Tree<Bytes> = {
    name: 'member',
    encoding: bytes.slice(start, value.end),
    children: [key.tree, value.tree],
    around: (encodings) => concat(...encodings),
    lies: () => [],
  };
  return { tree, end: value.end };
}

function open(majorType: number, encodings: readonly Bytes[]): Bytes {
  const head = Uint8Array.of((majorType << 5) | indefinite);
  return concat(head, ...encodings, Uint8Array.of(breakByte));
}

function lies(majorType: number, number: bigint, content: Bytes): Change<Bytes>[] {
  const numbers = [
    0n,
    1n,
    number - 1n,
    number + 1n,
    23n,
    24n,
    0xffn,
    0xffffn,
    0xffff_ffffn,
    1n << 53n,
    (1n << 64n) - 1n,
  ].filter((lie) => lie >= 0n && lie !== number);
  const sizes = [1, 2, 4, 8].filter((size) => number < 1n << BigInt(8 * size));
  return [
    ...numbers.map((lie) => ({
      name: `number ${lie}`,
      make: () => concat(headOf(majorType, lie, lie < 24n ? 0 : shortest(lie)), content),
    })),
    ...sizes.map((size) => ({
      name: `number in ${size} bytes`,
      make: () => concat(headOf(majorType, number, size), content),
    })),
    ...[28, 29, 30, indefinite].map((info) => ({
      name: `additional information ${info}`,
      make: () => concat(Uint8Array.of((majorType << 5) | info), content),
    })),
    ...[0, 1, 2, 3, 4, 5, 6, 7]
      .filter((type) => type !== majorType)
      .map((type) => ({
        name: `type ${type} in its place`,
        make: () => concat(headOf(type, number, number < 24n ? 0 : shortest(number)), content),
      })),
    { name: 'null in its place', make: () => Uint8Array.of(0xf6) },
    { name: 'undefined in its place', make: () => Uint8Array.of(0xf7) },
    { name: 'a float in its place', make: () => Uint8Array.of(0xf9, 0x7e, 0x00) },
  ];
}

function shortest(number: bigint): number {
  return [1, 2, 4, 8].find((size) => number < 1n << BigInt(8 * size))!;
}

/** A head of so many bytes after the first; `size` 0 holds the number in the first. */
function headOf(majorType: number, number: bigint, size: number): Bytes {
  const info = size === 0 ? Number(number) : 24 + Math.log2(size);
  const rest = Array.from({ length: size }, (_, index) =>
    Number((number >> BigInt(8 * (size - 1 - index))) & 0xffn),
  );
  return Uint8Array.of((majorType << 5) | info, ...rest);
}

import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { concat } from '../mutate/bytes.ts';
import { cbor, cborString, contentOf, parseCborTree } from '../mutate/cbor.ts';
import { der } from '../mutate/der.ts';
import type { Tree } from '../mutate/tree.ts';
import { evidence, inside, type Lens, part, type Part } from '../part.ts';

/** Tag 18, which a COSE_Sign1 may have. */
const tag = 0xd2;
const byteString = 2;
const payloadIndex = 2;

/** The payload of a COSE_Sign1. */
export const payload: Lens<Bytes> = inside(
  evidence,
  (document) => contentOf(itemsOf(document).children[payloadIndex]!.encoding),
  (document, changed) => withItem(document, payloadIndex, cborString(byteString, changed)),
);

/** A COSE_Sign1 with one of its items replaced. */
export function withItem(document: Bytes, index: number, encoding: Bytes): Bytes {
  const tree = itemsOf(document);
  const encodings = tree.children.map((child) => child.encoding);
  const around = tree.around(encodings.with(index, encoding));
  return document[0] === tag ? concat(Uint8Array.of(tag), around) : around;
}

/** The array that a document is. */
export function itemsOf(document: Bytes): Tree<Bytes> {
  const tree = parseCborTree(document[0] === tag ? document.slice(1) : document);
  if (tree?.children.length !== 4) throw new RangeError('no COSE_Sign1');
  return tree;
}

/** The value of a member of the payload, encoded. */
function member(name: string): Lens<Bytes> {
  const indexOf = (tree: Tree<Bytes>): number =>
    tree.children.findIndex(({ children }) => {
      const key = children[0] && contentOf(children[0].encoding);
      return key !== undefined && key !== null && Buffer.from(key).toString() === name;
    });
  return inside(
    payload,
    (bytes) => {
      const tree = parseCborTree(bytes)!;
      return tree.children[indexOf(tree)]?.children[1]?.encoding ?? null;
    },
    (bytes, value) => {
      const tree = parseCborTree(bytes)!;
      const index = indexOf(tree);
      const found = tree.children[index]!;
      const encodings = tree.children.map((child) => child.encoding);
      const [key] = found.children;
      return tree.around(encodings.with(index, found.around([key!.encoding, value])));
    },
  );
}

function string(encoding: Lens<Bytes>): Lens<Bytes> {
  return inside(encoding, contentOf, (_, content) => cborString(byteString, content));
}

/** Certificate of the key that signs the document. */
export const leaf: Lens<Bytes> = string(member('certificate'));

/** A certificate of the bundle; the root is 0. */
export function authority(index: number): Lens<Bytes> {
  const item = inside(
    member('cabundle'),
    (bytes) => parseCborTree(bytes)!.children[index]?.encoding ?? null,
    (bytes, changed) => {
      const tree = parseCborTree(bytes)!;
      const encodings = tree.children.map((child) => child.encoding);
      return tree.around(encodings.with(index, changed));
    },
  );
  return string(item);
}

/** A document, and what is in it. */
export function documentParts(authorities: number): Part[] {
  return [
    part('document', cbor, evidence),
    part('payload', cbor, payload),
    part('certificate', der, leaf),
    ...Array.from({ length: authorities }, (_, index) =>
      part(`cabundle ${index}`, der, authority(index)),
    ),
    endorsementsPart,
  ];
}

/** A document comes with nothing else. */
const endorsementsPart: Part = {
  name: 'endorsements',
  changes: (submission) =>
    shapes.map((endorsements, index) => ({
      name: `endorsements (${index})`,
      make: () => ({ ...submission, endorsements }),
    })),
  mutate: (submission, random) => ({ ...submission, endorsements: random.pick(shapes) }),
};

const shapes: readonly unknown[] = [
  null,
  {},
  new Map(),
  { ek: '' },
  new Map([['crl', null]]),
  0,
  true,
  '',
  '{}',
  [],
  [0],
  new Uint8Array(),
  new Uint8Array(1),
];

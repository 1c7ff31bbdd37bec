import type { Random } from '../random.ts';
import type { Change } from './kind.ts';

/** A structure taken apart: an element that holds others, or holds none. */
export interface Tree<Encoded> {
  /** For people: a tag, a member's name. */
  readonly name: string;
  readonly encoding: Encoded;
  readonly children: readonly Tree<Encoded>[];
  /** The element around other children: its own head fits what it then holds. */
  readonly around: (children: readonly Encoded[]) => Encoded;
  /** Encodings of the element alone that are not what they say: of another length, tag or type. */
  readonly lies: () => readonly Change<Encoded>[];
}

/** An element, and the whole with another encoding in its place. */
interface Place<Encoded> {
  readonly path: string;
  readonly tree: Tree<Encoded>;
  readonly put: (encoding: Encoded) => Encoded;
}

/** Every change of the whole that changes one element's children, or makes one element lie. */
export function treeChanges<Encoded>(root: Tree<Encoded>): Change<Encoded>[] {
  return placesIn(root).flatMap(({ path, tree, put }) =>
    changesOf(tree).map(({ name, make }) => ({
      name: `${path}: ${name}`,
      make: () => put(make()),
    })),
  );
}

/** One of these at random: first an element, then what is done to it. */
export function mutateTree<Encoded>(root: Tree<Encoded>, random: Random): Encoded {
  const { tree, put } = random.pick(placesIn(root));
  const changes = changesOf(tree);
  return changes.length === 0 ? root.encoding : put(random.pick(changes).make());
}

function placesIn<Encoded>(root: Tree<Encoded>): Place<Encoded>[] {
  const places: Place<Encoded>[] = [];
  const visit = (tree: Tree<Encoded>, path: string, put: Place<Encoded>['put']): void => {
    places.push({ path, tree, put });
    const encodings = tree.children.map(({ encoding }) => encoding);
    for (const index of sampled(tree.children.length)) {
      const child = tree.children[index]!;
      visit(child, `${path}/${index} ${child.name}`, (encoding) =>
        put(tree.around(encodings.with(index, encoding))),
      );
    }
  };
  visit(root, root.name, (encoding) => encoding);
  return places;
}

/** Which of so many children: all, or of long lists of the same the first, the last and some between. */
function sampled(length: number): readonly number[] {
  const all = [...Array(length).keys()];
  const step = Math.ceil(length / 16);
  return length <= 40
    ? all
    : all.filter((index) => index < 4 || index >= length - 4 || index % step === 0);
}

/** Children dropped, doubled, swapped, replaced, reversed; and the lies. */
function changesOf<Encoded>({ children, around, lies }: Tree<Encoded>): Change<Encoded>[] {
  const encodings = children.map(({ encoding }) => encoding);
  const changes: Change<Encoded>[] = [];
  const add = (name: string, edit: () => readonly Encoded[]): void => {
    changes.push({ name, make: () => around(edit()) });
  };
  for (const index of sampled(encodings.length)) {
    const encoding = encodings[index]!;
    add(`without ${index}`, () => encodings.toSpliced(index, 1));
    add(`${index} twice`, () => encodings.toSpliced(index, 0, encoding));
    add(`${index} at the end again`, () => [...encodings, encoding]);
    if (encodings.length === 1) continue;
    const next = (index + 1) % encodings.length;
    add(`${next} in place of ${index}`, () => encodings.with(index, encodings[next]!));
    add(`${index} and ${next} swapped`, () =>
      encodings.with(index, encodings[next]!).with(next, encoding),
    );
  }
  if (encodings.length > 2) add('reversed', () => encodings.toReversed());
  if (encodings.length > 1) add('emptied', () => []);
  return [...changes, ...lies()];
}

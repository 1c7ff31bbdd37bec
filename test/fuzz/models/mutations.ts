import type { Chance } from '../chance.ts';
import { allTrees, copyField, encodeTree, parseTree, type Field, type Tree } from './onnx-tree.ts';

/** A model that was changed, and how. */
export interface Mutant {
  readonly bytes: Uint8Array;
  readonly kinds: readonly string[];
}

/** Numbers at the edges of what their readers expect. */
const edges: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  127n,
  128n,
  255n,
  256n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 62n,
  -(2n ** 31n),
  -(2n ** 63n),
];

const split = (listed: string): string[] => listed.trim().split(/\s+/);

/** Operators of many shapes, among them those that were seen to do harm. */
const operators = split(`
  Max Min Sum Mean Add Mul MatMul Gemm Conv ConvTranspose Reshape Resize Expand Tile Gather GatherND
  ScatterND ScatterElements Slice Split Concat Pad Transpose Squeeze Unsqueeze Flatten Shape
  LayerNormalization BatchNormalization InstanceNormalization LRN Softmax LSTM GRU RNN Loop If Scan
  TopK NonZero Where Compress OneHot Einsum DepthToSpace MaxPool AveragePool MaxUnpool RoiAlign
  CumSum NonMaxSuppression ConstantOfShape Range Bernoulli Multinomial EyeLike QuantizeLinear
  DequantizeLinear QLinearConv DynamicQuantizeLinear Cast SequenceConstruct SplitToSequence
  StringNormalizer TfIdfVectorizer DFT STFT
`);

const attributeNames = split(`
  axis axes perm pads strides dilations kernel_shape group to keepdims alpha beta transA transB mode
  k hidden_size blocksize
`);

type Mutation = (tree: Tree, chance: Chance) => boolean;

/** Changes of one place of a tree, by name; each answers whether it found a place. */
const mutations: Readonly<Record<string, Mutation>> = {
  number(tree, chance) {
    const field = pickField(tree, chance, ({ value }) => value.kind === 'number');
    if (field?.value.kind !== 'number') return false;
    const { number } = field.value;
    const near = [number + 1n, number - 1n, 2n * number, -number];
    field.value = { kind: 'number', number: chance.of([...edges, ...near]) };
    return true;
  },
  float(tree, chance) {
    const field = pickField(tree, chance, ({ value }) => value.kind === 'fixed');
    if (field?.value.kind !== 'fixed') return false;
    const bytes = new Uint8Array(field.value.bytes.length);
    const some = [NaN, Infinity, -Infinity, 0, -1, 1e-40, 3e38, chance.below(1000)];
    new DataView(bytes.buffer).setFloat32(0, chance.of(some), true);
    field.value = { kind: 'fixed', bytes };
    return true;
  },
  wire: (tree, chance) =>
    changeText(tree, 'node', [1, 2], chance, () => chance.of(['', 'nowhere', ...names(tree)])),
  operator: (tree, chance) => changeText(tree, 'node', [4], chance, () => chance.of(operators)),
  attribute: (tree, chance) =>
    changeText(tree, 'attribute', [1], chance, () => chance.of(attributeNames)),
  words: (tree, chance) => changeText(tree, 'attribute', [4], chance, () => 'linear'),
  domain(tree, chance) {
    const node = pickTree(tree, chance, 'node');
    const domains = ['com.microsoft', 'ai.onnx.ml', 'com.microsoft.nchwc', 'com.example'];
    node?.fields.push({ number: 7, value: text(chance.of(domains)) });
    return node !== undefined;
  },
  removed(tree, chance) {
    const { fields } = chance.of(allTrees(tree));
    if (fields.length === 0) return false;
    fields.splice(chance.below(fields.length), 1);
    return true;
  },
  doubled(tree, chance) {
    const { fields } = chance.of(allTrees(tree));
    if (fields.length === 0) return false;
    const at = chance.below(fields.length);
    fields.splice(at, 0, copyField(fields[at]!));
    return true;
  },
  swapped(tree, chance) {
    const { fields } = chance.of(allTrees(tree));
    if (fields.length < 2) return false;
    const [a, b] = [chance.below(fields.length), chance.below(fields.length)];
    [fields[a], fields[b]] = [fields[b]!, fields[a]!];
    return a !== b;
  },
  transplanted(tree, chance) {
    const from = chance.of(allTrees(tree));
    const onto = pickTree(tree, chance, from.message);
    if (from.fields.length === 0 || onto === undefined || onto === from) return false;
    onto.fields.splice(chance.below(onto.fields.length + 1), 0, copyField(chance.of(from.fields)));
    return true;
  },
  data(tree, chance) {
    const tensor = pickTree(tree, chance, 'tensor');
    const field = tensor?.fields.find(({ number }) => number === 9);
    if (field?.value.kind !== 'bytes' || field.value.bytes.length === 0) return false;
    const bytes = Uint8Array.from(field.value.bytes);
    if (chance.oneIn(2)) bytes.fill(chance.of([0, 0x7f, 0x80, 0xff]));
    else for (let left = 8; left > 0; left--) bytes[chance.below(bytes.length)] = chance.below(256);
    field.value = { kind: 'bytes', bytes };
    return true;
  },
  // Consistent with its data: only so is it not refused before the engine sees it.
  reshaped(tree, chance) {
    const tensor = pickTree(tree, chance, 'tensor');
    const data = tensor?.fields.find(({ number }) => number === 9);
    if (tensor === undefined || data?.value.kind !== 'bytes') return false;
    const old = dimensionsOf(tensor).reduce((product, size) => product * size, 1);
    const bytesEach = old === 0 ? 4 : data.value.bytes.length / old;
    const dims = chance.of([
      [old],
      [1, old],
      [old, 1, 1],
      [0],
      [],
      [1],
      [chance.below(5), chance.below(5)],
      Array.from({ length: chance.below(9) }, () => 1 + chance.below(3)),
    ]);
    const length = dims.reduce((product, size) => product * size, 1) * bytesEach;
    const bytes = new Uint8Array(length);
    bytes.set(data.value.bytes.subarray(0, length));
    data.value = { kind: 'bytes', bytes };
    tensor.fields = [
      ...dims.map((size): Field => ({
        number: 1,
        value: { kind: 'number', number: BigInt(size) },
      })),
      ...tensor.fields.filter(({ number }) => number !== 1),
    ];
    return true;
  },
  constant(tree, chance) {
    // Another constant, or one that is computed, in the place of an input.
    const graph = pickTree(tree, chance, 'graph');
    const node = pickTree(tree, chance, 'node');
    if (graph === undefined || node === undefined) return false;
    const at = node.fields.findIndex(({ number }) => number === 1);
    if (at < 0) return false;
    const bytes = new Uint8Array(BigInt64Array.of(chance.of(edges), chance.of(edges)).buffer);
    const fields: Field[] = [
      { number: 1, value: { kind: 'number', number: 2n } },
      { number: 2, value: { kind: 'number', number: 7n } },
      { number: 8, value: text('edge') },
      { number: 9, value: { kind: 'bytes', bytes } },
    ];
    graph.fields.push({
      number: 5,
      value: { kind: 'message', tree: { message: 'tensor', fields } },
    });
    node.fields[at]!.value = text('edge');
    return true;
  },
};

/** A model with some changes: of its structure, few so that the engine sees most, or of its bytes. */
export function mutate(model: Uint8Array, chance: Chance): Mutant {
  if (chance.oneIn(6)) return { bytes: mutateBytes(model, chance), kinds: ['bytes'] };
  const tree = parseTree(model);
  const kinds: string[] = [];
  for (let left = chance.of([1, 1, 1, 2, 2, 3]); left > 0; left--) {
    const kind = chance.of(Object.keys(mutations));
    if (mutations[kind]!(tree, chance)) kinds.push(kind);
  }
  const bytes = encodeTree(tree);
  if (kinds.length === 0) return { bytes: mutateBytes(model, chance), kinds: ['bytes'] };
  return { bytes, kinds };
}

function mutateBytes(model: Uint8Array, chance: Chance): Uint8Array {
  let bytes = Uint8Array.from(model);
  for (let left = 1 + chance.below(8); left > 0; left--) {
    const at = chance.below(bytes.length);
    switch (chance.below(6)) {
      case 0:
        bytes = bytes.slice(0, at + 1);
        break;
      case 1:
        bytes = new Uint8Array(
          Buffer.concat([bytes.subarray(0, at), chance.bytes(4), bytes.subarray(at)]),
        );
        break;
      case 2:
        bytes.copyWithin(at, chance.below(bytes.length), chance.below(bytes.length));
        break;
      case 3:
        bytes[at]! ^= 1 << chance.below(8);
        break;
      default:
        bytes[at] = chance.below(256);
    }
  }
  return bytes;
}

function changeText(
  tree: Tree,
  message: Tree['message'],
  numbers: readonly number[],
  chance: Chance,
  choose: () => string,
): boolean {
  const owner = pickTree(tree, chance, message);
  const fields = owner?.fields.filter(({ number }) => numbers.includes(number)) ?? [];
  if (fields.length === 0) return false;
  chance.of(fields).value = text(choose());
  return true;
}

function pickTree(tree: Tree, chance: Chance, message: Tree['message']): Tree | undefined {
  const found = allTrees(tree).filter((each) => each.message === message);
  return found.length === 0 ? undefined : chance.of(found);
}

function pickField(tree: Tree, chance: Chance, fits: (field: Field) => boolean): Field | undefined {
  const found = allTrees(tree).flatMap(({ fields }) => fields.filter(fits));
  return found.length === 0 ? undefined : chance.of(found);
}

/** What the nodes of a model read and write, in Latin-1: names come out as they went in. */
function names(tree: Tree): string[] {
  return allTrees(tree)
    .filter(({ message }) => message === 'node')
    .flatMap(({ fields }) => fields.filter(({ number }) => number === 1 || number === 2))
    .map(({ value }) =>
      value.kind === 'bytes' ? Buffer.from(value.bytes).toString('latin1') : '',
    );
}

function dimensionsOf({ fields }: Tree): number[] {
  return fields.flatMap(({ number, value }) =>
    number === 1 && value.kind === 'number' ? [Number(value.number)] : [],
  );
}

function text(words: string): Field['value'] {
  return { kind: 'bytes', bytes: Uint8Array.from(Buffer.from(words, 'latin1')) };
}

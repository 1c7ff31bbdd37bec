/** Messages of onnx.proto that mutations reach into, and the fields by number that hold further ones. */
const schema = {
  model: { 7: 'graph', 8: 'operatorSet', 25: 'function' },
  operatorSet: {},
  graph: { 1: 'node', 5: 'tensor', 11: 'value', 12: 'value', 13: 'value', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph' },
  tensor: {},
  sparse: { 1: 'tensor', 2: 'tensor' },
  value: { 2: 'type' },
  type: { 1: 'tensorType' },
  tensorType: { 2: 'shape' },
  shape: { 1: 'dimension' },
  dimension: {},
  function: { 7: 'node', 9: 'operatorSet' },
} as const satisfies Record<string, Record<number, string>>;

export type MessageName = keyof typeof schema;

/** What a field holds: a varint; four or eight bytes; a text or bytes; a message. */
export type Value =
  | { readonly kind: 'number'; readonly number: bigint }
  | { readonly kind: 'fixed'; readonly bytes: Uint8Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'message'; readonly tree: Tree };

export interface Field {
  readonly number: number;
  value: Value;
}

/** A message as a list of fields that may be changed, moved and removed. */
export interface Tree {
  readonly message: MessageName;
  fields: Field[];
}

/** Reads a model that is in order; bytes are borrowed, not copied. */
export function parseTree(bytes: Uint8Array, message: MessageName = 'model'): Tree {
  const nested: Readonly<Record<number, MessageName>> = schema[message];
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const readVarint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at++]!;
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Uint8Array => bytes.subarray(at, (at += length));
    const tag = Number(readVarint());
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    const inner = nested[number];
    if (wireType === 0) fields.push({ number, value: { kind: 'number', number: readVarint() } });
    else if (wireType === 2) {
      const content = take(Number(readVarint()));
      const value: Value =
        inner === undefined
          ? { kind: 'bytes', bytes: content }
          : { kind: 'message', tree: parseTree(content, inner) };
      fields.push({ number, value });
    } else {
      fields.push({ number, value: { kind: 'fixed', bytes: take(wireType === 1 ? 8 : 4) } });
    }
  }
  return { message, fields };
}

export function encodeTree({ fields }: Tree): Uint8Array {
  const parts = fields.flatMap(({ number, value }) => {
    const tag = (wireType: number): Uint8Array => varint(BigInt(number * 8 + wireType));
    if (value.kind === 'number') return [tag(0), varint(BigInt.asUintN(64, value.number))];
    if (value.kind === 'fixed') return [tag(value.bytes.length === 4 ? 5 : 1), value.bytes];
    const content = value.kind === 'bytes' ? value.bytes : encodeTree(value.tree);
    return [tag(2), varint(BigInt(content.length)), content];
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** A copy that can be changed without changing what it is of. */
export function copyField({ number, value }: Field): Field {
  if (value.kind !== 'message') return { number, value };
  const { message, fields } = value.tree;
  return { number, value: { kind: 'message', tree: { message, fields: fields.map(copyField) } } };
}

/** All trees in a tree, itself the first. */
export function allTrees(tree: Tree): Tree[] {
  const inner = tree.fields.flatMap(({ value }) => (value.kind === 'message' ? [value.tree] : []));
  return [tree, ...inner.flatMap(allTrees)];
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  return Uint8Array.from(bytes);
}

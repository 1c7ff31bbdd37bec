import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../test/support/optional.ts';
import { inspectModel } from '../../src/runner/inspection.ts';
import { Refusal } from '../../src/runner/refusal.ts';
import { constant, graph, model, node, subgraph, value, type Graph } from '../onnx/build.ts';
import { classifier, identity, loop, subtraction, zeros } from '../onnx/models.ts';
import { Message } from '../onnx/protobuf.ts';
import { randomNumbers } from '../random-numbers.ts';

const external =
  'model-refused: the model keeps data in other files; only models that hold all of their data are taken';

function judge(bytes: Uint8Array): string {
  try {
    inspectModel(bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'taken';
}

/** A tensor whose data is in another file. */
const outside = (): Message =>
  constant('w', 'FP32', [1], new Uint8Array())
    .message(13, new Message().text(1, 'location'))
    .varint(14, 1);

const attribute = (field: number, message: Message): Message =>
  new Message().text(1, 'a').message(field, message);
const withNode = (...attributes: Message[]): Graph => ({
  nodes: [node('Constant', [], ['y'], attributes)],
  inputs: [],
  outputs: [value('y', 'FP32', [1])],
});
const sparse = (field: number): Message => new Message().message(field, outside());
const aGraph = (parts: Partial<Graph> = {}): Message =>
  graph({ nodes: [], inputs: [], outputs: [], ...parts });
const wrap = (field: number, message: Message): Uint8Array =>
  new Message().message(7, aGraph()).message(field, message).encode();

describe('models that hold all of their data are taken', () => {
  test.each([
    ['identity', identity()],
    ['subtraction', subtraction()],
    ['classifier', classifier()],
    ['loop', loop()],
    ['zeros', zeros()],
  ])('%s', (_, bytes) => expect(judge(bytes)).toBe('taken'));

  test('a location that says "in the model" is none', () => {
    const inside = constant('w', 'FP32', [1], new Uint8Array(4)).varint(14, 0);
    expect(judge(model({ ...withNode(), constants: [inside] }))).toBe('taken');
  });
});

describe('data in other files is refused wherever a tensor can be', () => {
  test.each<[string, Uint8Array]>([
    ['initializer', model({ ...withNode(), constants: [outside()] })],
    ['attribute', model(withNode(attribute(5, outside())))],
    ['list of an attribute', model(withNode(attribute(10, outside())))],
    ['sparse attribute, values', model(withNode(attribute(22, sparse(1))))],
    ['sparse attribute, indices', model(withNode(attribute(22, sparse(2))))],
    ['list of sparse tensors', model(withNode(attribute(23, sparse(1))))],
    ['subgraph', model(withNode(subgraph('body', aGraph({ constants: [outside()] }))))],
    ['list of subgraphs', model(withNode(attribute(11, aGraph({ constants: [outside()] }))))],
    ['sparse initializer', new Message().message(7, new Message().message(15, sparse(1))).encode()],
    [
      'subgraph of a subgraph',
      model(
        withNode(subgraph('b', graph(withNode(subgraph('c', aGraph({ constants: [outside()] })))))),
      ),
    ],
    ['function', wrap(25, new Message().message(7, node('C', [], [], [attribute(5, outside())])))],
    ['default of a function', wrap(25, new Message().message(11, attribute(5, outside())))],
    [
      'training, initialization',
      wrap(20, new Message().message(1, aGraph({ constants: [outside()] }))),
    ],
    ['training, algorithm', wrap(20, new Message().message(2, aGraph({ constants: [outside()] })))],
    ['second graph', wrap(7, aGraph({ constants: [outside()] }))],
  ])('%s', (_, bytes) => expect(judge(bytes)).toBe(external));

  test.each<[string, (tensor: Message) => Message]>([
    ['a location that is taken back', (tensor) => tensor.varint(14, 1).varint(14, 0)],
    ['a location beyond 32 bits', (tensor) => tensor.varint(14, 2n ** 32n)],
    ['a location that is no number', (tensor) => tensor.text(14, '')],
  ])('%s', (_, change) => {
    const tensor = change(constant('w', 'FP32', [1], new Uint8Array(4)));
    expect(judge(model({ ...withNode(), constants: [tensor] }))).toBe(external);
  });
});

const raw = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('what is no ONNX is refused', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'it has no graph'],
    ['no graph', new Message().varint(1, 8).encode(), 'it has no graph'],
    [
      'a graph that is a number',
      new Message().varint(7, 1).encode(),
      'a message is not written as one',
    ],
    ['a text', new TextEncoder().encode('this is not a model'), 'a field has an unknown wire type'],
    ['a group', raw('0b0c'), 'a field has an unknown wire type'],
    ['field 0', raw('0001'), 'a field has number 0'],
    // Protobuf takes the lower 32 bits of this tag: field 7, the graph.
    ['a tag beyond 32 bits', raw('ba80808010'), 'a field number is too large'],
    ['an integer of eleven bytes', raw('08ffffffffffffffffffff01'), 'an integer is too long'],
    ['a length beyond the end', raw('3a02'), 'it ends within a field'],
    ['a length of 64 bits', raw('3affffffffffffffffff01'), 'it ends within a field'],
    // A graph of 2 bytes that contains a node of 5.
    ['a length beyond the message', raw('3a020a05000000000000'), 'it ends within a field'],
    ['a number beyond the message', raw('3a0110'), 'it ends within a field'],
    ['eight bytes beyond the end', raw('0900000000000000'), 'it ends within a field'],
    ['four bytes beyond the end', raw('0d000000'), 'it ends within a field'],
  ])('%s', (_, bytes, why) => {
    expect(judge(bytes)).toBe(`model-refused: this is no ONNX model: ${why}`);
  });

  test('an endless nesting', () => {
    let innermost = aGraph();
    for (let depth = 0; depth < 40; depth++) innermost = graph(withNode(subgraph('g', innermost)));
    const bytes = new Message().message(7, innermost).encode();
    expect(judge(bytes)).toBe('model-refused: this is no ONNX model: it nests too deep');
  });

  test('the ORT format', () => {
    const bytes = new Uint8Array(64);
    bytes.set(new TextEncoder().encode('ORTM'), 4);
    expect(judge(bytes)).toBe('model-refused: this is a model in ORT format; only ONNX is taken');
  });
});

describe('whatever bytes come', () => {
  const whole = loop();

  test('truncated anywhere, a model is refused', () => {
    // The graph comes first; what may be missing is only what follows it.
    const graphEnd = whole.length - 4;
    for (let length = 0; length < graphEnd; length++) {
      expect(judge(whole.subarray(0, length))).toMatch(/^model-refused: /);
    }
  });

  test('the walk ends, with a verdict', () => {
    const random = randomNumbers(1);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from(whole);
      for (let changes = 1 + random(4); changes > 0; changes--) {
        bytes[random(bytes.length)] = random(256);
      }
      expect(judge(bytes)).toMatch(/^(?:taken$|model-refused: )/);
    }
  });
});

describe.runIf(sharedAvailable('models'))('models from elsewhere', () => {
  const folder = `${sharedFolder}/models`;
  const names = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.onnx'),
      )
    : [];
  test.each(names)('%s', (name) => {
    const verdict = judge(readFileSync(`${folder}/${name}`));
    expect(verdict).toBe(name.includes('external-') ? external : 'taken');
  });
});

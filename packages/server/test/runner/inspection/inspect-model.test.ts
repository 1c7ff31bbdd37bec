import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sharedAvailable, sharedFolder } from '../../../../../test/support/optional.ts';
import { bytesOf } from '../../../src/runner/inspection/byte-source.ts';
import { inspectModel } from '../../../src/runner/inspection/inspect-model.ts';
import {
  constant,
  graph,
  localFunction,
  model,
  modelOf,
  node,
  operatorSet,
  subgraph,
  type Graph,
} from '../../onnx/build.ts';
import { classifier, identity, loop, subtraction, zeros } from '../../onnx/models.ts';
import { Message } from '../../onnx/protobuf.ts';
import { judge, reason } from './judge.ts';

const empty: Graph = { nodes: [], inputs: [], outputs: [] };
const withNodes = (...nodes: Message[]): Uint8Array => model({ ...empty, nodes });
const named = (name: string, operator: string): Message => node(operator, [], ['y']).text(3, name);
const call = (domain: string, operator: string): Message =>
  node(operator, ['x'], ['y']).text(7, domain);
const attribute = (name: string, field: number, message: Message): Message =>
  new Message().text(1, name).message(field, message);

describe('models that hold all of their data are taken', () => {
  test.each([
    ['identity', identity()],
    ['subtraction', subtraction()],
    ['classifier', classifier()],
    ['loop', loop()],
    ['zeros', zeros()],
  ])('%s', (_, bytes) => expect(judge(bytes)).toBe('taken'));

  test('and described', () => {
    const bytes = modelOf(
      graph({
        ...empty,
        nodes: [node('If', ['c'], ['y'], [subgraph('then_branch', graph(empty))]), call('l', 'F')],
        constants: [constant('w', 'FP32', [2, 3], new Uint8Array(24))],
      }),
      {
        operatorSets: [operatorSet('', 13), operatorSet('ai.onnx.ml', 3), operatorSet('l', 7)],
        functions: [localFunction('l', 'F', [node('Identity', ['a'], ['b'])])],
      },
    );
    expect(inspectModel(bytesOf(bytes), { operatorDomains: [] })).toEqual({
      irVersion: 8,
      operatorSets: { 'ai.onnx': 13, 'ai.onnx.ml': 3, l: 7 },
      nodes: 3,
      functions: 1,
      graphDepth: 2,
      constants: 1,
      constantBytes: 24,
    });
  });
});

const raw = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('what is no ONNX is refused', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'it has no graph'],
    ['no graph', new Message().varint(1, 8).encode(), 'it has no graph'],
    ['no IR version', new Message().message(7, graph(empty)).encode(), 'it has no IR version'],
    [
      'no operators',
      modelOf(graph(empty), { operatorSets: [] }),
      'it does not say which operators it means',
    ],
    ['a graph that is a number', new Message().varint(7, 1).encode(), 'field 7 is of another type'],
    ['a graph twice', Buffer.concat([identity(), identity()]), 'field 1 is there twice'],
    ['a text', latin1('this is not a model'), 'a field has an unknown wire type'],
    ['a group', raw('eb06ec06'), 'a field has an unknown wire type'],
    ['wire type 6', raw('f606'), 'a field has an unknown wire type'],
    ['wire type 7', raw('f706'), 'a field has an unknown wire type'],
    ['field 0', raw('0001'), 'a field has number 0'],
    // Protobuf takes the lower 32 bits of this tag: field 7, the graph.
    ['a tag beyond 32 bits', raw('ba80808010'), 'a field number is too large'],
    ['a number of eleven bytes', raw('08ffffffffffffffffffff01'), 'a number is too long'],
    ['a length beyond the end', raw('3a02'), 'it ends within a field'],
    ['a length of 64 bits', raw('3affffffffffffffffff01'), 'it ends within a field'],
    // A graph of 2 bytes that contains a node of 5.
    ['a length beyond the message', raw('3a020a05000000000000'), 'it ends within a field'],
    // A graph of 1 byte: the tag of a number that would be behind its end.
    ['a number beyond the message', raw('3a0110'), 'it ends within a field'],
    ['eight bytes beyond the end', raw('a10600000000000000'), 'it ends within a field'],
    ['four bytes beyond the end', raw('a506000000'), 'it ends within a field'],
  ])('%s', (_, bytes, why) => expect(reason(bytes)).toBe(`this is no valid ONNX: ${why}`));

  test.each<[string, string, string]>([
    ['TensorFlow Lite', '\x1c\x00\x00\x00TFL3', 'TensorFlow Lite'],
    ['PyTorch', 'PK\x03\x04\x00\x00', 'a zip archive, as PyTorch and Keras write'],
    ['old PyTorch', '\x80\x02}q\x00.', "Python's pickle, as PyTorch wrote"],
    ['Keras', '\x89HDF\r\n\x1a\n', 'HDF5, as Keras wrote'],
    ['GGUF', 'GGUF\x03\x00\x00\x00', 'GGUF'],
    ['gzip', '\x1f\x8b\x08\x00', 'gzip'],
    ['safetensors', '\x40\x00\x00\x00\x00\x00\x00\x00{"w":{}}', 'safetensors'],
  ])('%s, by its name', (_, start, format) => {
    expect(reason(latin1(start))).toBe(`this is no ONNX model, but seems to be ${format}`);
  });

  test('the ORT format, whatever else the bytes may be', () => {
    const bytes = new Uint8Array(64);
    bytes.set(latin1('ORTM'), 4);
    expect(reason(bytes)).toBe('this is a model in ORT format; only ONNX is taken');
    // A field that no reader knows, with the mark in its right place: valid ONNX besides.
    const unknown = (mark: string): Uint8Array =>
      Buffer.concat([raw('c23e8400'), latin1(mark), identity()]);
    expect(judge(unknown('ORTN'))).toBe('taken');
    expect(reason(unknown('ORTM'))).toBe('this is a model in ORT format; only ONNX is taken');
  });
});

const judgeVersion = (irVersion: number): string => reason(modelOf(graph(empty), { irVersion }));

const judgeOperators = (...sets: [string, number][]): string =>
  reason(modelOf(graph(empty), { operatorSets: sets.map((each) => operatorSet(...each)) }));

describe('versions', () => {
  test.each([3, 13])('IR %i is taken', (number) => expect(judgeVersion(number)).toBe('taken'));
  test.each([0, 2, 14, 2 ** 31])('IR %i is refused', (number) => {
    expect(judgeVersion(number)).toBe(
      `the model: its version of IR is ${number}; 3 to 13 are taken`,
    );
  });
  test('a negative one is out of range', () => {
    expect(judgeVersion(-1)).toBe(
      'the model: its version of IR is out of range; 3 to 13 are taken',
    );
  });

  test.each([1, 26])('operators of version %i are taken', (number) =>
    expect(judgeOperators(['', number])).toBe('taken'),
  );
  test.each([
    ['', 0, 'ai.onnx is 0; 1 to 26'],
    ['', 27, 'ai.onnx is 27; 1 to 26'],
    ['ai.onnx', 27, 'ai.onnx is 27; 1 to 26'],
    ['ai.onnx.ml', 6, 'ai.onnx.ml is 6; 1 to 5'],
    ['com.microsoft', 2, 'com.microsoft is 2; 1 to 1'],
  ])('operators of %o, version %i are refused', (domain, number, why) => {
    expect(judgeOperators([domain, number])).toBe(
      `the model: its version of operators of ${why} are taken`,
    );
  });
  test('operators that are imported and not used may be of any version', () => {
    expect(judgeOperators(['', 13], ['com.microsoft.nchwc', 1], ['com.example', 99])).toBe('taken');
  });
  test('two versions of one domain, also by its two names', () => {
    expect(judgeOperators(['a', 1], ['a', 1])).toBe('the model: it gives two versions of "a"');
    expect(judgeOperators(['', 13], ['ai.onnx', 14])).toBe(
      'the model: it gives two versions of "ai.onnx"',
    );
  });
  test('too many domains', () => {
    const sets = Array.from({ length: 1001 }, (_, index): [string, number] => [`d${index}`, 1]);
    expect(judgeOperators(...sets)).toBe('the model: it uses operators of over 1000 domains');
  });
  test('of a function', () => {
    const functions = [localFunction('l', 'F', [], [operatorSet('', 27)])];
    expect(reason(modelOf(graph(empty), { functions }))).toBe(
      'function "F": its version of operators of ai.onnx is 27; 1 to 26 are taken',
    );
  });
});

describe('operators', () => {
  test.each(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'])('of %o are taken', (domain) => {
    expect(judge(withNodes(call(domain, 'Anything')))).toBe('taken');
  });
  test.each([
    'com.microsoft.nchwc',
    'com.ms.internal.nhwc',
    'com.microsoft.extensions',
    'org.pytorch.aten',
    'ai.onnx.training',
    'AI.ONNX',
  ])('of %o are refused, unless the server is set to take them', (domain) => {
    const bytes = withNodes(named('first', 'Identity'), call(domain, 'Op').text(3, 'second'));
    expect(reason(bytes)).toBe(
      `node "second" (Op): operators of domain "${domain}" are not taken, and the model does not define this one`,
    );
    expect(judge(bytes, [domain])).toBe('taken');
    expect(judge(bytes, ['another'])).not.toBe('taken');
  });
  test('of other domains are refused in subgraphs, functions and training too', () => {
    const hidden = graph({ ...empty, nodes: [call('far', 'Op')] });
    const places = [
      withNodes(node('If', [], [], [subgraph('then_branch', hidden)])),
      withNodes(node('If', [], [], [attribute('g', 11, hidden)])),
      modelOf(graph(empty), { functions: [localFunction('l', 'F', [call('far', 'Op')])] }),
      Buffer.concat([
        identity(),
        new Message().message(20, new Message().message(2, hidden)).encode(),
      ]),
    ];
    for (const bytes of places)
      expect(reason(bytes)).toMatch(/^node \d \(Op\): operators of domain "far"/);
  });

  test.each(['EPContext', 'Snpe', 'ATen', 'PythonOp', 'PythonOpGrad'])(
    '%s is refused, in whatever domain',
    (operator) => {
      for (const domain of ['', 'com.microsoft', 'far']) {
        expect(reason(withNodes(call(domain, operator)), ['far'])).toBe(
          `node 1 (${operator}): operators that read files or call other libraries are not taken`,
        );
      }
    },
  );
  test.each(['ep_cache_context', 'onnx_model_filename'])(
    'with attribute %s are refused',
    (name) => {
      const path = new Message().text(1, name).text(4, '/etc/passwd').varint(20, 3);
      expect(reason(withNodes(node('Op', [], [], [path])))).toBe(
        `node 1 (Op), attribute "${name}": attributes that name a file are not taken`,
      );
    },
  );
});

const calling = (...functions: Message[]): Uint8Array =>
  modelOf(graph({ ...empty, nodes: [call('l', 'F')] }), { functions });

const chain = (length: number): Message[] =>
  Array.from({ length }, (_, index) =>
    localFunction(
      'l',
      index === 0 ? 'F' : `F${index}`,
      index + 1 < length ? [call('l', `F${index + 1}`)] : [],
    ),
  );

const tenOf = (name: string): Message[] => Array.from({ length: 10 }, () => call('l', name));

describe('functions of the model', () => {
  test('may be called where they are defined', () => {
    expect(judge(calling(localFunction('l', 'F', [])))).toBe('taken');
    expect(judge(calling(localFunction('l', 'G', [])))).not.toBe('taken');
    expect(judge(calling(localFunction('m', 'F', [])))).not.toBe('taken');
    expect(judge(calling(localFunction('l', 'F', []).text(13, 'overload')))).not.toBe('taken');
  });
  test('twice of one name are refused', () => {
    expect(reason(calling(localFunction('l', 'F', []), localFunction('l', 'F', [])))).toBe(
      'function "F": there are two functions of this name',
    );
  });
  test('that call themselves, or one another, are refused', () => {
    const endless = 'the model: its functions call one another over 64 times deep, or endlessly';
    expect(reason(calling(localFunction('l', 'F', [call('l', 'F')])))).toBe(endless);
    const [f, g] = [
      localFunction('l', 'F', [call('l', 'G')]),
      localFunction('l', 'G', [call('l', 'F')]),
    ];
    expect(reason(calling(f, g))).toBe(endless);
    // Also where nobody calls them.
    const unused = localFunction('l', 'H', [call('l', 'H')]);
    expect(reason(calling(localFunction('l', 'F', []), unused))).toBe(endless);
  });
  test('may be nested, but not endlessly', () => {
    expect(judge(calling(...chain(64)))).toBe('taken');
    expect(reason(calling(...chain(65)))).toMatch('over 64 times deep');
  });
  test('count for every call: a short model can be an endless one', () => {
    const bomb = ['F', 'F1', 'F2', 'F3', 'F4', 'F5', 'F6'].map((name, index, all) =>
      localFunction(
        'l',
        name,
        index + 1 < all.length ? tenOf(all[index + 1]!) : [named('', 'Identity')],
      ),
    );
    expect(reason(calling(...bomb.slice(2), localFunction('l', 'F', tenOf('F2'))))).toBe('taken');
    expect(reason(calling(...bomb))).toBe('the model: it has over 250000 nodes');
  });
  test('too many are refused', () => {
    const many = Array.from({ length: 10_001 }, (_, index) => localFunction('l', `F${index}`, []));
    expect(reason(calling(...many))).toBe('function "F10000": it has over 10000 functions');
  });
  test('and so are too many operators that might be some', () => {
    const nodes = Array.from({ length: 10_001 }, (_, index) => call('', `F${index}`));
    expect(reason(withNodes(...nodes))).toBe(
      'node 10001 (F10000): it uses over 10000 different operators',
    );
  });
});

const nested = (depth: number): Uint8Array => {
  let inner = graph(empty);
  for (let level = 1; level < depth; level++) {
    inner = graph({ ...empty, nodes: [node('If', [], [], [subgraph('then_branch', inner)])] });
  }
  return modelOf(inner);
};

/** So many nodes that say nothing, as fields of a graph. */
const emptyNodes = (count: number): Message => {
  const bytes = new Uint8Array(2 * count);
  for (let index = 0; index < bytes.length; index += 2) bytes[index] = 0x0a;
  return { encode: () => bytes } as unknown as Message;
};

/** A model of so many nodes, most of them in a graph of one. */
const split = (count: number): Uint8Array => {
  const inner = subgraph('then_branch', emptyNodes(100_000));
  const whole = Buffer.concat([
    emptyNodes(count - 100_001).encode(),
    new Message().message(1, node('If', [], [], [inner])).encode(),
  ]);
  return modelOf({ encode: () => whole } as unknown as Message);
};

const nameOf = (length: number): string => 'n'.repeat(length);

describe('sizes', () => {
  test('graphs within graphs', () => {
    expect(judge(nested(16))).toBe('taken');
    expect(reason(nested(17))).toBe(
      'node 16 (If), attribute "then_branch": its graphs are nested over 16 deep',
    );
  });

  test('nodes, all graphs together', () => {
    expect(judge(split(250_000))).toBe('taken');
    expect(reason(split(250_001))).toMatch(/it has over 250000 nodes$/);
  });

  test('fields', () => {
    const bytes = new Uint8Array(20_000_002);
    // Field 2 of a graph, a name, over and over: nobody is to take an hour for it.
    for (let index = 0; index < bytes.length; index += 2) bytes[index] = 0x1a;
    expect(reason(bytes)).toBe('this is no valid ONNX: it has over 10000000 fields');
  });

  test('names of what is looked up', () => {
    expect(judge(withNodes(call('', nameOf(512))))).toBe('taken');
    const long = 'it has a name of over 512 bytes';
    expect(reason(withNodes(call('', nameOf(513))))).toMatch(long);
    expect(reason(withNodes(call(nameOf(513), 'Op')))).toMatch(long);
    expect(reason(withNodes(call('', 'Op').text(8, nameOf(513))))).toMatch(long);
    expect(reason(modelOf(graph(empty), { operatorSets: [operatorSet(nameOf(513), 1)] }))).toMatch(
      long,
    );
  });

  test('the whole', () => {
    const source = { length: 2 ** 31, from: () => new Uint8Array(64) };
    expect(judge(source)).toBe(
      'model-refused: the model: it has over 2147483647 bytes, more than ONNX can',
    );
  });
});

const outside = (name: string): Message =>
  constant(name, 'FP32', [1], new Uint8Array()).varint(14, 1);

describe('a refusal names what it refuses', () => {
  const why = 'its data is in another file; only models that hold all of their data are taken';

  test.each<[string, Uint8Array, string]>([
    ['a constant', model({ ...empty, constants: [outside('w')] }), 'constant "w"'],
    ['a constant without a name', model({ ...empty, constants: [outside('')] }), 'a constant'],
    [
      'a node by its name, its operator and its attribute',
      withNodes(named('n', 'Op').message(5, attribute('value', 5, outside('w')))),
      'node "n" (Op), attribute "value"',
    ],
    [
      'a node without a name by its place',
      withNodes(node('A', [], []), node('B', [], [], [attribute('value', 5, outside('w'))])),
      'node 2 (B), attribute "value"',
    ],
    [
      'the innermost node',
      withNodes(
        named('outer', 'If').message(
          5,
          subgraph(
            'then_branch',
            graph({
              ...empty,
              nodes: [named('inner', 'Op').message(5, attribute('v', 5, outside('')))],
            }),
          ),
        ),
      ),
      'node "inner" (Op), attribute "v"',
    ],
    [
      'a constant of a subgraph',
      withNodes(
        named('outer', 'If').message(
          5,
          subgraph('g', graph({ ...empty, constants: [outside('w')] })),
        ),
      ),
      'node "outer" (If), attribute "g"',
    ],
    [
      'a sparse constant',
      modelOf(new Message().message(15, new Message().message(1, outside('s')))),
      'sparse constant "s"',
    ],
    [
      'a function',
      modelOf(graph(empty), {
        functions: [localFunction('l', 'F', []).message(11, attribute('d', 5, outside('')))],
      }),
      'function "F", attribute "d"',
    ],
  ])('%s', (_, bytes, place) => expect(reason(bytes)).toBe(`${place}: ${why}`));

  test('by the words that follow it as well as by those before it', () => {
    const backwards = new Message()
      .message(5, attribute('v', 5, outside('')))
      .text(3, 'n')
      .text(4, 'Op');
    expect(reason(withNodes(backwards))).toBe(`node "n" (Op), attribute "v": ${why}`);
  });

  test('where it is broken', () => {
    const broken = {
      encode: () => Uint8Array.from([0x1a, 0x01, 0x6e, 0x7b]),
    } as unknown as Message;
    expect(reason(withNodes(broken))).toBe(
      'node "n" is no valid ONNX: a field has an unknown wire type',
    );
  });

  test('in printable words of bounded length', () => {
    const evil = '"\n\u001b[31m\u202e\u0000é'.padEnd(70, 'x');
    const verdict = reason(
      withNodes(named(evil, evil).message(5, attribute(evil, 5, outside('')))),
    );
    expect(verdict).toMatch(/^[\x20-\x7e]+$/);
    expect(verdict).toMatch(
      /^node "\\"\?\?\[31m\?+x+\.\.\." \("\?\?\[31m\?+x+\.\.\.\), attribute "/,
    );
    expect(verdict.length).toBeLessThanOrEqual(400);
  });
});

describe.runIf(sharedAvailable('models'))('models from elsewhere', () => {
  const folder = `${sharedFolder}/models`;
  const names = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.onnx'),
      )
    : [];
  const refusals: readonly (readonly [RegExp, string])[] = [
    [
      /external-/,
      'constant "w": its data is in another file; only models that hold all of their data are taken',
    ],
    [
      /superres_ort_extensions/,
      'node "pre_process_0" (DecodeImage): operators of domain "com.microsoft.extensions" are not taken, and the model does not define this one',
    ],
    [
      /fpe-run-ultraface/,
      'node 27 (Conv): operators of domain "com.microsoft.nchwc" are not taken, and the model does not define this one',
    ],
    [
      /hang-load-layernorm/,
      'node 6 (Constant), attribute "value": 2147483647 numbers of data are due for int64 of shape [2147483647], found 1',
    ],
  ];
  test.each(names)('%s', (name) => {
    const expected = refusals.find(([pattern]) => pattern.test(name))?.[1] ?? 'taken';
    expect(reason(readFileSync(`${folder}/${name}`))).toBe(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { modelOf } from '../../onnx/build.ts';
import { Message } from '../../onnx/protobuf.ts';
import { reason } from './judge.ts';

/** Fields of `TensorProto` that hold elements. */
const fields = { float: 4, int32: 5, string: 6, int64: 7, raw: 9, double: 10, uint64: 11 } as const;
type Field = keyof typeof fields;

/** `TensorProto.DataType`, and how many bytes of raw data, or how many numbers, five elements take. */
const types: Record<string, { type: number; raw: number | null; field: Field; numbers: number }> = {
  float: { type: 1, raw: 20, field: 'float', numbers: 5 },
  uint8: { type: 2, raw: 5, field: 'int32', numbers: 5 },
  int8: { type: 3, raw: 5, field: 'int32', numbers: 5 },
  uint16: { type: 4, raw: 10, field: 'int32', numbers: 5 },
  int16: { type: 5, raw: 10, field: 'int32', numbers: 5 },
  int32: { type: 6, raw: 20, field: 'int32', numbers: 5 },
  int64: { type: 7, raw: 40, field: 'int64', numbers: 5 },
  string: { type: 8, raw: null, field: 'string', numbers: 5 },
  bool: { type: 9, raw: 5, field: 'int32', numbers: 5 },
  float16: { type: 10, raw: 10, field: 'int32', numbers: 5 },
  double: { type: 11, raw: 40, field: 'double', numbers: 5 },
  uint32: { type: 12, raw: 20, field: 'uint64', numbers: 5 },
  uint64: { type: 13, raw: 40, field: 'uint64', numbers: 5 },
  complex64: { type: 14, raw: 40, field: 'float', numbers: 10 },
  complex128: { type: 15, raw: 80, field: 'double', numbers: 10 },
  bfloat16: { type: 16, raw: 10, field: 'int32', numbers: 5 },
  float8e4m3fn: { type: 17, raw: 5, field: 'int32', numbers: 5 },
  float8e4m3fnuz: { type: 18, raw: 5, field: 'int32', numbers: 5 },
  float8e5m2: { type: 19, raw: 5, field: 'int32', numbers: 5 },
  float8e5m2fnuz: { type: 20, raw: 5, field: 'int32', numbers: 5 },
  uint4: { type: 21, raw: 3, field: 'int32', numbers: 3 },
  int4: { type: 22, raw: 3, field: 'int32', numbers: 3 },
  float4e2m1: { type: 23, raw: 3, field: 'int32', numbers: 3 },
  float8e8m0: { type: 24, raw: 5, field: 'int32', numbers: 5 },
  uint2: { type: 25, raw: 2, field: 'int32', numbers: 2 },
  int2: { type: 26, raw: 2, field: 'int32', numbers: 2 },
};

/** The start of a tensor, to which data is added. */
function tensor(type: number, dims: readonly (number | bigint)[] = [5]): Message {
  const message = new Message();
  for (const size of dims) message.varint(1, size);
  return message.varint(2, type).text(8, 'w');
}

function withTensor(constant: Message): Uint8Array {
  return modelOf(new Message().message(5, constant));
}

/** What is said of a constant: `taken`, or the reason for which it is refused. */
function judgeTensor(constant: Message): string {
  return reason(withTensor(constant)).replace(/^constant "w": /, '');
}

/** So many numbers in a field, in one piece. */
function packed(message: Message, field: Field, count: number): Message {
  const size = { float: 4, double: 8 }[field as string] ?? 1;
  return message.bytes(fields[field], new Uint8Array(size * count).fill(1));
}

/** So many numbers in a field, each for itself. */
function single(message: Message, field: Field, count: number): Message {
  for (let index = 0; index < count; index++) {
    if (field === 'string') message.text(fields.string, 'text');
    else if (field === 'float') message.fixed(fields.float, new Uint8Array(4));
    else if (field === 'double') message.fixed(fields.double, new Uint8Array(8));
    else message.varint(fields[field], 300);
  }
  return message;
}

function judgeRaw(type: number, bytes: number): string {
  return judgeTensor(tensor(type).bytes(fields.raw, new Uint8Array(bytes)));
}

describe.each(Object.entries(types))('%s', (name, { type, raw, field, numbers }) => {
  test('raw data of exactly its length is taken, if it may be raw', () => {
    if (raw === null) {
      expect(judgeRaw(type, 5)).toBe(`raw data cannot be of type ${name}`);
      return;
    }
    expect(judgeRaw(type, raw)).toBe('taken');
    for (const bytes of [0, raw - 1, raw + 1]) {
      expect(judgeRaw(type, bytes)).toBe(
        `${raw} bytes of data are due for ${name} of shape [5], found ${bytes}`,
      );
    }
  });

  test('numbers of exactly their count are taken, together or one by one', () => {
    const unit = name === 'string' ? 'texts' : 'numbers';
    const writers = field === 'string' ? [single] : [packed, single];
    for (const write of writers) {
      const of = (count: number): string => judgeTensor(write(tensor(type), field, count));
      expect(of(numbers)).toBe('taken');
      for (const count of [numbers - 1, numbers + 1]) {
        expect(of(count)).toBe(
          `${numbers} ${unit} of data are due for ${name} of shape [5], found ${count}`,
        );
      }
    }
    expect(judgeTensor(tensor(type))).toBe(
      `${numbers} ${unit} of data are due for ${name} of shape [5], found 0`,
    );
  });

  test('in parts they add up', () => {
    if (field === 'string') return;
    const parts = packed(single(tensor(type), field, 1), field, numbers - 1);
    expect(judgeTensor(parts)).toBe('taken');
  });

  test('numbers of another field are refused', () => {
    const other = field === 'double' ? 'float' : 'double';
    expect(judgeTensor(packed(tensor(type), other, 5))).toBe(
      `its elements are of type ${name}, its data is not`,
    );
  });

  test('both kinds of data are refused', () => {
    const twice = single(tensor(type), field, numbers).bytes(fields.raw, new Uint8Array(raw ?? 0));
    expect(judgeTensor(twice)).toBe('it has its data twice');
  });
});

const ones = (count: number): string =>
  judgeTensor(tensor(2, Array(count).fill(1) as number[]).bytes(9, new Uint8Array(1)));

describe('a constant', () => {
  test.each([0, 27, 2 ** 31, 2 ** 32 + 1, -1])('of type %i is refused', (type) => {
    expect(judgeTensor(tensor(type).bytes(9, new Uint8Array(20)))).toBe(
      'its elements are of no type that ONNX has',
    );
  });
  test('without a type is refused', () => {
    const untyped = new Message().varint(1, 1).text(8, 'w').bytes(9, new Uint8Array(4));
    expect(judgeTensor(untyped)).toBe('its elements are of no type that ONNX has');
  });
  test('without dimensions has one element', () => {
    expect(judgeTensor(tensor(1, []).bytes(9, new Uint8Array(4)))).toBe('taken');
    expect(judgeTensor(tensor(1, []).bytes(9, new Uint8Array(8)))).toBe(
      '4 bytes of data are due for float of shape [], found 8',
    );
  });
  test('with a dimension of 0 has none, however large the others are', () => {
    const large = [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 0];
    expect(judgeTensor(tensor(1, large))).toBe('taken');
    expect(judgeTensor(tensor(1, large).bytes(9, new Uint8Array()))).toBe('taken');
    expect(judgeTensor(tensor(1, [0]).bytes(9, new Uint8Array(4)))).toBe(
      '0 bytes of data are due for float of shape [0], found 4',
    );
  });
  test('may have its dimensions packed', () => {
    const dims = new Message().bytes(1, Uint8Array.of(2, 2)).varint(2, 1).text(8, 'w');
    expect(judgeTensor(dims.bytes(9, new Uint8Array(16)))).toBe('taken');
  });
  test.each([2n ** 31n, 2n ** 62n, -1n])('with a dimension of %i is refused', (size) => {
    expect(judgeTensor(tensor(1, [size]))).toBe('it has a dimension that no tensor can have');
  });
  test('with more elements than fit is refused, also where their product overflows 64 bits', () => {
    const sizes = Array(4).fill(2 ** 16) as number[];
    expect(judgeTensor(tensor(1, sizes))).toBe('it has more elements than a tensor can hold');
  });
  test('with too many dimensions is refused', () => {
    expect(ones(64)).toBe('taken');
    expect(ones(65)).toBe('it has over 64 dimensions');
  });
  test('that is a segment is refused', () => {
    expect(judgeTensor(tensor(1).message(3, new Message().varint(1, 0)))).toBe(
      'it is a segment of a tensor; only whole ones are taken',
    );
  });
  test('in pieces that do not end with a number is refused', () => {
    const place = 'constant "w" is no valid ONNX: ';
    expect(judgeTensor(tensor(1).bytes(4, new Uint8Array(19)))).toBe(
      `${place}a list is cut within a number`,
    );
    expect(judgeTensor(tensor(6).bytes(5, new Uint8Array(5).fill(0x80)))).toBe(
      `${place}a list is cut within a number`,
    );
    const long = Uint8Array.from([...Array<number>(10).fill(0x80), 0]);
    expect(judgeTensor(tensor(6, [1]).bytes(5, long))).toBe(`${place}a number is too long`);
  });
  test.each(['varint', 'fixed'] as const)('with raw data that is a %s is refused', (kind) => {
    const raw = kind === 'varint' ? tensor(1).varint(9, 1) : tensor(1).fixed(9, new Uint8Array(4));
    expect(judgeTensor(raw)).toBe('constant "w" is no valid ONNX: field 9 is of another type');
  });
  test.each<[string, (message: Message) => Message]>([
    ['a type', (message) => message.varint(2, 1)],
    ['raw data', (message) => message.bytes(9, new Uint8Array(20))],
  ])('with %s twice is refused', (_, again) => {
    const whole = tensor(1).bytes(9, new Uint8Array(20));
    expect(judgeTensor(again(whole))).toMatch(/is no valid ONNX: field \d is there twice$/);
  });
});

const outside = 'its data is in another file; only models that hold all of their data are taken';

describe('data in other files is refused', () => {
  const whole = (): Message => tensor(1, [1]).bytes(9, new Uint8Array(4));

  test('a location that says "in the model" is none', () => {
    expect(judgeTensor(whole().varint(14, 0))).toBe('taken');
  });
  test.each<[string, Message]>([
    ['by its location', whole().varint(14, 1)],
    ['by a location that no reader knows', whole().varint(14, 2)],
    ['by a location beyond 32 bits', whole().varint(14, 2n ** 32n)],
    ['by its description alone', whole().message(13, new Message().text(1, 'location'))],
    ['with both', tensor(1).message(13, new Message().text(1, 'location')).varint(14, 1)],
  ])('%s', (_, constant) => expect(judgeTensor(constant)).toBe(outside));

  test('a location that is taken back', () => {
    expect(judgeTensor(whole().varint(14, 0).varint(14, 1))).toBe(
      'constant "w" is no valid ONNX: field 14 is there twice',
    );
  });
  test('a location that is no number', () => {
    expect(judgeTensor(whole().text(14, ''))).toBe(
      'constant "w" is no valid ONNX: field 14 is of another type',
    );
  });
});

const hidden = (): Message => tensor(1).varint(14, 1);

const inAttribute = (field: number, message: Message): Message =>
  new Message().message(
    1,
    new Message().text(4, 'Op').message(5, new Message().message(field, message)),
  );

const wrap = (field: number, message: Message): Uint8Array =>
  Buffer.concat([modelOf(new Message()), new Message().message(field, message).encode()]);

describe('data in other files is refused wherever a tensor can be', () => {
  const inGraph = new Message().message(5, hidden());

  test.each<[string, Uint8Array]>([
    ['initializer', modelOf(inGraph)],
    ['attribute', modelOf(inAttribute(5, hidden()))],
    ['list of an attribute', modelOf(inAttribute(10, hidden()))],
    ['sparse attribute, values', modelOf(inAttribute(22, new Message().message(1, hidden())))],
    ['sparse attribute, indices', modelOf(inAttribute(22, new Message().message(2, hidden())))],
    ['list of sparse tensors', modelOf(inAttribute(23, new Message().message(1, hidden())))],
    ['subgraph', modelOf(inAttribute(6, inGraph))],
    ['list of subgraphs', modelOf(inAttribute(11, inGraph))],
    ['sparse initializer', modelOf(new Message().message(15, new Message().message(1, hidden())))],
    ['subgraph of a subgraph', modelOf(inAttribute(6, inAttribute(6, inGraph)))],
    [
      'function',
      wrap(
        25,
        new Message().message(7, new Message().message(5, new Message().message(5, hidden()))),
      ),
    ],
    [
      'default of a function',
      wrap(25, new Message().message(11, new Message().message(5, hidden()))),
    ],
    ['training, initialization', wrap(20, new Message().message(1, inGraph))],
    ['training, algorithm', wrap(20, new Message().message(2, inGraph))],
  ])('%s', (_, bytes) => expect(reason(bytes)).toMatch(outside));
});

describe('a sparse constant', () => {
  interface Sparse {
    readonly dims?: readonly (number | bigint)[];
    readonly values?: Message | null;
    readonly indices?: Message | null;
  }
  const values = (count: number, type = 1, size = 4): Message =>
    tensor(type, [count]).bytes(9, new Uint8Array(size * count));
  const indices = (...dims: number[]): Message =>
    tensor(7, dims).bytes(9, new Uint8Array(8 * dims.reduce((product, each) => product * each, 1)));

  function judgeSparse({
    dims = [9],
    values: some = values(3),
    indices: where = indices(3),
  }: Sparse): string {
    const sparse = new Message();
    if (some !== null) sparse.message(1, some);
    if (where !== null) sparse.message(2, where);
    for (const size of dims) sparse.varint(3, size);
    return reason(modelOf(new Message().message(15, sparse))).replace(
      /^(?:a )?sparse constant(?: "w")?: /,
      '',
    );
  }

  test('is taken with one index for each value, or one for each dimension', () => {
    expect(judgeSparse({})).toBe('taken');
    expect(judgeSparse({ dims: [3, 3], indices: indices(3, 2) })).toBe('taken');
    expect(judgeSparse({ values: values(0), indices: indices(0) })).toBe('taken');
  });
  test.each<[string, Sparse]>([
    ['values', { values: null }],
    ['indices', { indices: null }],
  ])('without %s is refused', (_, sparse) => {
    expect(judgeSparse(sparse)).toBe('it is sparse, and its values or their indices are missing');
  });
  test.each<[string, Sparse]>([
    ['fewer indices', { indices: indices(2) }],
    ['more indices', { indices: indices(4) }],
    ['other indices than dimensions', { dims: [3, 3], indices: indices(3, 3) }],
    ['indices of three dimensions', { indices: indices(3, 1, 1) }],
    ['a single index', { values: values(1), indices: indices() }],
    ['a single value', { values: tensor(1, []).bytes(9, new Uint8Array(4)) }],
    ['values of two dimensions', { values: tensor(1, [3, 1]).bytes(9, new Uint8Array(12)) }],
    ['indices that are no int64', { indices: tensor(6, [3]).bytes(9, new Uint8Array(12)) }],
  ])('with %s is refused', (_, sparse) => {
    expect(judgeSparse(sparse)).toBe('it is sparse, and its values do not fit their indices');
  });
  test('with more values than elements is refused', () => {
    expect(judgeSparse({ dims: [2] })).toBe('it is sparse, with more values than elements');
  });
  test('that would be too large is refused', () => {
    const most = 2 ** 31 - 1;
    expect(judgeSparse({ dims: [most], values: values(3, 2, 1) })).toBe('taken');
    expect(judgeSparse({ dims: [most] })).toBe(`it is sparse, and would have over ${most} bytes`);
    expect(judgeSparse({ dims: [2 ** 30, 2 ** 30] })).toBe(
      'it has more elements than a tensor can hold',
    );
    expect(judgeSparse({ dims: [2n ** 40n] })).toBe('it has a dimension that no tensor can have');
  });
  test('with data of another length is refused', () => {
    const short = tensor(1, [3]).bytes(9, new Uint8Array(8));
    expect(judgeSparse({ values: short })).toBe(
      '12 bytes of data are due for float of shape [3], found 8',
    );
  });
  test('is refused where all of them together would be too large', () => {
    const sparse = new Message()
      .message(1, values(3))
      .message(2, indices(3))
      .varint(3, 2 ** 28);
    const many = (count: number): string =>
      reason(modelOf(new Message().messages(15, Array<Message>(count).fill(sparse))));
    expect(many(1)).toBe('taken');
    expect(many(2)).toBe(
      'sparse constant "w": the constants up to here take over 2147483647 bytes',
    );
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Datatype, Tensor } from '@blindai/client';
import { datatypes, ProtocolError } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { python, pythonAvailable } from '../../../../test/support/python.ts';
import { UsageError } from '../../src/exit-codes.ts';
import { parseNpy } from '../../src/inputs/npy.ts';
import { encodeNpy } from '../../src/outputs/npy.ts';
import { mutations } from '../mutations.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A .npy file of any header and body. */
function npy(header: string | Uint8Array, body: Uint8Array, version = [1, 0]): Uint8Array {
  const text = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4);
  if (length.length === 2) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from('\u0093NUMPY', 'latin1'),
    Buffer.from(version),
    length,
    text,
    body,
  ]);
}

const bytesOf = (...elements: number[]): Uint8Array => Uint8Array.from(elements);
const twoByThree = Float32Array.of(1, 2, 3, 4, 5, 6);
const body = new Uint8Array(twoByThree.buffer);
const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

describe('a .npy file', () => {
  test.each(Object.keys(datatypes) as Datatype[])('of %s is written and read', (datatype) => {
    const wide = datatype.endsWith('INT64');
    const data = Uint8Array.of(0, 1, 1, 0, 1, 0);
    const tensor = Tensor.from({
      datatype,
      shape: [3, 2],
      data: new (datatypes[datatype].array as BigInt64ArrayConstructor)(
        [...data].map((each) => (wide ? BigInt(each) : each)) as bigint[],
      ),
    });
    expect(parseNpy(encodeNpy(tensor))).toEqual(tensor);
  });

  test.each([[[]], [[1]], [[0, 3]], [[1, 1, 1, 1, 1, 1, 1, 1]]])('of shape %j', (shape) => {
    const count = shape.reduce((product, each) => product * each, 1);
    const tensor = Tensor.from({ data: new Int16Array(count).fill(7), shape });
    expect(parseNpy(encodeNpy(tensor))).toEqual(tensor);
  });

  test('begins its elements at a multiple of 64 bytes', () => {
    for (let rank = 0; rank <= 8; rank += 1) {
      const tensor = Tensor.from({
        data: Uint8Array.of(9),
        shape: Array(rank).fill(1) as number[],
      });
      expect(encodeNpy(tensor).length % 64).toBe(1);
    }
  });

  test.each([
    ['version 1.0', dict, [1, 0]],
    ['version 2.0', dict, [2, 0]],
    ['version 3.0', dict, [3, 0]],
    ['keys in another order', "{'shape': (2, 3), 'descr': '<f4', 'fortran_order': False}", [1, 0]],
    [
      'other quotes and spaces',
      '{ "descr" :"<f4","fortran_order":False,"shape":( 2,3 ,)}\n',
      [1, 0],
    ],
    ['long integers of Python 2', dict.replace('(2, 3)', '(2L, 3L)'), [1, 0]],
  ])('in %s', (_what, header, version) => {
    expect(parseNpy(npy(header, body, version))).toMatchObject({
      datatype: 'FP32',
      shape: [2, 3],
      data: twoByThree,
    });
  });

  test.each([
    ['>i2', bytesOf(1, 2, 255, 254), Int16Array.of(0x0102, -2)],
    ['>u4', bytesOf(0, 0, 0, 1, 255, 0, 0, 0), Uint32Array.of(1, 0xff000000)],
    [
      '>f8',
      bytesOf(0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0),
      Float64Array.of(1, -2),
    ],
    ['>u1', bytesOf(1, 2), Uint8Array.of(1, 2)],
    ['<i1', bytesOf(1, 255), Int8Array.of(1, -1)],
  ])('of %s', (descr, elements, data) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (2,)}`;
    expect(parseNpy(npy(header, elements)).data).toEqual(data);
  });

  test('in column-major order is made row-major', () => {
    const columnMajor = dict.replace('False', 'True');
    const tensor = parseNpy(
      npy(columnMajor, new Uint8Array(Float32Array.of(1, 4, 2, 5, 3, 6).buffer)),
    );
    expect(tensor.toNested()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test('at no alignment is read all the same', () => {
    const file = npy(dict, body);
    const moved = new Uint8Array(file.length + 1);
    moved.set(file, 1);
    expect(parseNpy(moved.subarray(1)).data).toEqual(twoByThree);
  });

  test('that ends too early is refused, wherever', () => {
    const file = encodeNpy(Tensor.from({ data: twoByThree, shape: [2, 3] }));
    for (let length = 0; length < file.length; length += 1)
      expect(() => parseNpy(file.subarray(0, length)), `${length} bytes`).toThrow(UsageError);
  });

  test.each([
    ['something else', bytesOf(1, 2, 3), 'do not begin'],
    ['a byte too many', npy(dict, bytesOf(...body, 0)), 'has 24 bytes, and the .npy file 25'],
    ['version 4.0', npy(dict, body, [4, 0]), 'version 4.0'],
    ['version 1.1', npy(dict, body, [1, 1]), 'version 1.1'],
    ['version 0.0', npy(dict, body, [0, 0]), 'version 0.0'],
    ['a header of 10 001 bytes', npy(dict.padEnd(10_001), body), 'of at most 10000'],
    ['half floats', npy(dict.replace('f4', 'f2'), body), '"<f2", which no tensor has'],
    ['complex numbers', npy(dict.replace('f4', 'c8'), body), '"<c8"'],
    ['texts', npy(dict.replace('<f4', '<U6'), body), '"<U6"'],
    ['pickled objects', npy(dict.replace('<f4', '|O'), body), '"|O"'],
    ['several bytes without an order', npy(dict.replace('<f4', '|f4'), body), '"|f4"'],
    ['the order of the machine that wrote it', npy(dict.replace('<f4', '=f4'), body), '"=f4"'],
    [
      'structured elements',
      npy(dict.replace("'<f4'", "[('a', '<f4')]"), body),
      'structured elements',
    ],
    ['no dict', npy('[1]', body), '{ belongs'],
    ['an empty header', npy('', body), 'is not the dict'],
    ['two dicts', npy(dict + dict, body), 'more after its dict'],
    ['a key too few', npy("{'descr': '<f4', 'shape': (2, 3)}", body), 'lacks one of'],
    [
      'a key too many',
      npy(dict.replace('{', "{'x': 1, "), body),
      'doubled key or one that is none',
    ],
    ['a doubled key', npy(dict.replace('{', "{'descr': '<f8', "), body), 'doubled key'],
    ['a key without quotes', npy(dict.replace("'shape'", 'shape'), body), 'is not the dict'],
    [
      'no comma',
      npy(dict.replace(', }', ' }').replace(", 'shape'", " 'shape'"), body),
      ', belongs',
    ],
    ['a number as order', npy(dict.replace('False', '0'), body), 'neither True nor False'],
    ['a number as descr', npy(dict.replace("'<f4'", '4'), body), 'a text in quotes belongs'],
    ['a number in brackets as shape', npy(dict.replace('(2, 3)', '(6)'), body), 'no tuple'],
    ['a text as dimension', npy(dict.replace('2, 3', "'2', 3"), body), 'no tuple'],
    ['a dimension below zero', npy(dict.replace('2, 3', '-2, -3'), body), 'is not the dict'],
    ['a sum as dimension', npy(dict.replace('2, 3', '1+1, 3'), body), 'is not the dict'],
    ['an escaped quote', npy(dict.replace('<f4', String.raw`\'`), body), 'is not the dict'],
    ['a byte beyond ASCII', npy(dict.replace('}', '\u00e9}'), body), 'is not the dict'],
  ])('with %s is refused', (_what, file, reason) => {
    expect(() => parseNpy(file)).toThrow(UsageError);
    expect(() => parseNpy(file)).toThrow(reason);
  });

  test.each([
    ['nine dimensions', "'<f4'", '(1, 1, 1, 1, 1, 1, 1, 1, 1)', body],
    ['dimensions of too large a product', "'<f4'", '(9007199254740991, 9007199254740991)', body],
    ['a boolean of 2', "'|b1'", '(1,)', bytesOf(2)],
  ])('with %s cannot be a tensor', (_what, descr, shape, elements) => {
    const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}}`;
    expect(() => parseNpy(npy(header, elements))).toThrow(ProtocolError);
    expect(() => parseNpy(npy(header, elements))).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    );
  });
});

describe('a changed .npy file', () => {
  test('is read or refused, and nothing else', () => {
    const file = npy(dict, body);
    let refused = 0;
    for (const changed of mutations(file, 5_000)) {
      try {
        parseNpy(changed);
      } catch (error) {
        refused += 1;
        expect(error instanceof UsageError || error instanceof ProtocolError, String(error)).toBe(
          true,
        );
      }
    }
    expect(refused).toBeGreaterThan(2_500);
  });
});

describe.runIf(pythonAvailable('numpy'))('NumPy', () => {
  const folder = temporaryFolder();

  test('writes nothing that is read otherwise', () => {
    interface Written {
      file: string;
      shape: number[];
      elements: (number | boolean | string)[];
    }
    const written = python(
      `
import json, numpy
from numpy.lib import format
written = []
kinds = ['f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1']
for kind in kinds:
    for order in '<>':
        for layout in 'CF':
            for shape in [(), (5,), (2, 3), (4, 3, 2), (2, 1, 3, 2), (0, 4)]:
                for version in [(1, 0), (2, 0), (3, 0)]:
                    count = int(numpy.prod(shape))
                    values = (numpy.arange(count) * 37 + 1).reshape(shape) % (2 if kind == 'b1' else 120)
                    if kind[0] == 'f': values = values / 7 - 3
                    if kind[0] == 'i': values = 50 - values
                    if kind == 'i8': values = values - 2**60
                    if kind == 'u8': values = values.astype('u8') + numpy.uint64(2**63)
                    array = numpy.asarray(values, dtype=numpy.dtype(order + kind), order=layout)
                    file = f'{len(written)}.npy'
                    with open(file, 'wb') as stream: format.write_array(stream, array, version)
                    flat = array.flatten('C').tolist()
                    written.append({'file': file, 'shape': list(shape), 'elements': [str(x) if kind[1] == '8' and kind[0] != 'f' else x for x in flat]})
print(json.dumps(written))`,
      folder.path,
    ) as Written[];
    expect(written).toHaveLength(11 * 2 * 2 * 6 * 3);
    for (const { file, shape, elements } of written) {
      const tensor = parseNpy(readFileSync(join(folder.path, file)));
      expect(tensor.shape).toEqual(shape);
      const read = Array.from(tensor.data as Iterable<number | bigint>, (each) =>
        typeof each === 'bigint' ? String(each) : tensor.datatype === 'BOOL' ? each === 1 : each,
      );
      expect(read).toEqual(elements);
    }
  });

  test('reads what is written', () => {
    const tensors = [
      Tensor.from({ data: Float32Array.of(1.5, -2.25, 3, 4, 5, 6), shape: [3, 2] }),
      Tensor.from({ data: BigInt64Array.of(-(2n ** 63n)), shape: [] }),
      Tensor.from({ data: Uint8Array.of(1, 0), shape: [2], datatype: 'BOOL' }),
      Tensor.from({ data: Uint16Array.of(), shape: [0, 4] }),
    ];
    for (const [index, tensor] of tensors.entries())
      folder.write(`written-${index}.npy`, encodeNpy(tensor));
    const read = python(
      `
import json, numpy
arrays = [numpy.load(f'written-{index}.npy') for index in range(4)]
print(json.dumps([[array.dtype.str, array.tolist() if index != 1 else str(array)] for index, array in enumerate(arrays)]))`,
      folder.path,
    );
    expect(read).toEqual([
      [
        '<f4',
        [
          [1.5, -2.25],
          [3, 4],
          [5, 6],
        ],
      ],
      ['<i8', '-9223372036854775808'],
      ['|b1', [true, false]],
      ['<u2', []],
    ]);
  });
});

import { Tensor } from '@blindai/client';
import { ProtocolError } from '@blindai/protocol';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/exit-codes.ts';
import { looksLikeJson, parseJsonInputs, parseJsonTensor } from '../../src/inputs/json.ts';
import { tensorToJson } from '../../src/print/tensors.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string): Tensor[] => parseJsonInputs(bytes(text));

describe('inputs as JSON', () => {
  test('tensors by name, bare arrays being FP32', () => {
    const [a, b, ...rest] = parse(
      '{"a": [[1, 2]], "b": {"datatype": "INT64", "data": [3], "shape": [1]}}',
    );
    expect(a).toMatchObject({
      name: 'a',
      datatype: 'FP32',
      shape: [1, 2],
      data: Float32Array.of(1, 2),
    });
    expect(b).toMatchObject({
      name: 'b',
      datatype: 'INT64',
      shape: [1],
      data: BigInt64Array.of(3n),
    });
    expect(rest).toEqual([]);
  });

  test('tensors in order', () => {
    expect(parse('[[1, 2], {"data": [[3]]}]')).toMatchObject([
      { name: '', datatype: 'FP32', shape: [2] },
      { name: '', datatype: 'FP32', shape: [1, 1] },
    ]);
  });

  test.each([
    ['[[1, 2]]', { shape: [1, 2], data: Float32Array.of(1, 2) }],
    ['{"datatype": "INT64", "data": 5}', { shape: [], data: BigInt64Array.of(5n) }],
    ['{"datatype": "BOOL", "data": [true, false]}', { shape: [2], data: Uint8Array.of(1, 0) }],
    ['{"data": [1, 2, 3, 4], "shape": [2, 2]}', { shape: [2, 2] }],
  ])('one tensor: %s', (text, tensor) => {
    expect(parseJsonTensor(bytes(text))).toMatchObject({ name: '', ...tensor });
  });

  test('what is printed is read again, to the last digit', () => {
    const tensors = [
      Tensor.from({ data: BigInt64Array.of(-(2n ** 63n), 7n), shape: [2, 1] }),
      Tensor.from({ data: BigUint64Array.of(2n ** 64n - 1n), shape: [1] }),
      Tensor.from({ data: Float32Array.of(NaN, Infinity, -Infinity, 0.1), shape: [4] }),
      Tensor.from({ data: Float64Array.of(1 / 3), shape: [] }),
      Tensor.from({ data: Uint8Array.of(1, 0), shape: [2], datatype: 'BOOL' }),
    ];
    for (const tensor of tensors) {
      const { name: _, ...printed } = tensorToJson(tensor) as Record<string, unknown>;
      expect(parseJsonTensor(bytes(JSON.stringify(printed)))).toEqual(tensor);
    }
  });

  test.each([
    ['{', 'not JSON'],
    ['\ud800', 'not JSON'],
    ['7', 'neither an object'],
    ['null', 'neither an object'],
    ['{"a": 7}', 'input "a" is neither'],
    ['{"a": {"shape": [1]}}', 'input "a" is neither'],
    ['[null]', 'input 0 is neither'],
    ['[{"data": [1], "dims": [1]}]', 'input 0 has the unknown member "dims"'],
    ['{"a": ["x"]}', 'input "a" has a text among its elements'],
    ['{"a": ["7"]}', 'has a text'],
    ['{"a": {"data": ["NaN"], "datatype": "INT64"}}', 'has a text'],
    ['{"a": [[[[[[[[[1]]]]]]]]]}', 'nested deeper than 8'],
    [`{"a": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested deeper than 8'],
  ])('refuses %.40s', (text, reason) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(reason);
  });

  test('refuses what is not UTF-8', () => {
    expect(() => parseJsonInputs(Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d))).toThrow(
      'not JSON in UTF-8',
    );
  });

  test.each([
    '{"a": [[1, 2], [3]]}',
    '{"a": {"data": [1], "datatype": "F32"}}',
    '{"a": {"data": [1], "shape": [2]}}',
    '{"a": {"data": [1], "shape": "1"}}',
    '{"a": {"data": {}, "shape": [1]}}',
    '{"a": {"data": [9007199254740993], "datatype": "INT64"}}',
    '{"a": {"data": ["9223372036854775808"], "datatype": "INT64"}}',
    '{"a": {"data": [256], "datatype": "UINT8"}}',
    '{"a": [null]}',
  ])('cannot make a tensor of %s', (text) => {
    expect(() => parse(text)).toThrow(ProtocolError);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });
});

test.each([
  ['{', true],
  [' \t\r\n[', true],
  ['', false],
  ['7', false],
  ['x[', false],
])('%j looks like JSON: %j', (text, looks) => {
  expect(looksLikeJson(bytes(text))).toBe(looks);
});

import { describe, expect, test } from 'vitest';
import {
  areAlike,
  declaresRows,
  joinInputs,
  rowsOf,
  splitOutputs,
} from '../../src/inference/rows.ts';
import type { NamedTensorBytes, TensorSpec } from '../../src/inference/signature.ts';

function bytes(name: string, shape: number[], ...values: number[]): NamedTensorBytes {
  return { name, datatype: 'UINT8', shape, bytes: Uint8Array.from(values) };
}

function spec(name: string, ...shape: TensorSpec['shape']): TensorSpec {
  return { name, datatype: 'FP32', shape };
}

test('rows are those on which all tensors agree', () => {
  expect(rowsOf([bytes('a', [2, 1], 1, 2), bytes('b', [2], 3, 4)])).toBe(2);
  expect(rowsOf([bytes('a', [2], 1, 2), bytes('b', [1], 3)])).toBeNull();
  expect(rowsOf([bytes('a', [], 1)])).toBeNull();
  expect(rowsOf([bytes('a', [0])])).toBeNull();
  expect(rowsOf([])).toBeNull();
});

describe('a model declares rows', () => {
  const outputs = [spec('y', 'n', 2)];

  test('if the first dimension of everything is free', () => {
    expect(declaresRows({ inputs: [spec('x', 'n', 2)], outputs })).toBe(true);
    expect(declaresRows({ inputs: [spec('x', null)], outputs: [spec('y', null)] })).toBe(true);
    expect(declaresRows({ inputs: [spec('a', 'n'), spec('b', 'n', 'm')], outputs })).toBe(true);
  });

  test('not if one is fixed, has another name, or is not there', () => {
    expect(declaresRows({ inputs: [spec('x', 1, 2)], outputs })).toBe(false);
    expect(declaresRows({ inputs: [spec('x', 'n')], outputs: [spec('y', 1)] })).toBe(false);
    expect(declaresRows({ inputs: [spec('a', 'n'), spec('b', 'm')], outputs })).toBe(false);
    expect(declaresRows({ inputs: [spec('a', null), spec('b', null)], outputs })).toBe(false);
    expect(declaresRows({ inputs: [spec('x')], outputs })).toBe(false);
    expect(declaresRows({ inputs: [], outputs })).toBe(false);
    expect(declaresRows({ inputs: [spec('x', 'n')], outputs: [] })).toBe(false);
  });
});

test('inputs are alike if they differ in their rows only', () => {
  const some = [bytes('a', [1, 2], 1, 2)];
  expect(areAlike(some, [bytes('a', [2, 2], 1, 2, 3, 4)])).toBe(true);
  expect(areAlike(some, [bytes('a', [1, 1], 1)])).toBe(false);
  expect(areAlike(some, [bytes('a', [1, 2, 1], 1, 2)])).toBe(false);
});

test('joined inputs are the rows of each, one after the other, without copies', () => {
  const first = [bytes('a', [1, 2], 1, 2), bytes('b', [1], 9)];
  const second = [bytes('a', [2, 2], 3, 4, 5, 6), bytes('b', [2], 8, 7)];
  const { tensors, payload } = joinInputs([first, second]);
  expect(tensors).toEqual([
    { name: 'a', datatype: 'UINT8', shape: [3, 2] },
    { name: 'b', datatype: 'UINT8', shape: [3] },
  ]);
  expect(payload).toEqual([first[0]!.bytes, second[0]!.bytes, first[1]!.bytes, second[1]!.bytes]);
  expect(payload[0]).toBe(first[0]!.bytes);
});

test('inputs of one run stay as they are, rows or none', () => {
  const only = [bytes('a', [], 1)];
  expect(joinInputs([only]).tensors[0]!.shape).toEqual([]);
});

describe('outputs', () => {
  test('are cut into copies of the rows of each', () => {
    const whole = bytes('y', [3, 2], 1, 2, 3, 4, 5, 6);
    const parts = splitOutputs([whole], [1, 2])!;
    expect(parts).toEqual([[bytes('y', [1, 2], 1, 2)], [bytes('y', [2, 2], 3, 4, 5, 6)]]);
    expect(parts[0]![0]!.bytes.buffer.byteLength).toBe(2);
  });

  test('of other rows than went in cannot be cut', () => {
    expect(splitOutputs([bytes('y', [2], 1, 2)], [1, 2])).toBeNull();
    expect(splitOutputs([bytes('y', [], 1)], [1])).toBeNull();
    expect(splitOutputs([bytes('y', [3], 1, 2, 3), bytes('z', [1], 1)], [1, 2])).toBeNull();
  });
});

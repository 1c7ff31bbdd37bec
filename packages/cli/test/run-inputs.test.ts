import { describe, expect, test } from 'vitest';
import { parseInputs } from '../src/commands/run.ts';
import { UsageError } from '../src/exit-codes.ts';

const parse = (text: string) => parseInputs(new TextEncoder().encode(text));

describe('inputs as JSON', () => {
  test('tensors by name, bare arrays being FP32', () => {
    expect(parse('{"a": [[1, 2]], "b": {"datatype": "INT64", "data": [3], "shape": [1]}}')).toEqual(
      {
        a: { data: [[1, 2]], datatype: 'FP32' },
        b: { data: [3], datatype: 'INT64', shape: [1] },
      },
    );
  });

  test('tensors in order', () => {
    expect(parse('[[1, 2]]')).toEqual([{ data: [1, 2], datatype: 'FP32' }]);
  });

  test.each([
    ['not JSON', '{'],
    ['not JSON', '\ud800'],
    ['neither an object', '7'],
    ['neither an object', 'null'],
    ['input "a" is neither', '{"a": 7}'],
    ['input "a" is neither', '{"a": {"shape": [1]}}'],
    ['input 0 has the unknown member "dims"', '[{"data": [1], "dims": [1]}]'],
  ])('refuses what is %s', (reason, text) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(reason);
  });
});

import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { parseInputArgument } from '../../src/inputs/input-argument.ts';

describe('--input', () => {
  test.each([
    ['a.npy', { file: 'a.npy' }],
    ['x=a.npy', { name: 'x', file: 'a.npy' }],
    ['x:0=a.npy', { name: 'x:0', file: 'a.npy' }],
    ['/in/x=../a=b.npy', { name: '/in/x', file: '../a=b.npy' }],
    ['=a=b.npy', { file: 'a=b.npy' }],
    [
      'x=a.raw:FP32:1,3,224,224',
      { name: 'x', file: 'a.raw', datatype: 'FP32', shape: [1, 3, 224, 224] },
    ],
    ['a.raw:INT64:', { file: 'a.raw', datatype: 'INT64', shape: [] }],
    ['a.raw:BOOL:2', { file: 'a.raw', datatype: 'BOOL', shape: [2] }],
    ['a.png:UINT8', { file: 'a.png', datatype: 'UINT8' }],
    [String.raw`C:\a.raw:FP64:0`, { file: String.raw`C:\a.raw`, datatype: 'FP64', shape: [0] }],
    ['a:float32:1', { file: 'a:float32:1' }],
    ['a:FP32:x', { file: 'a:FP32:x' }],
  ])('%s', (text, parsed) => {
    expect(parseInputArgument(text)).toEqual({ name: '', datatype: null, shape: null, ...parsed });
  });

  test.each(['', '=', 'x='])('%j has no file', (text) => {
    expect(() => parseInputArgument(text)).toThrow(InvalidArgumentError);
    expect(() => parseInputArgument(text)).toThrow('expected FILE');
  });

  test.each([',', '1,', ',1', '1,,2', '1234567890123456'])('%j is no shape', (shape) => {
    expect(() => parseInputArgument(`a.raw:FP32:${shape}`)).toThrow(InvalidArgumentError);
    expect(() => parseInputArgument(`a.raw:FP32:${shape}`)).toThrow('expected a shape');
  });
});

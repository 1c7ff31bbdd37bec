import { describe, expect, it } from 'vitest';
import { datatypes, type Datatype } from '../src/datatypes.ts';
import { isTensorInput, type TensorInput } from '../src/tensor-input.ts';
import { Tensor } from '../src/tensor.ts';
import { expectRefusal } from './refusal.ts';

/** As onnxruntime's tensors are: accessors of a class, no members of their own. */
class RuntimeTensor {
  get type(): string {
    return 'int64';
  }
  get data(): BigInt64Array {
    return BigInt64Array.of(1n, 2n);
  }
  get dims(): number[] {
    return [2, 1];
  }
}

function roundTrip(datatype: Datatype, data: readonly (number | bigint)[]): unknown {
  return Tensor.from({ data, datatype }).toNested();
}

function refuse(input: unknown, message: string): void {
  expectRefusal(() => Tensor.from(input as TensorInput), 'bad-input', message);
}

describe('a tensor is made of', () => {
  it('a typed array, with one dimension and the datatype of its class', () => {
    for (const [datatype, { array }] of Object.entries(datatypes)) {
      if (datatype === 'BOOL') continue;
      const tensor = Tensor.from(new array(3), 'x');
      expect(tensor).toMatchObject({ name: 'x', datatype, shape: [3] });
    }
  });

  it('a typed array with its shape', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const tensor = Tensor.from({ data, shape: [2, 3] });
    expect(tensor).toMatchObject({ name: '', datatype: 'FP32', shape: [2, 3] });
    expect(tensor.data).toBe(data);
    expect(tensor.toNested()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('bytes that are said to be booleans', () => {
    const tensor = Tensor.from({ data: Uint8Array.of(1, 0), shape: [2], datatype: 'BOOL' });
    expect(tensor.toNested()).toEqual([true, false]);
  });

  it('nested arrays with their datatype', () => {
    const nested = [
      [[1], [2]],
      [[3], [4]],
    ];
    const tensor = Tensor.from({ data: nested, datatype: 'INT16' });
    expect(tensor.shape).toEqual([2, 2, 1]);
    expect(tensor.data).toEqual(Int16Array.of(1, 2, 3, 4));
    expect(tensor.toNested()).toEqual(nested);
    expect(Tensor.from({ values: nested, datatype: 'INT16' })).toEqual(tensor);
  });

  it('a flat list with its datatype and shape', () => {
    const tensor = Tensor.from({ data: [1, 2, 3, 4], datatype: 'FP64', shape: [2, 2] });
    expect(tensor.toNested()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('a scalar, or nothing', () => {
    expect(Tensor.from({ data: 7, datatype: 'UINT8' })).toMatchObject({ shape: [] });
    expect(Tensor.from({ data: 7, datatype: 'UINT8' }).toNested()).toBe(7);
    expect(Tensor.from({ data: [[], []], datatype: 'UINT8' }).shape).toEqual([2, 0]);
    expect(Tensor.from({ data: [[], []], datatype: 'UINT8' }).toNested()).toEqual([[], []]);
  });

  it("the tensors of onnxruntime, and a datatype's every name there", () => {
    expect(Tensor.from(new RuntimeTensor())).toMatchObject({ datatype: 'INT64', shape: [2, 1] });
    const plain = { type: 'bool', data: Uint8Array.of(1), dims: [1] };
    expect(Tensor.from(plain).toNested()).toEqual([true]);
  });

  it('another tensor, renamed or not', () => {
    const tensor = Tensor.from(Int8Array.of(1), 'a');
    expect(Tensor.from(tensor).name).toBe('a');
    expect(Tensor.from(tensor, 'b')).toMatchObject({ name: 'b', data: tensor.data });
  });

  it('integers at the ends of their range, of 64 bits as numbers or bigints', () => {
    expect(roundTrip('INT8', [-128, 127n])).toEqual([-128, 127]);
    expect(roundTrip('UINT32', [0, 4_294_967_295])).toEqual([0, 4_294_967_295]);
    expect(roundTrip('INT64', [-(2n ** 63n), 2n ** 63n - 1n, 5])).toEqual([
      -(2n ** 63n),
      2n ** 63n - 1n,
      5n,
    ]);
    expect(roundTrip('UINT64', [2n ** 64n - 1n])).toEqual([2n ** 64n - 1n]);
    expect(Tensor.from({ data: [true, 0], datatype: 'BOOL' }).toNested()).toEqual([true, false]);
  });
});

describe('a tensor is refused for', () => {
  it('input of no known form', () => {
    for (const input of [1, null, 'text', [1, 2], {}, { data: [1] }, { shape: [1] }]) {
      refuse(input, 'an input must be a typed array');
    }
  });

  it('a class without a datatype', () => {
    refuse(new Uint8ClampedArray(1), 'typed array of numbers of a known datatype');
    refuse(new DataView(new ArrayBuffer(4)), 'typed array of numbers of a known datatype');
  });

  it('an unknown datatype', () => {
    refuse({ data: [1], datatype: 'F32' }, 'a datatype must be one of FP32');
    refuse({ data: [1], datatype: 'toString' }, 'a datatype must be one of FP32');
    refuse({ data: Int8Array.of(1), type: 'string', dims: [1] }, 'a datatype must be one of');
  });

  it('data that is not of its datatype', () => {
    refuse({ data: new Float64Array(1), shape: [1], datatype: 'FP32' }, 'must be a Float32Array');
    refuse({ data: [1], dims: [1], type: 'float32' }, 'must be a Float32Array');
  });

  it('another number of elements than its shape has', () => {
    refuse({ data: new Int8Array(3), shape: [2, 2] }, 'shape [2, 2] has 4 elements, not 3');
    refuse({ data: [1, 2], shape: [3], datatype: 'INT8' }, 'shape [3] has 3 elements, not 2');
  });

  it('a shape that is none', () => {
    refuse({ data: new Int8Array(1), shape: 1, datatype: 'INT8' }, 'an array of natural numbers');
    refuse({ data: new Int8Array(1), shape: [-1] }, 'a natural number');
    refuse({ data: new Int8Array(1), shape: [0.5], datatype: 'INT8' }, 'a natural number');
    refuse({ data: new Int8Array(1), shape: [2 ** 27, 2 ** 26] }, 'fewer elements');
    refuse({ data: new Int8Array(1), shape: Array(9).fill(1) }, 'at most 8 dimensions, not 9');
  });

  it('ragged, too deep or contradictory nesting', () => {
    refuse({ data: [[1], [2, 3]], datatype: 'FP32' }, 'the same length at each depth');
    refuse({ data: [[1], 2], datatype: 'FP32' }, 'the same length at each depth');
    refuse({ data: [1, [2]], datatype: 'FP32' }, 'elements must be numbers');
    refuse({ data: [[[[[[[[[1]]]]]]]]], datatype: 'FP32' }, 'at most 8 dimensions');
    refuse({ data: [[1, 2]], shape: [2, 1], datatype: 'FP32' }, 'must not state another');
    refuse({ data: [Array(2 ** 20), 1], datatype: 'FP32' }, 'elements must be numbers');
  });

  it('nested arrays without a datatype', () => {
    refuse({ data: [[1]], shape: [1, 1] }, 'nested arrays need a datatype');
  });

  it.each([
    ['INT8', 128],
    ['INT8', -129],
    ['UINT8', -1],
    ['INT32', 1.5],
    ['INT64', 2n ** 63n],
    ['INT64', 2 ** 53],
    ['UINT64', -1n],
    ['BOOL', 2],
    ['INT16', Number.NaN],
    ['INT16', '1'],
    ['INT16', true],
    ['INT16', null],
  ])('an element that %s does not hold: %s', (datatype, element) => {
    refuse({ data: [element], datatype }, `${datatype} elements must be integers from`);
  });

  it('an element that is no number', () => {
    refuse({ data: ['1'], datatype: 'FP32' }, 'FP32 elements must be numbers');
    refuse({ data: [1n], datatype: 'FP64' }, 'FP64 elements must be numbers');
  });

  it('booleans other than 0 and 1', () => {
    refuse({ data: Uint8Array.of(2), shape: [1], datatype: 'BOOL' }, '0 and 1 only');
  });
});

describe('a tensor as it travels', () => {
  it('comes back as it was, at any alignment', () => {
    for (const datatype of Object.keys(datatypes) as Datatype[]) {
      const tensor = Tensor.from({ data: [[1, 0, 1]], datatype }, 'x');
      const { bytes, ...rest } = tensor.toBytes();
      expect(bytes.length).toBe(3 * datatypes[datatype].bytes);
      for (const offset of [0, 1]) {
        const message = Buffer.alloc(bytes.length + offset);
        message.set(bytes, offset);
        const back = Tensor.fromBytes({ ...rest, bytes: message.subarray(offset) });
        expect(back).toEqual(tensor);
      }
    }
  });

  it('is little-endian', () => {
    expect([...Tensor.from(Int32Array.of(1)).toBytes().bytes]).toEqual([1, 0, 0, 0]);
  });

  it('has no name where there is none', () => {
    expect(Tensor.from(Int8Array.of(1)).toBytes().name).toBeNull();
    const bytes = Uint8Array.of(1);
    expect(Tensor.fromBytes({ name: null, datatype: 'INT8', shape: [1], bytes }).name).toBe('');
  });

  it('is refused when bytes and shape disagree', () => {
    expectRefusal(
      () =>
        Tensor.fromBytes({ name: null, datatype: 'INT32', shape: [2], bytes: new Uint8Array(7) }),
      'bad-input',
      'a INT32 tensor of shape [2] has 8 bytes, not 7',
    );
    expectRefusal(
      () => Tensor.fromBytes({ name: null, datatype: 'BOOL', shape: [1], bytes: Uint8Array.of(2) }),
      'bad-input',
      '0 and 1 only',
    );
  });
});

describe('isTensorInput', () => {
  it('tells an input from a record of inputs', () => {
    const data = new Float32Array(1);
    expect(isTensorInput(data)).toBe(true);
    expect(isTensorInput({ data, shape: [1] })).toBe(true);
    expect(isTensorInput({ values: [1], datatype: 'FP32' })).toBe(true);
    expect(isTensorInput(Tensor.from(data))).toBe(true);
    expect(isTensorInput(new RuntimeTensor())).toBe(true);
    expect(isTensorInput({ data, shape: data })).toBe(false);
    expect(isTensorInput({ image: data })).toBe(false);
    expect(isTensorInput([data])).toBe(false);
  });
});

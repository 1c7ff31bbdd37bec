import { describe, expect, it } from 'vitest';
import {
  decodeModelMetadata,
  encodeModelMetadata,
  type ModelMetadata,
} from '../../src/open-inference/model-metadata.ts';
import { expectRefusal } from '../refusal.ts';

const metadata: ModelMetadata = {
  askedFor: '2b8b6f5e-0000-4000-8000-000000000000',
  name: 'chest "x-ray"',
  hash: '0f'.repeat(32),
  state: 'quarantined',
  reason: 'the model is quarantined after 3 crashes in a row',
  inputs: [
    { name: 'image', datatype: 'FP32', shape: [-1, 3, 224, 224] },
    { name: 'age', datatype: 'INT64', shape: [] },
  ],
  outputs: [{ name: 'p', datatype: 'BOOL', shape: [0] }],
};
const written = JSON.parse(new TextDecoder().decode(encodeModelMetadata(metadata))) as object;
const decode = (json: unknown): ModelMetadata =>
  decodeModelMetadata(
    new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json)),
  );
/** With one input, which is changed. */
const withInput = (change: object): object => ({
  ...written,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1], ...change }],
});
const withParameters = (change: object): object => ({
  ...written,
  parameters: { name: 'm', hash: '0f'.repeat(32), state: 'READY', reason: '', ...change },
});

describe("a model's metadata", () => {
  it('is written as the Open Inference Protocol has it', () => {
    expect(written).toEqual({
      name: metadata.askedFor,
      platform: 'onnxruntime_onnx',
      inputs: metadata.inputs,
      outputs: metadata.outputs,
      parameters: {
        name: metadata.name,
        hash: metadata.hash,
        state: 'UNAVAILABLE',
        reason: metadata.reason,
      },
    });
  });

  it.each(['ready', 'loading', 'quarantined'] as const)('comes back as it was, %s', (state) => {
    expect(decode(new TextDecoder().decode(encodeModelMetadata({ ...metadata, state })))).toEqual({
      ...metadata,
      state,
    });
  });

  it('says no more of a tensor than it should', () => {
    const input = { name: 'x', datatype: 'FP32', shape: [1], content: 'secret' } as const;
    const bytes = encodeModelMetadata({ ...metadata, inputs: [input] });
    expect(new TextDecoder().decode(bytes)).not.toContain('secret');
  });

  it.each(Object.keys(written))('is refused without %s', (key) => {
    expectRefusal(
      () => decode({ ...written, [key]: undefined }),
      'malformed',
      `must hold "${key}"`,
    );
  });

  it.each([
    ['no JSON', '{', 'well-formed'],
    ['a doubled key', JSON.stringify(written).replace('{', '{"name":"m",'), 'well-formed'],
    ['a list', [], 'must be an object'],
    ['another member', { ...written, versions: ['1'] }, 'unknown key'],
    ['another platform', { ...written, platform: 'pytorch' }, 'one of onnxruntime_onnx'],
    ['a name that is too long', { ...written, name: 'é'.repeat(257) }, 'at most 512 bytes'],
    ['inputs that are no list', { ...written, inputs: {} }, 'must be a list'],
    ['too many inputs', { ...written, inputs: Array(257).fill(0) }, 'at most 256 elements'],
    ['an input that is no object', { ...written, inputs: [7] }, 'must be an object'],
    ['an input with another member', withInput({ data: [] }), 'unknown key'],
    ['an unknown datatype', withInput({ datatype: 'FP31' }), '"datatype" of'],
    ['a datatype of the prototype', withInput({ datatype: 'toString' }), '"datatype" of'],
    ['a shape that is no list', withInput({ shape: 1 }), 'a shape must be a list'],
    ['a rank that is too high', withInput({ shape: Array(9).fill(1) }), 'at most 8 elements'],
    ['a dimension below -1', withInput({ shape: [-2] }), 'a dimension must'],
    ['a dimension in fractions', withInput({ shape: [1.5] }), 'a dimension must'],
    ['a dimension as text', withInput({ shape: ['1'] }), 'a dimension must'],
    ['parameters that are none', { ...written, parameters: 7 }, 'parameters must be an object'],
    ['another parameter', withParameters({ id: 'x' }), 'unknown key'],
    ['an unknown state', withParameters({ state: 'UNKNOWN' }), '"state" of'],
    ['no hash', withParameters({ hash: 'AB'.repeat(32) }), '64 hex digits'],
    ['a reason that is too long', withParameters({ reason: 'x'.repeat(4097) }), '4096 bytes'],
  ])('is refused with %s', (_, json, message) => {
    expectRefusal(() => decode(json), 'malformed', message);
  });
});

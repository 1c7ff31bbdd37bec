import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { decodeRun, decodeRunReply, encodeRun, encodeRunReply } from '../../src/blindai/run.ts';
import { datatypes } from '../../src/datatypes.ts';
import type { TensorBytes } from '../../src/tensor-bytes.ts';
import { expectRefusal } from '../refusal.ts';

const inputs: readonly TensorBytes[] = [
  { name: 'x', datatype: 'FP32', shape: [1, 2], bytes: new Uint8Array(8).fill(1) },
  { name: null, datatype: 'BOOL', shape: [], bytes: Uint8Array.of(1) },
];
const tensor = {
  info: { fact: [2], datum_type: 'U8', node_name: 'x' },
  bytes_data: Uint8Array.of(1, 2),
};
const hash = 'ab'.repeat(32);

/** A run of one tensor, of which some members are replaced. */
function runWith(values: Record<string, unknown>, info: Record<string, unknown> = {}): Uint8Array {
  const changed = { ...tensor, info: { ...tensor.info, ...info } };
  return encode({ model_id: 'id', model_hash: '', inputs: [changed], ...values });
}

describe('a run', () => {
  it('comes back as it was', () => {
    for (const target of [
      { modelId: 'id', modelHash: null },
      { modelId: null, modelHash: hash },
    ]) {
      const request = { ...target, inputs };
      expect(decodeRun(Buffer.concat(encodeRun(request)))).toEqual(request);
    }
  });

  it('knows the datum types by number and by name', () => {
    const datumTypes = Object.entries({
      F32: 'FP32',
      F64: 'FP64',
      I32: 'INT32',
      I64: 'INT64',
      U32: 'UINT32',
      U64: 'UINT64',
      U8: 'UINT8',
      U16: 'UINT16',
      I8: 'INT8',
      I16: 'INT16',
      Bool: 'BOOL',
    } as const);
    for (const [number, [name, datatype]] of datumTypes.entries()) {
      const bytes = new Uint8Array(datatypes[datatype].bytes);
      for (const datumType of [number, name]) {
        const run = encode({
          model_id: 'id',
          inputs: [{ info: { fact: [1], datum_type: datumType }, bytes_data: bytes }],
        });
        expect(decodeRun(run).inputs).toEqual([{ name: null, datatype, shape: [1], bytes }]);
      }
      const reply = Buffer.concat(
        encodeRunReply([{ name: null, datatype, shape: [1], bytes }]),
      ).toString('latin1');
      expect(reply).toContain(`datum_type${String.fromCharCode(0x60 + name.length)}${name}`);
    }
  });

  it('is decoded without copying', () => {
    const bytes = runWith({});
    expect(decodeRun(bytes).inputs.at(0)!.bytes.buffer).toBe(bytes.buffer);
  });

  it('takes a hash in either case', () => {
    const run = encode({ model_id: '', model_hash: hash.toUpperCase(), inputs: [] });
    expect(decodeRun(run)).toEqual({ modelId: null, modelHash: hash, inputs: [] });
  });

  it('drops client_info', () => {
    expect(decodeRun(runWith({ client_info: { uid: 'x', any: [1.5] } }))).toEqual(
      decodeRun(runWith({})),
    );
  });

  it('must name its model once', () => {
    const message = 'exactly one of model_id and model_hash';
    expectRefusal(() => decodeRun(runWith({ model_id: '' })), 'malformed', message);
    expectRefusal(() => decodeRun(runWith({ model_hash: hash })), 'malformed', message);
  });

  it('must have a hash of 64 hex digits', () => {
    for (const modelHash of ['zz', hash.slice(2), `${hash}00`]) {
      const run = runWith({ model_id: '', model_hash: modelHash });
      expectRefusal(() => decodeRun(run), 'bad-input', 'model_hash must be 64 hex digits');
    }
  });

  it.each([
    [{ model_id: 1 }, {}, 'model_id must be of the kind text'],
    [{ inputs: {} }, {}, 'inputs must be of the kind array'],
    [{ inputs: [1] }, {}, 'a tensor must be of the kind map'],
    [{ inputs: [{ info: {} }] }, {}, 'info must hold "fact"'],
    [{ inputs: [{ info: tensor.info }] }, {}, 'a tensor must hold "bytes_data"'],
    [{ extra: 1 }, {}, 'a run must not hold an unknown key'],
    [{}, { extra: 1 }, 'info must not hold an unknown key'],
    [{}, { fact: 'x' }, 'fact must be of the kind array'],
    [{}, { fact: [-1] }, 'a dimension must be of the kind unsigned integer'],
    [{}, { fact: [1.5] }, 'a dimension must be of the kind unsigned integer'],
    [{}, { node_name: 1 }, 'node_name must be of the kind text'],
    [{}, { datum_type: null }, 'datum_type must be of the kind unsigned integer'],
  ])('is malformed with %j and info %j', (values, info, message) => {
    expectRefusal(() => decodeRun(runWith(values, info)), 'malformed', message);
  });

  it.each([
    [{ fact: [3] }, 'has 3 bytes, not 2'],
    [{ fact: [] }, 'has 1 bytes, not 2'],
    [{ fact: [2 ** 32, 2 ** 32] }, 'fewer elements'],
    [{ fact: [2 ** 52, 2 ** 52, 2] }, 'fewer elements'],
    [{ fact: Array(9).fill(1) }, 'at most 8 dimensions, not 9'],
    [{ datum_type: 11 }, 'datum_type must be a known one'],
    [{ datum_type: 'F16' }, 'datum_type must be a known one'],
    [{ datum_type: 'Bool' }, '0 and 1 only'],
  ])('has bad input with %j', (info, message) => {
    expectRefusal(() => decodeRun(runWith({}, info)), 'bad-input', message);
  });

  it('has a bounded number of tensors, and bounded names', () => {
    const many = Array.from({ length: 257 }, () => tensor);
    expectRefusal(() => decodeRun(runWith({ inputs: many })), 'too-large', 'at most 256 tensors');
    expect(decodeRun(runWith({ inputs: many.slice(1) })).inputs).toHaveLength(256);
    const long = 'x'.repeat(513);
    expectRefusal(() => decodeRun(runWith({ model_id: long })), 'too-large', 'at most 512 bytes');
    expectRefusal(
      () => decodeRun(runWith({}, { node_name: long })),
      'too-large',
      'node_name must have at most 512 bytes',
    );
  });
});

describe('a run reply', () => {
  it('comes back as it was, with its payloads not copied', () => {
    const parts = encodeRunReply(inputs);
    expect(decodeRunReply(Buffer.concat(parts))).toEqual(inputs);
    const large = new Uint8Array(1000);
    const [, payload] = encodeRunReply([{ ...inputs.at(0)!, shape: [250], bytes: large }]);
    expect(payload).toBe(large);
  });

  it('must hold outputs and nothing else', () => {
    expectRefusal(() => decodeRunReply(encode({})), 'malformed', 'must hold "outputs"');
    expectRefusal(() => decodeRunReply(encode({ output: [] })), 'malformed', 'an unknown key');
    expectRefusal(() => decodeRunReply(encode(null)), 'malformed', 'of the kind map');
  });
});

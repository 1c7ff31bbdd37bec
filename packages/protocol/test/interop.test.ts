import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeDelete, decodeDeleteReply } from '../src/blindai/delete.ts';
import { decodeByteString } from '../src/blindai/evidence.ts';
import { decodeRun, decodeRunReply } from '../src/blindai/run.ts';
import { UploadDecoder } from '../src/blindai/upload-decoder.ts';
import { decodeUploadReply, type UploadRequest } from '../src/blindai/upload.ts';
import { Tensor } from '../src/tensor.ts';
import { expectRefusal } from './refusal.ts';

const folder = new URL('../../../../shared/interop/blindai-client/', import.meta.url);
const models = new URL('../../../../shared/models/', import.meta.url);
const recorded = existsSync(folder);

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));

function decodeUpload(body: Uint8Array): { request: UploadRequest; model: Uint8Array } {
  const model: number[] = [];
  const decoder = new UploadDecoder({
    maxModelBytes: 100_000,
    onModelBytes: (bytes) => model.push(...bytes),
  });
  decoder.push(body);
  return { request: decoder.end(), model: Uint8Array.from(model) };
}

describe('what the original BlindAI sent', () => {
  beforeEach(({ skip }) => {
    skip(!recorded, 'no recordings of the original BlindAI beside this checkout');
  });

  it('is a certificate', () => {
    expect(decodeByteString(read('01-connect.response.bin'))).toHaveLength(345);
  });

  it('is an upload', () => {
    const { request, model } = decodeUpload(read('03-upload.request.cbor'));
    expect(request).toEqual({
      length: 26_454,
      modelName: 'mnist-8.onnx',
      optimize: true,
      sha256: null,
      batchAcrossCallers: false,
      runner: 'shared',
    });
    expect(Buffer.from(model)).toEqual(readFileSync(new URL('mnist-8.onnx', models)));
    const reply = decodeUploadReply(read('03-upload.response.bin'));
    expect(reply.modelId).toBe('5f2270f0-2fbf-4f5f-9e5c-209692848e3c');
    expect(Buffer.from(reply.hash)).toEqual(createHash('sha256').update(model).digest());
  });

  it.each([
    ['04-run-by-id-numpy', null],
    ['05-run-by-hash', null],
    ['06-run-flat-list', null],
    ['07-run-named-dict', 'Input3'],
  ])('is the run %s', (step, name) => {
    const run = decodeRun(read(`${step}.request.cbor`));
    const byHash = step === '05-run-by-hash';
    expect(run.modelId).toBe(byHash ? null : '5f2270f0-2fbf-4f5f-9e5c-209692848e3c');
    expect(run.modelHash?.slice(0, 8)).toBe(byHash ? '2f06e72d' : undefined);
    expect(run.inputs).toMatchObject([{ name, datatype: 'FP32', shape: [1, 1, 28, 28] }]);
    expect(run.inputs.at(0)!.bytes).toHaveLength(3136);
    const outputs = decodeRunReply(read(`${step}.response.bin`));
    expect(outputs).toMatchObject([{ name: 'Plus214_Output_0', datatype: 'FP32', shape: [1, 10] }]);
    expect(Tensor.fromBytes(outputs.at(0)!).data[0]).toBeCloseTo(-0.2286, 4);
  });

  it('is runs that fail later, or here', () => {
    expect(decodeRun(read('08-run-wrong-shape.request.cbor')).inputs.at(0)!.shape).toEqual([1, 2]);
    expect(decodeRun(read('09-run-unknown-id.request.cbor')).modelId).toMatch(/^0{8}/);
    const badHash = read('10-run-bad-hash.request.cbor');
    expectRefusal(() => decodeRun(badHash), 'bad-input', 'model_hash must be 64 hex digits');
  });

  it('is a deletion', () => {
    expect(decodeDelete(read('11-delete.request.cbor'))).toEqual({
      modelId: '5f2270f0-2fbf-4f5f-9e5c-209692848e3c',
    });
    expect(() => decodeDeleteReply(read('11-delete.response.bin'))).not.toThrow();
  });

  it('is refused when truncated at any byte', () => {
    const decoders: [string, (bytes: Uint8Array) => unknown][] = [
      ['04-run-by-id-numpy.request.cbor', decodeRun],
      ['04-run-by-id-numpy.response.bin', decodeRunReply],
      ['03-upload.response.bin', decodeUploadReply],
      ['11-delete.request.cbor', decodeDelete],
      ['01-connect.response.bin', decodeByteString],
    ];
    for (const [name, decode] of decoders) {
      const bytes = read(name);
      for (let length = 0; length < bytes.length; length += 1) {
        expectRefusal(() => decode(bytes.subarray(0, length)), 'malformed', 'end early');
      }
    }
    const upload = read('03-upload.request.cbor');
    const decoder = new UploadDecoder({ maxModelBytes: 100_000, onModelBytes: () => {} });
    for (const byte of upload.subarray(0, -1)) {
      expectRefusal(() => decoder.end(), 'malformed', 'end early');
      decoder.push(Uint8Array.of(byte));
    }
    expectRefusal(() => decoder.end(), 'malformed', 'end early');
  });
});

import { encode } from 'cborg';
import { describe, expect, it } from 'vitest';
import { UploadDecoder } from '../../src/blindai/upload-decoder.ts';
import {
  encodeUpload,
  encodeUploadChunkHead,
  encodeUploadHead,
  encodeUploadTail,
  type UploadRequest,
} from '../../src/blindai/upload.ts';
import { hex } from '../hex.ts';
import { expectRefusal } from '../refusal.ts';

const model = Uint8Array.from({ length: 700 }, (_, at) => at % 256);
const request: UploadRequest = {
  length: model.length,
  modelName: 'mnist',
  optimize: true,
  sha256: new Uint8Array(32).fill(9),
  batchAcrossCallers: true,
  runner: 'per-caller',
};

/** Decodes an upload that arrives in chunks of `size` bytes. */
function decodeUpload(
  body: Uint8Array,
  { size = body.length, maxModelBytes = 1000 } = {},
): { request: UploadRequest; model: Uint8Array } {
  const received: number[] = [];
  const decoder = new UploadDecoder({
    maxModelBytes,
    onModelBytes: (bytes) => received.push(...bytes),
  });
  for (let at = 0; at < body.length; at += size) decoder.push(body.subarray(at, at + size));
  return { request: decoder.end(), model: Uint8Array.from(received) };
}

/** An upload with the required keys, of which some are replaced, and others added. */
function uploadWith(values: Record<string, unknown>): Uint8Array {
  return encode({ model, length: 700, model_name: 'm', optimize: false, ...values });
}

/** An upload whose model is written as it is given. */
function uploadOf(encodedModel: Uint8Array, length: number): Uint8Array {
  const rest = encode({ length, model_name: 'm', optimize: false });
  return Buffer.concat([hex('a4 65'), Buffer.from('model'), encodedModel, rest.subarray(1)]);
}

/** The start of an upload, up to and with what is given of its model. */
function startUpload(start: string): void {
  const decoder = new UploadDecoder({ maxModelBytes: 699, onModelBytes: () => {} });
  decoder.push(uploadOf(hex(start), 0).subarray(0, 7 + hex(start).length));
}

describe('what an upload may look like', () => {
  const { head, tail } = encodeUpload(request);
  const body = Buffer.concat([head, model, tail]);

  it('is our own, in chunks of any size', () => {
    for (const size of [1, 2, 3, 7, 100, body.length]) {
      expect(decodeUpload(body, { size })).toEqual({ request, model });
    }
  });

  it('is our own with a model of unknown length', () => {
    const chunks = [model.subarray(0, 1), model.subarray(1, 300), model.subarray(300)];
    const parts = chunks.flatMap((chunk) => [encodeUploadChunkHead(chunk.length), chunk]);
    const chunked = Buffer.concat([
      encodeUploadHead(null),
      ...parts,
      encodeUploadTail(request, true),
    ]);
    for (const size of [1, 5, chunked.length]) {
      expect(decodeUpload(chunked, { size })).toEqual({ request, model });
    }
  });

  it("is BlindAI's, with an array of integers, of definite or indefinite length", () => {
    const integers = encode([...model]);
    const indefinite = Buffer.concat([hex('9f'), integers.subarray(3), hex('ff')]);
    for (const written of [integers, indefinite]) {
      for (const size of [1, 2, 5, 2000]) {
        const decoded = decodeUpload(uploadOf(written, 700), { size });
        expect(decoded.model).toEqual(model);
        expect(decoded.request).toEqual({
          length: 700,
          modelName: 'm',
          optimize: false,
          sha256: null,
          batchAcrossCallers: false,
          runner: 'shared',
        });
      }
    }
  });

  it('has its keys in any order', () => {
    const fields = Object.entries({ optimize: true, model, model_name: 'm', length: 700 });
    for (let turn = 0; turn < fields.length; turn += 1) {
      fields.push(fields.shift()!);
      const parts = fields.map(([key, value]) => [encode(key), encode(value)]).flat();
      expect(decodeUpload(Buffer.concat([hex('a4'), ...parts])).model).toEqual(model);
    }
  });

  it('may hold any client_info, which is dropped', () => {
    for (const info of [{ uid: 'x', is_colab: false }, null, 1.5, [[], { 1: 2 }], 'text']) {
      expect(decodeUpload(uploadWith({ client_info: info })).model).toEqual(model);
    }
  });

  it('may hold an empty model: whether one can load is for others to say', () => {
    expect(decodeUpload(uploadOf(hex('40'), 0)).model).toEqual(new Uint8Array());
    expect(decodeUpload(uploadOf(hex('80'), 0)).model).toEqual(new Uint8Array());
    expect(decodeUpload(uploadOf(hex('5fff'), 0)).model).toEqual(new Uint8Array());
  });

  it('hands on a large model piece by piece, in constant memory', () => {
    const pieces: number[] = [];
    const decoder = new UploadDecoder({
      maxModelBytes: 2 ** 30,
      onModelBytes: (bytes) => pieces.push(bytes.length),
    });
    const million = 1_000_000;
    decoder.push(uploadOf(hex('9a000f4240'), million).subarray(0, 12));
    const integers = new Uint8Array(100_000).fill(1);
    for (let at = 0; at < million; at += integers.length) decoder.push(integers);
    decoder.push(uploadOf(hex(''), million).subarray(7));
    expect(decoder.end().length).toBe(million);
    expect(Math.max(...pieces)).toBeLessThanOrEqual(16_384);
  });

  it('lets through what its receiver throws', () => {
    const decoder = new UploadDecoder({
      maxModelBytes: 1000,
      onModelBytes: () => {
        throw new RangeError('no memory');
      },
    });
    expect(() => decoder.push(uploadWith({}))).toThrow(RangeError);
  });
});

describe('what an upload must not be', () => {
  it('has an unknown, doubled or missing key', () => {
    expectRefusal(() => decodeUpload(uploadWith({ extra: 1 })), 'malformed', 'unknown key');
    const doubled = uploadWith({});
    const twice = Buffer.concat([hex('a5'), doubled.subarray(1), encode('length'), encode(700)]);
    expectRefusal(() => decodeUpload(twice), 'malformed', 'must hold "length" once');
    for (const key of ['model', 'length', 'model_name', 'optimize']) {
      const fields: Record<string, unknown> = {
        model,
        length: 700,
        model_name: 'm',
        optimize: false,
      };
      delete fields[key];
      expectRefusal(() => decodeUpload(encode(fields)), 'malformed', `must hold "${key}"`);
    }
  });

  it('ends early, at any byte', () => {
    const body = uploadWith({ client_info: { a: 1 }, sha256: new Uint8Array(32) });
    for (let length = 0; length < body.length; length += 1) {
      expectRefusal(() => decodeUpload(body.subarray(0, length)), 'malformed', 'end early');
    }
  });

  it('goes on after its end, in the same chunk or another', () => {
    const body = Buffer.concat([uploadWith({}), hex('00')]);
    for (const size of [1, body.length]) {
      expectRefusal(() => decodeUpload(body, { size }), 'malformed', 'followed by other bytes');
    }
  });

  it('holds another number of bytes than it says', () => {
    for (const length of [0, 699, 701]) {
      expectRefusal(
        () => decodeUpload(uploadWith({ length })),
        'malformed',
        `the ${length} bytes that length says, not 700`,
      );
    }
  });

  it.each([
    ['256', '82 00 190100'],
    ['a negative integer', '82 00 20'],
    ['a text', '82 00 6161'],
    ['a float', '82 00 f90000'],
    ['null', '82 00 f6'],
    ['an integer not in its shortest form', '82 00 1817'],
    ['a break in an array of definite length', '82 00 ff'],
    ['a prefix at the end of an indefinite array', '9f 18 ff ff 00'],
  ])('holds %s in place of an integer from 0 to 255', (what, text) => {
    // 0x18 0xff is the integer 255, so the last case fails only at the zero after the break.
    const message = what.startsWith('a prefix') ? 'of the kind text' : 'integers from 0 to 255';
    expectRefusal(() => decodeUpload(uploadOf(hex(text), 2)), 'malformed', message);
  });

  it('holds a model of another kind, or pieces of another kind', () => {
    for (const text of ['f6', '05', '6161', 'a0', 'c24101']) {
      expectRefusal(
        () => decodeUpload(uploadOf(hex(text), 1)),
        'malformed',
        'a byte string or an array of integers',
      );
    }
    for (const text of ['5f6161ff', '5f5f4101ffff', '5f01ff']) {
      expectRefusal(() => decodeUpload(uploadOf(hex(text), 1)), 'malformed', 'of definite length');
    }
  });

  it.each([
    ['length', 'seven', 'length must be of the kind unsigned integer'],
    ['length', -1, 'length must be of the kind unsigned integer'],
    ['model_name', 7, 'model_name must be of the kind text'],
    ['optimize', 1, 'optimize must be a boolean'],
    ['sha256', 'x', 'sha256 must be of the kind byte string'],
    ['sha256', new Uint8Array(31), 'sha256 must have 32 bytes'],
    ['batch_across_callers', null, 'batch_across_callers must be a boolean'],
    ['runner', 'mine', 'runner must be one of shared, per-caller'],
  ])('has a wrong %s: %j', (key, value, message) => {
    expectRefusal(() => decodeUpload(uploadWith({ [key]: value })), 'malformed', message);
  });

  it('exceeds the limit, which is noticed before the bytes arrive where it can be', () => {
    const limit = { maxModelBytes: 699 };
    expectRefusal(
      () => decodeUpload(uploadWith({ length: 700, model: new Uint8Array() }), limit),
      'too-large',
      'at most 699 bytes',
    );
    expectRefusal(() => startUpload('59 02bc'), 'too-large', 'at most 699 bytes');
    expectRefusal(() => startUpload('99 02bc'), 'too-large', 'at most 699 bytes');
    expectRefusal(() => startUpload('5b 001fffffffffffff'), 'too-large', 'at most 699 bytes');
    expectRefusal(() => startUpload(`9f ${'00'.repeat(700)} ff`), 'too-large', 'at most 699 bytes');
    expectRefusal(
      () => startUpload(`5f 590200 ${'00'.repeat(512)} 590200 ${'00'.repeat(512)}`),
      'too-large',
      'at most 699 bytes',
    );
  });

  it('is an endless row of empty pieces', () => {
    const decoder = new UploadDecoder({ maxModelBytes: 1000, onModelBytes: () => {} });
    decoder.push(encodeUploadHead(null));
    const empty = new Uint8Array(10_000).fill(0x40);
    expectRefusal(
      () => {
        for (let at = 0; at < 10; at += 1) decoder.push(empty);
      },
      'too-large',
      'an upload must have at most 67536 bytes',
    );
  });

  it('has too large a name or client_info', () => {
    expectRefusal(
      () => decodeUpload(uploadWith({ model_name: 'x'.repeat(513) })),
      'too-large',
      'model_name must have at most 512 bytes',
    );
    expectRefusal(
      () => decodeUpload(uploadWith({ client_info: 'x'.repeat(20_000) })),
      'too-large',
      'client_info must have at most 16384 bytes',
    );
  });

  it('goes on once it was refused', () => {
    const decoder = new UploadDecoder({ maxModelBytes: 1000, onModelBytes: () => {} });
    expectRefusal(() => decoder.push(hex('00')), 'malformed', 'of the kind map');
    expectRefusal(() => decoder.push(uploadWith({})), 'malformed', 'followed by other bytes');
    expectRefusal(() => decoder.end(), 'malformed', 'end early');
  });
});

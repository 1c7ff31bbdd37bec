import { ProtocolError } from '@blindai/protocol';
import { encode } from 'cborg';
import { describe, expect, test } from 'vitest';
import { decodeHeader, FrameError, type FrameHeader } from '../../src/inference/framing.ts';
import {
  cageMechanisms,
  maxDetailLength,
  maxRefusalLength,
  type CageStep,
} from '../../src/inference/messages.ts';
import { cutTensors, parseLoaded, parseRan, parseStarted } from '../../src/inference/replies.ts';
import type { ModelSignature } from '../../src/inference/signature.ts';
import { randomNumbers } from '../random-numbers.ts';

const limits = { maxTensors: 2, maxRank: 3, maxNameBytes: 8, maxReplyBytes: 64 };
const x = { name: 'x', datatype: 'FP32', shape: ['n', null, 2] } as const;
const y = { name: 'y', datatype: 'INT16', shape: [2, 3] } as const;
const flag = { name: 'flag', datatype: 'BOOL', shape: [] } as const;
const signature: ModelSignature = { inputs: [x], outputs: [y, flag] };
const ran: FrameHeader = { kind: 'ran', tensors: [y, flag] };
const refused: FrameHeader = { kind: 'refused', code: 'model-memory', message: 'no room' };

const loaded = (inputs: unknown, outputs: unknown = []): FrameHeader => ({
  kind: 'loaded',
  inputs,
  outputs,
});

const cage: CageStep[] = cageMechanisms.map((mechanism, at) => ({
  mechanism,
  inForce: at > 0,
  detail: 'seen to',
}));

const startedWith = (...steps: unknown[]): FrameHeader => ({ kind: 'started', cage: steps });

const ranWith = (...list: unknown[]): FrameHeader => ({ kind: 'ran', tensors: list });

describe('what an honest runner says is taken', () => {
  test('started', () => {
    expect(parseStarted(startedWith(...cage), 0)).toEqual(cage);
    expect(parseStarted({ kind: 'started', cage: [] }, 0)).toEqual([]);
  });

  test('loaded', () => {
    expect(parseLoaded(loaded([x], [y, flag]), 0, limits)).toEqual(signature);
  });

  test('ran', () => {
    const tensors = parseRan(ran, 13, signature, limits);
    if (tensors instanceof ProtocolError) throw tensors;
    const payload = Uint8Array.from({ length: 13 }, (_, index) => (index === 12 ? 1 : index));
    expect(cutTensors(tensors, payload)).toEqual([
      { ...y, bytes: payload.subarray(0, 12) },
      { ...flag, bytes: payload.subarray(12) },
    ]);
  });

  test('a true that the engine keeps as another byte than 1', () => {
    const outputs = cutTensors([{ ...flag, shape: [4] }], Uint8Array.of(0, 1, 2, 255));
    expect([...outputs[0]!.bytes]).toEqual([0, 1, 1, 1]);
  });

  test('outputs of another shape than the model declares', () => {
    const tensors = [{ ...y, shape: [6] }, flag];
    expect(parseRan({ kind: 'ran', tensors }, 13, signature, limits)).toEqual(tensors);
  });

  test.each(['model-refused', 'model-memory'])('a load refused with %s', (code) => {
    const refusal = parseLoaded({ ...refused, code }, 0, limits);
    expect(refusal).toBeInstanceOf(ProtocolError);
    expect(refusal).toMatchObject({ code, message: 'no room' });
  });

  test.each(['bad-input', 'model-memory', 'too-large'])('a run refused with %s', (code) => {
    const refusal = parseRan({ ...refused, code }, 0, signature, limits);
    expect(refusal).toBeInstanceOf(ProtocolError);
    expect(refusal).toMatchObject({ code });
  });
});

describe('a lie is seen in', () => {
  test.each<[string, FrameHeader, number]>([
    ['another kind', { kind: 'loaded', cage: [] }, 0],
    ['a member more', { kind: 'started', cage: [], more: 1 }, 0],
    ['a member less', { kind: 'started' }, 0],
    ['an unknown mechanism', startedWith({ ...cage[0], mechanism: 'moat' }), 0],
    ['a mechanism twice', startedWith(cage[0], cage[0]), 0],
    ['more than there are', startedWith(...cage, cage[0]), 0],
    ['one that is neither on nor off', startedWith({ ...cage[0], inForce: 1 }), 0],
    ['a detail too long', startedWith({ ...cage[0], detail: 'a'.repeat(maxDetailLength + 1) }), 0],
    ['a detail in two lines', startedWith({ ...cage[0], detail: 'a\nb' }), 0],
    ['no detail', startedWith({ mechanism: 'limits', inForce: true }), 0],
    ['a step more than that', startedWith({ ...cage[0], more: 1 }), 0],
    ['a step that is no map', startedWith('limits'), 0],
    ['no list', { kind: 'started', cage: 'limits' }, 0],
    ['a payload', { kind: 'started', cage: [] }, 1],
  ])('started: %s', (_, header, payloadBytes) => {
    expect(() => parseStarted(header, payloadBytes)).toThrow(FrameError);
  });

  test.each<[string, FrameHeader, number]>([
    ['another kind', { ...loaded([]), kind: 'ran' }, 0],
    ['a member more', { ...loaded([]), more: 1 }, 0],
    ['a payload', loaded([]), 1],
    ['no list', loaded({}), 0],
    ['too many inputs', loaded([x, y, flag]), 0],
    ['no map', loaded(['x']), 0],
    ['a member of an input more', loaded([{ ...x, more: 1 }]), 0],
    ['a name that is no text', loaded([{ ...x, name: 1 }]), 0],
    ['a long name', loaded([{ ...x, name: 'a'.repeat(9) }]), 0],
    ['two of one name', loaded([x, x]), 0],
    ['two outputs of one name', loaded([], [y, y]), 0],
    ['an unknown datatype', loaded([{ ...x, datatype: 'FP16' }]), 0],
    ['an inherited datatype', loaded([{ ...x, datatype: 'toString' }]), 0],
    ['too many dimensions', loaded([{ ...x, shape: [1, 1, 1, 1] }]), 0],
    ['a negative dimension', loaded([{ ...x, shape: [-1] }]), 0],
    ['a fraction', loaded([{ ...x, shape: [0.5] }]), 0],
    ['a huge dimension', loaded([{ ...x, shape: [2 ** 31] }]), 0],
    ['a long name of a dimension', loaded([{ ...x, shape: ['a'.repeat(9)] }]), 0],
    ['a dimension of another type', loaded([{ ...x, shape: [true] }]), 0],
    ['a refusal of a run', { ...refused, code: 'bad-input' }, 0],
  ])('loaded: %s', (_, header, payloadBytes) => {
    expect(() => parseLoaded(header, payloadBytes, limits)).toThrow(FrameError);
  });

  test.each<[string, FrameHeader, number]>([
    ['another kind', { kind: 'rant', tensors: [y, flag] }, 13],
    ['a member more', { ...ran, more: 1 }, 13],
    ['no list', { kind: 'ran', tensors: 2 }, 13],
    ['an output less', ranWith(y), 12],
    ['an output more', ranWith(y, flag, flag), 14],
    ['another name', ranWith({ ...y, name: 'z' }, flag), 13],
    ['another order', ranWith(flag, y), 13],
    ['another datatype', ranWith({ ...y, datatype: 'UINT16' }, flag), 13],
    ['a shape with free dimensions', ranWith({ ...y, shape: ['n', 3] }, flag), 13],
    ['a shape of too many elements', ranWith({ ...y, shape: [3, 3] }, flag), 13],
    ['a shape beyond all numbers', ranWith({ ...y, shape: Array(3).fill(2 ** 31 - 1) }, flag), 13],
    ['too many dimensions', ranWith({ ...y, shape: [1, 1, 2, 3] }, flag), 13],
    ['a byte less', ran, 12],
    ['a byte more', ran, 14],
    ['more than a reply may have', ranWith({ ...y, shape: [32] }, flag), 65],
    ['a refusal of a load', { ...refused, code: 'model-refused' }, 0],
    ['a refusal with any code', { ...refused, code: 'internal' }, 0],
    ['a refusal with a payload', refused, 1],
    ['a refusal with a member more', { ...refused, more: 1 }, 0],
    ['a refusal without words', { ...refused, message: '' }, 0],
    ['a refusal in two lines', { ...refused, message: 'one\ntwo' }, 0],
    ['a refusal beyond ASCII', { ...refused, message: 'nö' }, 0],
    ['a refusal that is too long', { ...refused, message: 'a'.repeat(maxRefusalLength + 1) }, 0],
    ['a refusal that is no text', { ...refused, message: 1 }, 0],
  ])('ran: %s', (_, header, payloadBytes) => {
    expect(() => parseRan(header, payloadBytes, signature, limits)).toThrow(FrameError);
  });
});

test('whatever bytes come, they are an answer or a lie', () => {
  const honest = [
    { header: startedWith(...cage), payload: 0 },
    { header: loaded([x], [y, flag]), payload: 0 },
    { header: ran, payload: 13 },
    { header: refused, payload: 0 },
  ].map(({ header, payload }) => ({ bytes: encode(header), payload }));
  const random = randomNumbers(1);
  for (let round = 0; round < 20_000; round++) {
    const { bytes, payload } = honest[random(honest.length)]!;
    const changed = Uint8Array.from(bytes);
    for (let changes = 1 + random(3); changes > 0; changes--) {
      changed[random(changed.length)] = random(256);
    }
    for (const parse of [
      (header: FrameHeader) => parseStarted(header, payload),
      (header: FrameHeader) => parseLoaded(header, payload, limits),
      (header: FrameHeader) => parseRan(header, payload, signature, limits),
    ]) {
      try {
        expect(parse(decodeHeader(changed))).toBeTypeOf('object');
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }
  }
});

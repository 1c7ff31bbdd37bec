import { encode } from 'cborg';
import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  FrameError,
  FrameReader,
  HeaderDecoder,
  maxHeaderBytes,
  prefixBytes,
  type FrameHeader,
} from '../../src/inference/framing.ts';

interface Frame {
  readonly header: FrameHeader;
  readonly payload: readonly number[];
}

/** Reads chunks, and tells the frames and in which order the listener was asked. */
function read(
  chunks: Iterable<Uint8Array>,
  isWanted: (header: FrameHeader) => boolean = () => true,
): { frames: Frame[]; calls: string[] } {
  const frames: Frame[] = [];
  const calls: string[] = [];
  let header: FrameHeader | undefined;
  const reader = new FrameReader({
    begin: () => void calls.push('begin'),
    judge: (judged, payloadBytes) => {
      calls.push(`judge ${payloadBytes}`);
      header = judged;
      return isWanted(judged);
    },
    deliver: (payload) => {
      calls.push('deliver');
      frames.push({ header: header!, payload: [...payload] });
    },
  });
  for (const chunk of chunks) reader.push(chunk);
  return { frames, calls };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function frame(header: Uint8Array, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(prefixBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.length, true);
  view.setUint32(4, payload.length, true);
  return join([bytes, header, payload]);
}

const payload = Uint8Array.of(1, 2, 3);
const ran = { kind: 'ran', tensors: [{ name: 'y', datatype: 'INT8', shape: [3] }] } as const;

const isShort = (header: FrameHeader): boolean => header.kind !== 'ran';

describe('frames', () => {
  const stream = join([
    ...encodeFrame(ran, [payload.subarray(0, 1), new Uint8Array(), payload.subarray(1)]),
    ...encodeFrame({ kind: 'started' }),
  ]);
  const expected = [
    { header: ran, payload: [1, 2, 3] },
    { header: { kind: 'started' }, payload: [] },
  ];

  test('come out as they went in, wherever the stream is cut', () => {
    expect(read([stream]).frames).toEqual(expected);
    expect(read([...stream].map((byte) => Uint8Array.of(byte))).frames).toEqual(expected);
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(read([stream.subarray(0, cut), stream.subarray(cut)]).frames).toEqual(expected);
    }
  });

  test('are judged before their payload is waited for', () => {
    const first = encodeFrame(ran, [payload])[0]!;
    expect(read([first]).calls).toEqual(['begin', 'judge 3']);
  });

  test('do not share the payload with the stream', () => {
    const bytes = join(encodeFrame(ran, [payload]));
    let delivered = new Uint8Array();
    const reader = new FrameReader({
      begin: () => undefined,
      judge: () => true,
      deliver: (given) => void (delivered = given as Uint8Array<ArrayBuffer>),
    });
    reader.push(bytes);
    bytes.fill(0);
    expect([...delivered]).toEqual([1, 2, 3]);
  });

  test('are read past where nobody wants their payload, wherever the stream is cut', () => {
    const kinds = [
      { header: ran, payload: [] },
      { header: { kind: 'started' }, payload: [] },
    ];
    for (let cut = 0; cut <= stream.length; cut++) {
      const { frames, calls } = read([stream.subarray(0, cut), stream.subarray(cut)], isShort);
      expect(frames).toEqual(kinds);
      expect(calls).toEqual(['begin', 'judge 3', 'deliver', 'begin', 'judge 0', 'deliver']);
    }
    expect(read([stream], () => false).frames).toEqual(kinds);
    // Four gigabytes are announced and are not there: nothing is taken for them.
    const [start] = encodeFrame(ran, [payload]);
    new DataView(start!.buffer).setUint32(4, 2 ** 32 - 1, true);
    expect(read([start!, new Uint8Array(1000)], () => false).frames).toEqual([]);
  });

  test('are not copied when they are written', () => {
    expect(encodeFrame(ran, [payload])[1]).toBe(payload);
  });

  test('a truncated frame is never delivered', () => {
    const whole = join(encodeFrame(ran, [payload]));
    for (let length = 0; length < whole.length; length++) {
      expect(read([whole.subarray(0, length)]).frames).toEqual([]);
    }
  });
});

const lengths = (headerBytes: number): Uint8Array => {
  const bytes = new Uint8Array(prefixBytes);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  return bytes;
};

describe('what is no frame is refused', () => {
  test.each<[string, Uint8Array, string]>([
    ['an empty header', lengths(0), 'a header of 0 bytes'],
    ['a large header', lengths(maxHeaderBytes + 1), `a header of ${maxHeaderBytes + 1} bytes`],
    ['no CBOR', frame(Uint8Array.of(0xff)), 'a header that is not strict CBOR'],
    ['bytes left over', frame(join([encode({ kind: 'a' }), encode(0)])), 'not strict CBOR'],
    ['no map', frame(encode(['kind'])), 'a header without a kind'],
    ['no kind', frame(encode({ kinds: 'ran' })), 'a header without a kind'],
    ['a kind that is no text', frame(encode({ kind: 1 })), 'a header without a kind'],
    // {"kind": "a", "kind": "b"}
    [
      'a doubled key',
      frame(Uint8Array.from(Buffer.from('a2646b696e646161646b696e646162', 'hex'))),
      'not strict CBOR',
    ],
    // {_ "kind": "a"}
    [
      'an indefinite map',
      frame(Uint8Array.from(Buffer.from('bf646b696e646161ff', 'hex'))),
      'not strict CBOR',
    ],
    // {"kind": "a", "b": 1} with 1 in two bytes
    [
      'an integer in a longer form',
      frame(Uint8Array.from(Buffer.from('a2646b696e64616161621801', 'hex'))),
      'not strict CBOR',
    ],
    ['deep nesting', frame(new Uint8Array(maxHeaderBytes).fill(0x81)), 'not strict CBOR'],
  ])('%s', (_, bytes, message) => {
    expect(() => read([bytes])).toThrow(FrameError);
    expect(() => read([bytes])).toThrow(message);
  });

  test('or read as another frame, whatever bit is wrong', () => {
    const whole = join(encodeFrame(ran, [payload]));
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const changed = Uint8Array.from(whole);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      try {
        expect(read([changed]).frames).not.toEqual([{ header: ran, payload: [1, 2, 3] }]);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }
  });
});

function namedHeader(name: string): Uint8Array {
  return encode({ kind: 'run', name });
}

describe('headers one after the other', () => {
  test('are each decoded as what they are', () => {
    const decoder = new HeaderDecoder();
    for (const name of ['a', 'a', 'b', 'bb', 'a', 'a']) {
      expect(decoder.decode(namedHeader(name))).toEqual({ kind: 'run', name });
    }
  });

  test('that are no headers are refused each time, and forget nothing', () => {
    const decoder = new HeaderDecoder();
    decoder.decode(namedHeader('a'));
    const bad = encode({ name: 'a' });
    expect(() => decoder.decode(bad)).toThrow(FrameError);
    expect(() => decoder.decode(bad)).toThrow(FrameError);
    expect(decoder.decode(namedHeader('a'))).toEqual({ kind: 'run', name: 'a' });
  });
});

import { encode, Tagged } from 'cborg';
import { describe, expect, it } from 'vitest';
import { readFields, readWhole } from '../../src/encoding/cbor-message.ts';
import type { CborReader, Reading } from '../../src/encoding/cbor-reader.ts';
import { hex } from '../hex.ts';
import { expectRefusal } from '../refusal.ts';

function read<T>(bytes: Uint8Array, program: (reader: CborReader) => Reading<T>): T {
  return readWhole('it', bytes, program);
}

const choose = (reader: CborReader): Reading<string> => reader.choice('it', ['a', 'b']);

const digest = (reader: CborReader): Reading<Uint8Array> => reader.digest('it');

const skip = (reader: CborReader): Reading<void> => reader.skip('it', 64);

describe('integers and lengths', () => {
  it.each([0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
    'reads %d as another encoder writes it',
    (value) => {
      expect(read(encode(value), (reader) => reader.uint('it'))).toBe(value);
    },
  );

  it.each(['1817', '1900ff', '1a0000ffff', '1b00000000ffffffff'])(
    'refuses %s: not the shortest form',
    (text) => {
      expectRefusal(
        () => read(hex(text), (reader) => reader.uint('it')),
        'malformed',
        'shortest form',
      );
    },
  );

  it('refuses what a double cannot hold', () => {
    for (const text of ['1b0020000000000000', '1bffffffffffffffff']) {
      expectRefusal(
        () => read(hex(text), (reader) => reader.uint('it')),
        'malformed',
        'below 2^53',
      );
    }
  });

  it.each(['1c', '1d', '1e', '3c', '5d', '7e', '9c', 'bd', 'de'])(
    'refuses the reserved information of %s',
    (text) => {
      expectRefusal(() => read(hex(text), (reader) => reader.uint('it')), 'malformed', '28 to 30');
    },
  );

  it.each(['1f', '3f', 'df'])('refuses %s: an integer or tag of indefinite length', (text) => {
    expectRefusal(
      () => read(hex(text), (reader) => reader.uint('it')),
      'malformed',
      'no indefinite length',
    );
  });
});

describe('kinds', () => {
  const readers: Record<string, (reader: CborReader) => Reading<unknown>> = {
    map: (reader) => reader.map('it'),
    array: (reader) => reader.array('it'),
    'unsigned integer': (reader) => reader.uint('it'),
    text: (reader) => reader.text('it', 10),
    'byte string': (reader) => reader.bytes('it', 10),
  };

  it.each(Object.entries(readers))('expects a %s and refuses another kind', (kind, reader) => {
    expectRefusal(() => read(hex('f4'), reader), 'malformed', `it must be of the kind ${kind}`);
  });

  it.each(['bf', '9f', '7f', '5f'])('refuses %s, which starts an indefinite length', (start) => {
    for (const reader of Object.values(readers)) {
      expectRefusal(() => read(hex(`${start}ff`), reader), 'malformed', 'it must be of');
    }
  });

  it('reads booleans, and refuses what is none', () => {
    expect(read(hex('f5'), (reader) => reader.boolean('it'))).toBe(true);
    expect(read(hex('f4'), (reader) => reader.boolean('it'))).toBe(false);
    expectRefusal(
      () => read(hex('01'), (reader) => reader.boolean('it')),
      'malformed',
      'a boolean',
    );
  });

  it('reads one of a few texts, and refuses others', () => {
    expect(read(hex('6162'), choose)).toBe('b');
    expectRefusal(() => read(hex('6163'), choose), 'malformed', 'it must be one of a, b');
  });

  it('reads a digest of exactly 32 bytes', () => {
    const bytes = new Uint8Array(32).fill(7);
    expect(read(encode(bytes), digest)).toEqual(bytes);
    expectRefusal(() => read(encode(bytes.subarray(1)), digest), 'malformed', '32 bytes, not 31');
    expectRefusal(() => read(encode(new Uint8Array(33)), digest), 'too-large', 'at most 32 bytes');
  });

  it('refuses text that is not UTF-8', () => {
    for (const text of ['61ff', '62c080', '63eda080', '61c3']) {
      expectRefusal(
        () => read(hex(text), (reader) => reader.text('it', 10)),
        'malformed',
        'valid UTF-8',
      );
    }
  });

  it('keeps a byte order mark: one text has one spelling', () => {
    expect(read(hex('63efbbbf'), (reader) => reader.text('it', 10))).toBe('\uFEFF');
  });

  it('refuses text and bytes beyond their limit before they arrive', () => {
    expectRefusal(
      () => read(hex('7affffffff'), (reader) => reader.text('it', 10)),
      'too-large',
      'at most 10 bytes',
    );
    expectRefusal(
      () => read(hex('5affffffff'), (reader) => reader.bytes('it', 10)),
      'too-large',
      'at most 10 bytes',
    );
  });

  it('gives byte strings as views', () => {
    const message = hex('43010203');
    const bytes = read(message, (reader) => reader.bytes('it', 10));
    expect(bytes.buffer).toBe(message.buffer);
  });
});

describe('reading past an item', () => {
  it.each([
    ['integers of 64 bits', '3bffffffffffffffff'],
    ['floats', '83f97e00fa7f800000fb3ff199999999999a'],
    ['simple values', '84f6f7f8fff0'],
    ['a tag', 'c11a514b67b0'],
    ['strings of indefinite length', '825f4101420203ff7f61616162ff'],
    ['arrays and maps of indefinite length', '9f01bf616102ff9fffff'],
    ['a map with keys of any kind', 'a2820102a16161f50304'],
  ])('takes %s', (_what, text) => {
    expect(() => read(hex(text), skip)).not.toThrow();
  });

  it('takes what another encoder writes', () => {
    const item = { a: [1.5, -7n, null, undefined], b: new Tagged(99, new Uint8Array(9)) };
    expect(() => read(encode(item), skip)).not.toThrow();
  });

  it('refuses what is not well-formed', () => {
    expectRefusal(() => read(hex('ff'), skip), 'malformed', 'misplaced break');
    expectRefusal(() => read(hex('82ff01'), skip), 'malformed', 'misplaced break');
    expectRefusal(() => read(hex('bf01ff'), skip), 'malformed', 'misplaced break');
    expectRefusal(() => read(hex('5f6161ff'), skip), 'malformed', 'of definite length');
    expectRefusal(() => read(hex('5f5f4101ffff'), skip), 'malformed', 'of definite length');
    expectRefusal(() => read(hex('f81f'), skip), 'malformed', 'shortest form');
  });

  it('refuses more bytes than it may have, however they are packed', () => {
    expect(() => read(encode(new Uint8Array(62)), skip)).not.toThrow();
    expectRefusal(() => read(encode(new Uint8Array(63)), skip), 'too-large', 'at most 64 bytes');
    expectRefusal(() => read(hex('5b001fffffffffffff'), skip), 'too-large', 'at most 64 bytes');
    expectRefusal(() => read(encode(Array(64).fill(0)), skip), 'too-large', 'at most 64 bytes');
    const pieces = hex(`5f${'40'.repeat(64)}ff`);
    expectRefusal(() => read(pieces, skip), 'too-large', 'at most 64 bytes');
  });

  it('refuses deep nesting', () => {
    expect(() => read(hex(`${'81'.repeat(16)}00`), skip)).not.toThrow();
    expectRefusal(() => read(hex(`${'81'.repeat(17)}00`), skip), 'malformed', 'deeper than 16');
    expectRefusal(() => read(hex(`${'c1'.repeat(17)}00`), skip), 'malformed', 'deeper than 16');
  });
});

describe('a map with known keys', () => {
  const keys = { a: true, b: false };
  const fields = function* (reader: CborReader): Reading<Record<string, number>> {
    const values: Record<string, number> = {};
    yield* readFields(reader, 'it', keys, function* (key) {
      values[key] = yield* reader.uint(key);
    });
    return values;
  };

  it('is read in any order, without what is optional', () => {
    expect(read(hex('a2616202616101'), fields)).toEqual({ a: 1, b: 2 });
    expect(read(hex('a1616101'), fields)).toEqual({ a: 1 });
  });

  it('is refused for an unknown, doubled or missing key, or one that is no text', () => {
    expectRefusal(() => read(hex('a2616101616301'), fields), 'malformed', 'unknown key');
    expectRefusal(() => read(hex('a2616101616101'), fields), 'malformed', 'must hold "a" once');
    expectRefusal(() => read(hex('a1616201'), fields), 'malformed', 'it must hold "a"');
    expectRefusal(() => read(hex('a10101'), fields), 'malformed', 'of the kind text');
    expectRefusal(() => read(encode({ ['__proto__']: 1 }), fields), 'malformed', 'unknown key');
  });

  it('is refused when it ends early or goes on', () => {
    expectRefusal(() => read(hex('a26161'), fields), 'malformed', 'must not end early');
    expectRefusal(() => read(hex('a161610100'), fields), 'malformed', 'followed by other bytes');
    expectRefusal(() => read(hex(''), fields), 'malformed', 'must not end early');
  });
});

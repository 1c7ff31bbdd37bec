import { describe, expect, it } from 'vitest';
import { ByteReader, equalBytes } from '../../src/encoding/byte-reader.ts';
import { FormatError } from '../../src/encoding/format-error.ts';

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

describe('ByteReader', () => {
  it('reads little-endian fields in order', () => {
    const read = new ByteReader(
      'thing',
      bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0),
    );
    expect(read.u8('a')).toBe(0x01);
    expect(read.u16('b')).toBe(0x0302);
    expect(read.u32('c')).toBe(0x07060504);
    expect(read.u64('d')).toBe(0x0f0e0d0c0b0a0908n);
    expect(read.remaining).toBe(1);
    read.zeros('e', 1);
    read.end();
  });

  it('reads big-endian fields where the structure has them', () => {
    const read = new ByteReader(
      'thing',
      bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
      'big-endian',
    );
    expect(read.u16('a')).toBe(0x0102);
    expect(read.u32('b')).toBe(0x03040506);
    expect(read.u64('c')).toBe(0x0708090a0b0c0d0en);
    read.end();
    const magic = new ByteReader('thing', bytes(0xff, 0x54), 'big-endian');
    magic.exactly('magic', 'u16', 0xff54);
  });

  it('reads views at an offset of a larger buffer', () => {
    const read = new ByteReader('thing', bytes(9, 9, 1, 2, 3).subarray(2));
    expect(read.bytes('a', 2)).toEqual(bytes(1, 2));
    expect(read.u8('b')).toBe(3);
  });

  it.each<[string, (read: ByteReader) => unknown, string]>([
    ['u16 beyond the end', (read) => read.u16('a'), 'thing.a: 2 bytes expected, 1 left'],
    ['u32 beyond the end', (read) => read.u32('a'), 'thing.a: 4 bytes expected, 1 left'],
    ['u64 beyond the end', (read) => read.u64('a'), 'thing.a: 8 bytes expected, 1 left'],
    [
      'a hostile length',
      (read) => read.bytes('a', 0xffff_ffff),
      '4294967295 bytes expected, 1 left',
    ],
    ['reserved bytes that are not zero', (read) => read.zeros('a', 1), 'only zero bytes expected'],
    ['something left over', (read) => read.end(), 'thing.end: 1 bytes left over'],
  ])('refuses %s', (_, action, message) => {
    const read = new ByteReader('thing', bytes(7));
    expect(() => action(read)).toThrow(FormatError);
    expect(() => action(new ByteReader('thing', bytes(7)))).toThrow(message);
  });

  it('refuses another value than the one expected', () => {
    const read = new ByteReader('thing', bytes(3, 0, 4, 0, 0, 0));
    read.exactly('version', 'u16', 3);
    expect(() => read.exactly('type', 'u32', 5)).toThrow('thing.type: 5 expected, 4 found');
  });
});

it('equalBytes compares content and length', () => {
  expect(equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true);
  expect(equalBytes(bytes(1, 2), bytes(1, 3))).toBe(false);
  expect(equalBytes(bytes(1, 2), bytes(1))).toBe(false);
  expect(equalBytes(bytes(1), bytes(1, 2))).toBe(false);
});

import { describe, expect, it } from 'vitest';
import { contextTag, DerReader, tags } from '../../src/encoding/der.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { decodeHex } from '../../src/encoding/hex.ts';

const reader = (hex: string): DerReader => new DerReader('thing', decodeHex('hex', hex));
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const time = (tag: string, text: string): string =>
  tag + text.length.toString(16).padStart(2, '0') + ascii(text);

describe('DerReader reads', () => {
  it('elements in order, with content and encoding', () => {
    const read = reader('0201050403aabbcc');
    expect(read.uint('a', 255)).toBe(5);
    expect(read.nextTag).toBe(tags.octetString);
    expect(read.peek('b').encoding).toHaveLength(5);
    expect(read.octets('b', 3)).toEqual(Uint8Array.of(0xaa, 0xbb, 0xcc));
    expect(read.nextTag).toBeNull();
    read.end();
  });

  it('long lengths of the fewest bytes', () => {
    const content = '00'.repeat(300);
    expect(reader(`0482012c${content}`).octets('a')).toHaveLength(300);
    expect(reader(`0481c8${'00'.repeat(200)}`).octets('a')).toHaveLength(200);
  });

  it('nested and tagged elements', () => {
    const read = reader('3005a003020102')
      .inside('outer')
      .inside('version', contextTag(0, 'constructed'));
    expect(read.uint('number', 2)).toBe(2);
    read.end();
  });

  it('integers without their sign byte', () => {
    expect(reader('02020080').unsigned('a')).toEqual(Uint8Array.of(0x80));
    expect(reader('020100').unsigned('a')).toEqual(Uint8Array.of(0));
    expect(reader('020500ffffffff').uint('a', 0xffff_ffff)).toBe(0xffff_ffff);
    expect(reader('0a0101').uint('a', 2, tags.enumerated)).toBe(1);
  });

  it('object identifiers', () => {
    expect(reader('06082a8648ce3d040302').oid('a')).toBe('1.2.840.10045.4.3.2');
    expect(reader('0603551d13').oid('a')).toBe('2.5.29.19');
    expect(reader('060a2a864886f84d010d0101').oid('a')).toBe('1.2.840.113741.1.13.1.1');
    expect(reader('06028837').oid('a')).toBe('2.999');
  });

  it('booleans and bit strings', () => {
    expect(reader('0101ff').boolean('a')).toBe(true);
    expect(reader('010100').boolean('a')).toBe(false);
    expect(reader('03020007').bitString('a')).toEqual(Uint8Array.of(7));
    expect([...reader('03020106').namedBits('a')]).toEqual([5, 6]);
    expect([...reader('030206c0').namedBits('a')]).toEqual([0, 1]);
    expect([...reader('030100').namedBits('a')]).toEqual([]);
    expect([...reader('0303070080').namedBits('a')]).toEqual([8]);
  });

  it.each([
    ['17', '180521105010Z', '2018-05-21T10:50:10.000Z'],
    ['17', '491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['17', '500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['17', '240229000000Z', '2024-02-29T00:00:00.000Z'],
    ['18', '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    ['18', '99991231235959Z', '9999-12-31T23:59:59.000Z'],
  ])('the time %s %s', (tag, text, expected) => {
    expect(reader(time(tag, text)).time('a').toISOString()).toBe(expected);
  });
});

describe('DerReader refuses', () => {
  it.each<[string, string, (read: DerReader) => unknown, string]>([
    ['nothing at all', '', (read) => read.octets('a'), 'missing'],
    ['another tag', '0201', (read) => read.octets('a'), 'tag 4 expected, 2 found'],
    ['a missing length', '04', (read) => read.octets('a'), 'missing'],
    ['a cut-off long length', '048201', (read) => read.octets('a'), 'missing'],
    ['content beyond the end', '0403aabb', (read) => read.octets('a'), 'longer than what holds it'],
    ['a hostile length', '0483ffffff00', (read) => read.octets('a'), 'longer than what holds it'],
    ['a length of 4 bytes', '048400000001aa', (read) => read.octets('a'), 'beyond 16 MiB'],
    ['a length of 127 bytes', '04ff01', (read) => read.octets('a'), 'beyond 16 MiB'],
    ['an indefinite length', '3080020101', (read) => read.inside('a'), 'an indefinite length'],
    [
      'a long length under 128',
      '048101aa',
      (read) => read.octets('a'),
      'a length longer than needed',
    ],
    [
      'a length with a leading zero',
      '04820001aa',
      (read) => read.octets('a'),
      'a length longer than needed',
    ],
    ['an empty integer', '0200', (read) => read.unsigned('a'), 'an empty integer'],
    ['a negative integer', '0201ff', (read) => read.unsigned('a'), 'a negative integer'],
    ['a padded integer', '0202007f', (read) => read.unsigned('a'), 'an integer longer than needed'],
    ['a padded zero', '02020000', (read) => read.unsigned('a'), 'an integer longer than needed'],
    [
      'an integer too large',
      '020111',
      (read) => read.uint('a', 0x10),
      'an integer up to 16 expected',
    ],
    ['an integer of 5 bytes', '02050100000000', (read) => read.uint('a', 0xffff_ffff), 'expected'],
    ['a boolean of another byte', '010101', (read) => read.boolean('a'), 'a DER boolean expected'],
    ['a boolean of two bytes', '0102ffff', (read) => read.boolean('a'), 'a DER boolean expected'],
    [
      'an octet string of another length',
      '0401aa',
      (read) => read.octets('a', 2),
      '2 bytes expected, 1 found',
    ],
    [
      'a bit string of odd bits',
      '03020106',
      (read) => read.bitString('a'),
      'of whole bytes expected',
    ],
    ['an empty bit string', '0300', (read) => read.bitString('a'), 'of whole bytes expected'],
    [
      'named bits that end in zeros',
      '03020006',
      (read) => read.namedBits('a'),
      'trailing zero bits',
    ],
    [
      'named bits with unused bits set',
      '03020107',
      (read) => read.namedBits('a'),
      'trailing zero bits',
    ],
    ['8 unused bits', '03020880', (read) => read.namedBits('a'), 'named bits expected'],
    ['too many named bits', '030400808080', (read) => read.namedBits('a'), 'named bits expected'],
    ['no named bits at all', '0300', (read) => read.namedBits('a'), 'named bits expected'],
    [
      'an empty object identifier',
      '0600',
      (read) => read.oid('a'),
      'an unfinished object identifier',
    ],
    ['an unfinished one', '06022a86', (read) => read.oid('a'), 'an unfinished object identifier'],
    ['a padded one', '06032a8001', (read) => read.oid('a'), 'longer than needed'],
    ['a huge arc', '06062affffffff7f', (read) => read.oid('a'), 'beyond 32 bits'],
    ['a long tag', '1f8101', (read) => read.any('a'), 'a tag of more than one byte'],
    ['something left over', '00', (read) => read.end(), 'thing.end: 1 bytes left over'],
  ])('%s', (_, hex, action, message) => {
    expect(() => action(reader(hex))).toThrow(FormatError);
    expect(() => action(reader(hex))).toThrow(message);
  });

  it.each([
    ['17', '1805211050Z'],
    ['17', '180521105010+0000'],
    ['17', '180521105010z'],
    ['17', '181321105010Z'],
    ['17', '180231105010Z'],
    ['17', '230229000000Z'],
    ['17', '180521245010Z'],
    ['17', '180521106010Z'],
    ['17', ''],
    ['17', '0'.repeat(100)],
    ['18', '20180521105010Z'],
    ['18', '20500101000000.5Z'],
    ['18', '205001010000Z'],
  ])('the time %s %s', (tag, text) => {
    expect(() => reader(time(tag, text)).time('a')).toThrow(FormatError);
  });

  it('what is nested too deeply', () => {
    let hex = '';
    for (let depth = 0; depth < 40; depth++) {
      hex = `30${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`;
    }
    expect(() => {
      let read = reader(hex);
      for (;;) read = read.inside('a');
    }).toThrow('nested too deeply');
  });
});

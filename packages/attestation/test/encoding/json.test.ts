import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { JsonObject } from '../../src/encoding/json.ts';

const parse = (text: string): JsonObject => JsonObject.parse('doc', text);

/** An object of so many members, which is a value besides. */
function manyMembers(count: number): string {
  return `{${Array.from({ length: count }, (_, index) => `"${index}":0`).join(',')}}`;
}

describe('JsonObject', () => {
  it('reads members of each type', () => {
    const json = parse(
      ' { "s" : "a\\u00e9\\n\\"" , "n":12, "o":{"x": 1 }, "a":[{"y":2},{"y":3}], "t":["p"],' +
        '"when":"2025-01-31T10:20:30Z","e":{},"b":[]} ',
    );
    expect(json.string('s')).toBe('aé\n"');
    expect(json.uint('n', 12)).toBe(12);
    expect(json.object('o').uint('x', 1)).toBe(1);
    expect(json.objects('a', 2).map((each) => each.uint('y', 9))).toEqual([2, 3]);
    expect(json.optionalStrings('t', 1)).toEqual(['p']);
    expect(json.optionalStrings('absent', 1)).toEqual([]);
    expect(json.optionalStrings('b', 1)).toEqual([]);
    expect(json.time('when')).toEqual(new Date('2025-01-31T10:20:30Z'));
    expect(json.oneOf('s', ['b', 'aé\n"'])).toBe('aé\n"');
  });

  it('keeps the exact text of a member', () => {
    const json = parse('{"inner": {"b" : [1,  2.0],"a":"\\u0041"} ,"other":1}');
    expect(json.objectText('inner')).toBe('{"b" : [1,  2.0],"a":"\\u0041"}');
  });

  it('takes as many values as there may be', () => {
    expect(parse(manyMembers(65_535)).uint('65534', 0)).toBe(0);
  });

  it('gives scalars as a map', () => {
    expect(parse('{"a":1,"b":"x","c":null,"d":true,"e":false}').scalars()).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['b', 'x'],
        ['c', null],
        ['d', true],
        ['e', false],
      ]),
    );
    expect(() => parse('{"a":[]}').scalars()).toThrow(FormatError);
  });

  it('knows a member by what its name means, not by how it is written', () => {
    expect(() => parse('{"a":1,"\\u0061":2}')).toThrow('a doubled member');
  });

  it.each([
    ['nothing', ''],
    ['no object', '[1]'],
    ['something after it', '{} x'],
    ['a second object', '{}{}'],
    ['a doubled member', '{"a":1,"b":2,"a":1}'],
    ['a doubled member inside', '{"o":{"a":1,"a":2}}'],
    ['a trailing comma', '{"a":1,}'],
    ['a trailing comma in an array', '{"a":[1,]}'],
    ['a missing colon', '{"a" 1}'],
    ['a missing comma', '{"a":1 "b":2}'],
    ['a name without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['an unfinished object', '{"a":1'],
    ['an unfinished array', '{"a":[1'],
    ['an unfinished string', '{"a":"x'],
    ['a string that ends in a backslash', '{"a":"x\\'],
    ['an unknown escape', '{"a":"\\x41"}'],
    ['a control character', '{"a":"\n"}'],
    ['a comment', '{/* */"a":1}'],
    ['a leading zero', '{"a":01}'],
    ['a plus sign', '{"a":+1}'],
    ['a bare point', '{"a":1.}'],
    ['NaN', '{"a":NaN}'],
    ['an unknown word', '{"a":nul}'],
    ['another white space', '{\u00a0"a":1}'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['more values than there may be', `{"a":[${'{},'.repeat(65_535)}1]}`],
    ['more members than there may be', manyMembers(65_536)],
    ['arrays nested too deeply', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['a very deep nesting', `{"a":${'['.repeat(500_000)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parse(text)).toThrow(FormatError);
  });

  it('reads arrays of bytes', () => {
    const json = parse('{"a":[0, 9,255],"b":[],"c":[[1,2],[3,4]]}');
    expect(json.bytes('a', 3)).toEqual(Uint8Array.of(0, 9, 255));
    expect(json.bytes('b', 3)).toEqual(new Uint8Array());
    expect(json.byteArrays('c', 2, 2)).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
  });

  it('reads long strings without recursion', () => {
    const text = `{"a":"${'\\\\'.repeat(300_000)}"}`;
    expect(parse(text).string('a')).toHaveLength(300_000);
  });

  it.each<[string, string, (json: JsonObject) => unknown]>([
    ['an absent member', '{}', (json) => json.string('a')],
    ['a number for a string', '{"a":1}', (json) => json.string('a')],
    ['a string for a number', '{"a":"1"}', (json) => json.uint('a', 9)],
    ['a number too large', '{"a":10}', (json) => json.uint('a', 9)],
    ['a negative number', '{"a":-1}', (json) => json.uint('a', 9)],
    ['a fraction', '{"a":1.0}', (json) => json.uint('a', 9)],
    ['an exponent', '{"a":1e0}', (json) => json.uint('a', 9)],
    ['null for an object', '{"a":null}', (json) => json.object('a')],
    ['an array for an object', '{"a":[]}', (json) => json.object('a')],
    ['an object for an array', '{"a":{}}', (json) => json.objects('a', 9)],
    ['too many elements', '{"a":[{},{}]}', (json) => json.objects('a', 1)],
    ['no elements', '{"a":[]}', (json) => json.objects('a', 1)],
    ['elements of another type', '{"a":[1]}', (json) => json.objects('a', 1)],
    ['strings of another type', '{"a":[1]}', (json) => json.optionalStrings('a', 1)],
    ['none of the values', '{"a":"x"}', (json) => json.oneOf('a', ['y'])],
    ['a time without seconds', '{"a":"2025-01-31T10:20Z"}', (json) => json.time('a')],
    ['a time of another zone', '{"a":"2025-01-31T10:20:30+01:00"}', (json) => json.time('a')],
    ['a time that does not exist', '{"a":"2025-02-30T10:20:30Z"}', (json) => json.time('a')],
    ['a time of words', '{"a":"tomorrow"}', (json) => json.time('a')],
    ['a string for bytes', '{"a":"AA"}', (json) => json.bytes('a', 9)],
    ['too many bytes', '{"a":[1,2]}', (json) => json.bytes('a', 1)],
    ['a byte too large', '{"a":[256]}', (json) => json.bytes('a', 9)],
    ['a negative byte', '{"a":[-1]}', (json) => json.bytes('a', 9)],
    ['minus zero for a byte', '{"a":[-0]}', (json) => json.bytes('a', 9)],
    ['a fraction for a byte', '{"a":[1.0]}', (json) => json.bytes('a', 9)],
    ['an exponent for a byte', '{"a":[1e1]}', (json) => json.bytes('a', 9)],
    ['a string for a byte', '{"a":["1"]}', (json) => json.bytes('a', 9)],
    ['null for a byte', '{"a":[null]}', (json) => json.bytes('a', 9)],
    ['bytes for arrays of bytes', '{"a":[1]}', (json) => json.byteArrays('a', 9, 1)],
    ['too many arrays of bytes', '{"a":[[1],[2]]}', (json) => json.byteArrays('a', 1, 1)],
    ['bytes of another length', '{"a":[[1],[2,3]]}', (json) => json.byteArrays('a', 9, 1)],
    ['a byte too large in an array', '{"a":[[256]]}', (json) => json.byteArrays('a', 9, 1)],
    ['an unknown member', '{"a":1,"b":2}', (json) => json.exactly(['a'])],
    ['an absent one of them', '{"a":1}', (json) => json.exactly(['a', 'b'])],
  ])('refuses %s', (_, text, read) => {
    expect(() => read(parse(text))).toThrow(FormatError);
  });
});

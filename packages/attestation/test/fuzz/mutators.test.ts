import { createSnpPlatform, createNitroEnclave } from '@blindai/simulator';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { bytesWith, plainBytes } from './mutate/bytes.ts';
import { cbor, parseCborTree } from './mutate/cbor.ts';
import { der, encodeDer, parseDer } from './mutate/der.ts';
import { json, parseJsonTree } from './mutate/json.ts';
import type { Kind } from './mutate/kind.ts';
import { pem } from './mutate/pem.ts';
import type { Tree } from './mutate/tree.ts';
import { Random } from './random.ts';

const at = new Date('2026-01-15T12:00:00Z');
const claims = '{"keys": [{"kid":"a","n":1}, {"kid":"b"}], "x":{"y":[1,2,3]}, "z":"\\u0041"}';

let certificate: Bytes;
let certificatePem: string;
let document: Bytes;
beforeAll(async () => {
  const platform = await createSnpPlatform({ at, revoked: ['ask'] });
  certificate = platform.ek;
  certificatePem = platform.ekPem;
  document = await (await createNitroEnclave({ at })).document({ nonce: new Uint8Array(32) });
});

/** Every element of a tree, put together again from its own children, is what it was. */
function expectWhole<Encoded>(tree: Tree<Encoded>): number {
  const { children, around, encoding } = tree;
  if (children.length > 0)
    expect(around(children.map((child) => child.encoding))).toEqual(encoding);
  return children.reduce((sum, child) => sum + expectWhole(child), 1);
}

describe('what is taken apart', () => {
  test('DER, with what octet and bit strings hold', () => {
    const tree = parseDer(certificate)!;
    expect(tree.encoding).toEqual(certificate);
    expect(expectWhole(tree)).toBeGreaterThan(100);
    expect(parseDer(certificate.slice(1))).toBeNull();
  });

  test('CBOR, definite and indefinite', () => {
    const tree = parseCborTree(document)!;
    expect(tree.encoding).toEqual(document);
    expect(expectWhole(tree)).toBe(5);
    const open = Uint8Array.of(0x9f, 0xbf, 0x01, 0x02, 0xff, 0x43, 1, 2, 3, 0xff);
    expect(expectWhole(parseCborTree(open)!)).toBe(6);
    expect(parseCborTree(open.slice(0, -1))).toBeNull();
  });

  test('JSON, but for white space', () => {
    const tree = parseJsonTree(claims)!;
    expect(tree.encoding).toBe(claims);
    const compact = JSON.stringify(JSON.parse(claims));
    expect(expectWhole(parseJsonTree(compact)!)).toBe(20);
    expect(parseJsonTree('{"a":}')).toBeNull();
  });
});

/** How many of a hundred random changes change something. */
function changesOf100<Value extends Bytes | string>(kind: Kind<Value>, value: Value): number {
  const original = Buffer.from(value);
  return [...Array(100).keys()].filter((seed) => {
    const changed = Buffer.from(once(kind, value, seed));
    expect(changed.equals(Buffer.from(once(kind, value, seed)))).toBe(true);
    return !changed.equals(original);
  }).length;
}

function once<Value>(kind: Kind<Value>, value: Value, seed: number): Value {
  return kind.mutate(value, new Random(seed), value);
}

describe('changes', () => {
  test('of bytes are one of each byte, each truncation, and numbers', () => {
    const bytes = Uint8Array.of(0, 0, 0, 9, 5);
    const number = { name: 'n', offset: 0, size: 4, order: 'big-endian' } as const;
    const changed = bytesWith(() => [number]).changes(bytes, false);
    expect(changed).toHaveLength(5 + 5 + 5 + 9);
    expect(changed.filter(({ make }) => Buffer.from(make()).equals(bytes))).toEqual([]);
    expect(plainBytes.changes(bytes, true)).toHaveLength(5 * 8 + 5 + 5);
    const lies = bytesWith(() => [number])
      .changes(bytes, false)
      .map(({ make }) => make());
    expect(lies.slice(0, 3)).toEqual([
      Uint8Array.of(0, 0, 0, 0, 5),
      Uint8Array.of(0, 0, 0, 1, 5),
      Uint8Array.of(0, 0, 0, 8, 5),
    ]);
  });

  test('of DER keep the lengths around them right', () => {
    const sequence = encodeDer(
      0x30,
      encodeDer(0x02, Uint8Array.of(1)),
      encodeDer(0x04, Uint8Array.of(7)),
    );
    const outer = encodeDer(0x30, sequence);
    const changed = new Map(der.changes(outer, false).map(({ name, make }) => [name, make]));
    const inner = (name: string): string =>
      Buffer.from(changed.get(`30/0 30: ${name}`)!()).toString('hex');
    expect(inner('0 twice')).toBe('300b3009020101020101040107');
    expect(inner('0 and 1 swapped')).toBe('30083006040107020101');
    expect(inner('without 1')).toBe('30053003020101');
    expect(inner('length 127')).toBe('3008307f020101040107');
    expect(inner('an indefinite length')).toBe('300a30800201010401070000');
  });

  test('of CBOR keep the counts around them right', () => {
    const map = Uint8Array.of(0x81, 0xa2, 0x01, 0x02, 0x03, 0x04);
    const changed = new Map(cbor.changes(map, false).map(({ name, make }) => [name, make]));
    const inner = (name: string): string =>
      Buffer.from(changed.get(`array/0 map: ${name}`)!()).toString('hex');
    expect(inner('0 twice')).toBe('81a3010201020304');
    expect(inner('0 and 1 swapped')).toBe('81a203040102');
    expect(inner('of indefinite length')).toBe('81bf01020304ff');
    expect(inner('number in 8 bytes')).toBe('81bb000000000000000201020304');
  });

  test('of JSON double and reorder members', () => {
    const changed = new Map(
      json.changes('{"a":1,"b":2}', false).map(({ name, make }) => [name, make]),
    );
    expect(changed.get('object: 0 twice')!()).toBe('{"a":1,"a":1,"b":2}');
    expect(changed.get('object: reversed') ?? null).toBeNull();
    expect(changed.get('object: 0 and 1 swapped')!()).toBe('{"b":2,"a":1}');
  });

  test('of all kinds change something, and come again with the same seed', () => {
    expect(changesOf100(plainBytes, certificate)).toBeGreaterThan(80);
    expect(changesOf100(der, certificate)).toBeGreaterThan(80);
    expect(changesOf100(cbor, document)).toBeGreaterThan(80);
    expect(changesOf100(pem, certificatePem)).toBeGreaterThan(70);
    expect(changesOf100(json, claims)).toBeGreaterThan(80);
  });
});

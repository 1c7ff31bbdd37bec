import { collateralJson } from '@blindai/simulator';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCollateral } from '../../src/dcap/collateral.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { judge, type Simulated, simulate, verdictOf } from '../simulated.ts';

type Members = Record<string, unknown>;

let evidence: Simulated;
let wire: Members;
let file: Members;
beforeAll(async () => {
  evidence = await simulate();
  wire = { ...evidence.endorsements };
  file = JSON.parse(collateralJson(evidence.endorsements)) as Members;
});

describe('parseCollateral', () => {
  it('reads the same from both forms', () => {
    const { pckChain, ...fromWire } = parseCollateral(wire);
    expect(parseCollateral(file)).toEqual({ ...fromWire, pckChain: null });
    expect(pckChain).toHaveLength(3);
  });

  it.each<[string, (members: Members) => unknown]>([
    ['a map', (members) => new Map(Object.entries(members))],
    ['JSON text', (members) => JSON.stringify(members)],
    ['JSON text in UTF-8', (members) => new TextEncoder().encode(JSON.stringify(members))],
  ])('takes %s', (_, form) => {
    expect(parseCollateral(form(wire))).toEqual(parseCollateral(wire));
    expect(parseCollateral(form(file))).toEqual(parseCollateral(file));
  });

  it.each([1, 3, 4, 0x1_0003, 0x1_0004])('takes version %i', (version) => {
    expect(parseCollateral({ ...wire, version })).toEqual(parseCollateral(wire));
  });

  it.each([0, 2, 5, 1.5, -1, '3', null, 3n])('refuses version %s', (version) => {
    expect(() => parseCollateral({ ...wire, version })).toThrow('collateral.version: unknown');
  });

  it('refuses each absent member, of both forms', () => {
    for (const members of [wire, file]) {
      for (const name of Object.keys(members)) {
        const { [name]: _, ...rest } = members;
        expect(() => parseCollateral(rest)).toThrow(FormatError);
      }
    }
  });

  it('refuses each doubled member, of both forms', () => {
    for (const members of [wire, file]) {
      const text = JSON.stringify(members);
      for (const [name, value] of Object.entries(members)) {
        const doubled = `${text.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
        expect(() => parseCollateral(doubled)).toThrow('a doubled member');
      }
    }
  });

  it('refuses unknown members, and those of the other form', () => {
    for (const members of [
      { ...wire, more: '' },
      { ...file, more: '' },
      { ...wire, ...file },
    ]) {
      expect(() => parseCollateral(members)).toThrow('an unknown member');
    }
  });

  it('refuses members of other types, of both forms', () => {
    for (const members of [wire, file]) {
      for (const name of Object.keys(members)) {
        for (const value of [null, 1, true, {}, [], new Uint8Array(3), undefined]) {
          if (name === 'version' && value === 1) continue;
          expect(() => parseCollateral({ ...members, [name]: value })).toThrow(FormatError);
        }
      }
    }
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['an array', []],
    ['an empty map', new Map()],
    ['no JSON', 'collateral'],
    ['JSON of another kind', '[]'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['more text than any collateral has', `{"a":"${'x'.repeat(5 * 1024 * 1024)}"}`],
  ])('refuses %s', (_, endorsements) => {
    expect(() => parseCollateral(endorsements)).toThrow(FormatError);
  });

  it('refuses a member longer than 1 MiB', () => {
    const long = 'ab'.repeat(1024 * 1024);
    expect(() => parseCollateral({ ...file, pck_crl: long })).toThrow('more than 1 MiB');
  });

  it.each(['tcb_info', 'qe_identity'])('refuses signatures of %s that are none', (name) => {
    for (const signature of ['', 'ab', 'zz'.repeat(64), 'ab'.repeat(65)]) {
      expect(() => parseCollateral({ ...file, [`${name}_signature`]: signature })).toThrow(
        FormatError,
      );
    }
  });

  it('takes hex of either case, but not of both in one text', () => {
    for (const name of ['pck_crl', 'root_ca_crl', 'tcb_info_signature', 'qe_identity_signature']) {
      const upper = String(file[name]).toUpperCase();
      expect(parseCollateral({ ...file, [name]: upper })).toEqual(parseCollateral(file));
      const mixed = upper.replace(/[A-F]/, (digit) => digit.toLowerCase());
      expect(() => parseCollateral({ ...file, [name]: mixed })).toThrow('hex in one case');
    }
  });

  it.each([
    ['an absent signature', /,"signature":"\w+"/, ''],
    ['a doubled signature', /(,"signature":"\w+")/, '$1$1'],
    ['a member more', /^\{/, '{"more":1,'],
    ['another name', /"tcbInfo"/, '"tcbinfo"'],
    ['no object', /"tcbInfo":\{.*\},/, '"tcbInfo":"x",'],
    ['something after it', /$/, ' x'],
  ])('refuses wrapped TCB info with %s', (_, from, to) => {
    const text = String(wire['tcb_info']);
    expect(text.replace(from, to)).not.toBe(text);
    expect(() => parseCollateral({ ...wire, tcb_info: text.replace(from, to) })).toThrow(
      FormatError,
    );
  });

  it('keeps the exact text between the braces, in whatever order', () => {
    const text = String(wire['tcb_info']);
    const [, inner, signature] = /^\{"tcbInfo":(.*),("signature":"\w+")\}$/.exec(text) ?? [];
    const reordered = `{ ${signature} ,\n "tcbInfo" : ${inner} }`;
    expect(parseCollateral({ ...wire, tcb_info: reordered })).toEqual(parseCollateral(wire));
  });

  it('refuses CRLs in the encoding of the other form', () => {
    expect(() => parseCollateral({ ...wire, pck_crl: file['pck_crl'] })).toThrow(FormatError);
    expect(() => parseCollateral({ ...file, pck_crl: wire['pck_crl'] })).toThrow(FormatError);
  });

  it('is not fooled by what an object inherits', () => {
    const inherited = Object.create(wire) as Members;
    expect(() => parseCollateral(inherited)).toThrow('absent');
  });
});

it('the chain that /collateral repeats must be the one of the quote', async () => {
  const other = await simulate();
  for (const name of ['pck_certificate', 'pck_signing_chain'] as const) {
    const endorsements = { ...wire, [name]: other.endorsements[name] };
    expect(await verdictOf(judge({ ...evidence, endorsements }))).toBe('endorsements');
  }
});

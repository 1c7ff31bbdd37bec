import { describe, expect, it } from 'vitest';
import { matchTcbLevel, parseSgxTcbInfo } from '../../src/dcap/tcb-info.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { readCases } from '../vectors.ts';

const names = Array.from({ length: 16 }, (_, index) => String(index + 1).padStart(2, '0'));

type Json = Record<string, unknown>;

/** A level of either version whose components are all `svn`. */
function level(version: number, svn: number, pcesvn: number, more: Json = {}): Json {
  const components =
    version === 2
      ? Object.fromEntries(names.map((name) => [`sgxtcbcomp${name}svn`, svn]))
      : { sgxtcbcomponents: names.map(() => ({ svn, category: 'BIOS', type: 'any' })) };
  return {
    tcb: { ...components, pcesvn },
    tcbDate: '2024-03-13T00:00:00Z',
    tcbStatus: 'UpToDate',
    ...more,
  };
}

function tcbInfo(version: number, more: Json = {}): Json {
  return {
    ...(version === 3 ? { id: 'SGX' } : {}),
    version,
    issueDate: '2025-06-19T10:56:11Z',
    nextUpdate: '2025-07-19T10:56:11Z',
    fmspc: '00A067110000',
    pceId: '0000',
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    tcbLevels: [level(version, 5, 13), level(version, 3, 11, { tcbStatus: 'OutOfDate' })],
    ...more,
  };
}

const parse = (json: Json): ReturnType<typeof parseSgxTcbInfo> =>
  parseSgxTcbInfo(JSON.stringify(json));

describe('parseSgxTcbInfo', () => {
  it.each([2, 3])('reads version %i', (version) => {
    expect(parse(tcbInfo(version))).toEqual({
      validity: { from: new Date('2025-06-19T10:56:11Z'), to: new Date('2025-07-19T10:56:11Z') },
      fmspc: '00a067110000',
      pceId: '0000',
      evaluationDataNumber: 17,
      levels: [
        {
          components: Array.from({ length: 16 }, () => 5),
          pceSvn: 13,
          date: new Date('2024-03-13T00:00:00Z'),
          status: 'UpToDate',
          advisories: [],
        },
        expect.objectContaining({ pceSvn: 11, status: 'OutOfDate' }),
      ],
    });
  });

  it('reads advisories, and past members that Intel may add', () => {
    const advisoryIDs = ['INTEL-SA-00001', 'INTEL-SA-00002'];
    const parsed = parse(
      tcbInfo(3, { later: {}, tcbLevels: [level(3, 1, 1, { advisoryIDs, x: 1 })] }),
    );
    expect(parsed.levels[0]?.advisories).toEqual(advisoryIDs);
  });

  it('orders levels from the highest to the lowest', () => {
    const [first, second] = [level(3, 3, 11), level(3, 5, 13)];
    const parsed = parse(tcbInfo(3, { tcbLevels: [first, second, level(3, 5, 14)] }));
    expect(parsed.levels.map(({ pceSvn }) => pceSvn)).toEqual([14, 13, 11]);
  });

  it.each<[string, Json]>([
    ['version 1', tcbInfo(3, { version: 1 })],
    ['version 4', tcbInfo(3, { version: 4 })],
    ['version 3 without an id', tcbInfo(3, { id: undefined })],
    ['the id of another TEE', tcbInfo(3, { id: 'TDX' })],
    ['a TDX module', tcbInfo(3, { tdxModule: {} })],
    ['TDX module identities', tcbInfo(3, { tdxModuleIdentities: [] })],
    ['another TCB type', tcbInfo(3, { tcbType: 1 })],
    ['a short FMSPC', tcbInfo(3, { fmspc: '00A0671100' })],
    ['a PCEID that is no hex', tcbInfo(3, { pceId: '000x' })],
    ['no issue date', tcbInfo(3, { issueDate: undefined })],
    ['a next update of words', tcbInfo(3, { nextUpdate: 'soon' })],
    ['no evaluation number', tcbInfo(3, { tcbEvaluationDataNumber: undefined })],
    ['an evaluation number beyond 32 bits', tcbInfo(3, { tcbEvaluationDataNumber: 2 ** 32 })],
    ['no levels', tcbInfo(3, { tcbLevels: [] })],
    ['too many levels', tcbInfo(3, { tcbLevels: names.flatMap(() => names).concat('x') })],
    ['a doubled level', tcbInfo(3, { tcbLevels: [level(3, 5, 13), level(3, 5, 13)] })],
    ['components of the other version', tcbInfo(2, { tcbLevels: [level(3, 5, 13)] })],
    ['components of the other version', tcbInfo(3, { tcbLevels: [level(2, 5, 13)] })],
    ['a component beyond a byte', tcbInfo(3, { tcbLevels: [level(3, 256, 13)] })],
    ['a PCESVN beyond two bytes', tcbInfo(3, { tcbLevels: [level(3, 5, 65536)] })],
    ['an unknown status', tcbInfo(3, { tcbLevels: [level(3, 5, 13, { tcbStatus: 'Fine' })] })],
    ['no date', tcbInfo(3, { tcbLevels: [level(3, 5, 13, { tcbDate: undefined })] })],
    ['no array of advisories', tcbInfo(3, { tcbLevels: [level(3, 5, 13, { advisoryIDs: 'x' })] })],
    [
      '15 components',
      tcbInfo(3, {
        tcbLevels: [
          level(3, 5, 13, {
            tcb: { sgxtcbcomponents: names.slice(1).map(() => ({ svn: 5 })), pcesvn: 13 },
          }),
        ],
      }),
    ],
  ])('refuses %s', (_, json) => {
    expect(() => parse(json)).toThrow(FormatError);
  });
});

const sixteen = (svn: number): number[] => Array.from({ length: 16 }, () => svn);

describe('matchTcbLevel', () => {
  const parsed = parse(tcbInfo(3));
  it('finds the highest level that all versions reach', () => {
    expect(matchTcbLevel(parsed, { components: sixteen(9), pceSvn: 99 })?.status).toBe('UpToDate');
    expect(matchTcbLevel(parsed, { components: sixteen(5), pceSvn: 13 })?.status).toBe('UpToDate');
    expect(matchTcbLevel(parsed, { components: sixteen(5), pceSvn: 12 })?.status).toBe('OutOfDate');
  });

  it('lets one component that is too low decide', () => {
    for (let index = 0; index < 16; index++) {
      const components = sixteen(5).with(index, 4);
      expect(matchTcbLevel(parsed, { components, pceSvn: 13 })?.status).toBe('OutOfDate');
      expect(
        matchTcbLevel(parsed, { components: sixteen(5).with(index, 2), pceSvn: 13 }),
      ).toBeNull();
    }
  });

  it('finds none below the lowest', () => {
    expect(matchTcbLevel(parsed, { components: sixteen(9), pceSvn: 10 })).toBeNull();
  });
});

it.each(readCases('dcap').map((vector) => [vector.name, vector] as const))(
  'keeps the order of the levels that Intel signed: %s',
  (_, { collateral }) => {
    const { tcb_info: text = '' } = JSON.parse(collateral) as Record<string, string>;
    const { tcbLevels } = JSON.parse(text) as { tcbLevels: { tcb: { pcesvn: number } }[] };
    expect(parseSgxTcbInfo(text).levels.map(({ pceSvn }) => pceSvn)).toEqual(
      tcbLevels.map(({ tcb }) => tcb.pcesvn),
    );
  },
);

import { describe, expect, it } from 'vitest';
import { parseTdxTcbInfo } from '../../src/dcap/tdx-tcb-info.ts';
import { FormatError } from '../../src/encoding/format-error.ts';
import { readCases } from '../vectors.ts';

type Json = Record<string, unknown>;

const sixteen = (svn: number): number[] => Array.from({ length: 16 }, () => svn);
const components = (svns: readonly number[]): Json[] =>
  svns.map((svn) => ({ svn, category: 'OS/VMM', type: 'any' }));

/** A level of these versions. */
function level(sgx: number[], pcesvn: number, tdx: number[], more: Json = {}): Json {
  return {
    tcb: { sgxtcbcomponents: components(sgx), pcesvn, tdxtcbcomponents: components(tdx) },
    tcbDate: '2024-03-13T00:00:00Z',
    tcbStatus: 'UpToDate',
    ...more,
  };
}

const module = {
  mrsigner: 'AB'.repeat(48),
  attributes: '0102030405060708',
  attributesMask: 'FFFFFFFFFFFFFFFF',
};

function moduleLevel(isvsvn: unknown, more: Json = {}): Json {
  return { tcb: { isvsvn }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: 'UpToDate', ...more };
}

const identity = (more: Json = {}): Json => ({
  id: 'TDX_01',
  ...module,
  tcbLevels: [moduleLevel(2), moduleLevel(4), moduleLevel(3, { advisoryIDs: ['INTEL-SA-01036'] })],
  ...more,
});

function tcbInfo(more: Json = {}): Json {
  return {
    id: 'TDX',
    version: 3,
    issueDate: '2025-06-19T10:56:11Z',
    nextUpdate: '2025-07-19T10:56:11Z',
    fmspc: 'B0C06F000000',
    pceId: '0000',
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    tdxModule: module,
    tdxModuleIdentities: [identity()],
    tcbLevels: [level(sixteen(5), 11, sixteen(3))],
    ...more,
  };
}

const parse = (json: Json): ReturnType<typeof parseTdxTcbInfo> =>
  parseTdxTcbInfo(JSON.stringify(json));

describe('parseTdxTcbInfo', () => {
  it('reads everything', () => {
    expect(parse(tcbInfo({ later: {} }))).toEqual({
      validity: { from: new Date('2025-06-19T10:56:11Z'), to: new Date('2025-07-19T10:56:11Z') },
      fmspc: 'b0c06f000000',
      pceId: '0000',
      evaluationDataNumber: 17,
      module: { mrSigner: new Uint8Array(48).fill(0xab), attributes: 0x0807_0605_0403_0201n },
      moduleIdentities: [
        {
          id: 'TDX_01',
          mrSigner: new Uint8Array(48).fill(0xab),
          attributes: 0x0807_0605_0403_0201n,
          levels: [4, 3, 2].map((isvSvn) => ({
            isvSvn,
            date: new Date('2024-03-13T00:00:00Z'),
            status: 'UpToDate',
            advisories: isvSvn === 3 ? ['INTEL-SA-01036'] : [],
          })),
        },
      ],
      levels: [
        {
          components: sixteen(5),
          pceSvn: 11,
          tdxComponents: sixteen(3),
          date: new Date('2024-03-13T00:00:00Z'),
          status: 'UpToDate',
          advisories: [],
        },
      ],
    });
  });

  it('does without identities of modules', () => {
    expect(parse(tcbInfo({ tdxModuleIdentities: undefined })).moduleIdentities).toEqual([]);
  });

  it('orders levels by components, PCESVN and components for TDX, the highest first', () => {
    const first = (svn: number): number[] => sixteen(3).with(0, svn);
    const last = (svn: number): number[] => sixteen(3).with(15, svn);
    const levels = [
      level(sixteen(5), 11, last(1)),
      level(last(9), 11, sixteen(9)),
      level(sixteen(5), 11, first(4)),
      level(sixteen(5), 12, sixteen(0)),
      level(first(4), 0, sixteen(0)),
      level(sixteen(5), 11, last(2)),
    ];
    const { levels: ordered } = parse(tcbInfo({ tcbLevels: levels }));
    expect(
      ordered.map(({ components: sgx, pceSvn, tdxComponents }) => [
        sgx[0],
        pceSvn,
        tdxComponents[0],
        tdxComponents[15],
      ]),
    ).toEqual([
      [5, 12, 0, 0],
      [5, 11, 4, 3],
      [5, 11, 3, 2],
      [5, 11, 3, 1],
      [4, 0, 0, 0],
      [3, 11, 9, 9],
    ]);
  });

  const withModule = (more: Json): Json => tcbInfo({ tdxModule: { ...module, ...more } });
  const withIdentity = (more: Json): Json => tcbInfo({ tdxModuleIdentities: [identity(more)] });
  const withLevel = (tcb: Json, more: Json = {}): Json => {
    const whole = level(sixteen(5), 11, sixteen(3), more);
    return tcbInfo({ tcbLevels: [{ ...whole, tcb: { ...(whole['tcb'] as Json), ...tcb } }] });
  };

  it.each<[string, Json]>([
    ['version 2', tcbInfo({ version: 2 })],
    ['version 4', tcbInfo({ version: 4 })],
    ['the id of another TEE', tcbInfo({ id: 'SGX' })],
    ['no id', tcbInfo({ id: undefined })],
    ['another TCB type', tcbInfo({ tcbType: 1 })],
    ['no module', tcbInfo({ tdxModule: undefined })],
    ['a module that is none', tcbInfo({ tdxModule: [] })],
    ['a short signer', withModule({ mrsigner: 'AB'.repeat(47) })],
    ['a signer that is no hex', withModule({ mrsigner: 'XY'.repeat(48) })],
    ['long attributes', withModule({ attributes: '000000000000000000' })],
    ['no mask of attributes', withModule({ attributesMask: undefined })],
    ['an empty list of modules', tcbInfo({ tdxModuleIdentities: [] })],
    ['a list of modules that is none', tcbInfo({ tdxModuleIdentities: {} })],
    [
      'a doubled module',
      tcbInfo({ tdxModuleIdentities: [identity(), identity({ id: 'tdx_01' })] }),
    ],
    ['a module without a name', withIdentity({ id: undefined })],
    ['a module without a signer', withIdentity({ mrsigner: undefined })],
    ['a module without attributes', withIdentity({ attributes: undefined })],
    ['a module without a mask', withIdentity({ attributesMask: '00' })],
    ['a module without levels', withIdentity({ tcbLevels: [] })],
    ['a doubled level of a module', withIdentity({ tcbLevels: [moduleLevel(2), moduleLevel(2)] })],
    ['an ISVSVN beyond two bytes', withIdentity({ tcbLevels: [moduleLevel(65536)] })],
    ['an ISVSVN that is no number', withIdentity({ tcbLevels: [moduleLevel('4')] })],
    [
      'a status that no module has',
      withIdentity({ tcbLevels: [moduleLevel(4, { tcbStatus: 'SWHardeningNeeded' })] }),
    ],
    [
      'a level of a module without a date',
      withIdentity({ tcbLevels: [moduleLevel(4, { tcbDate: 1 })] }),
    ],
    ['a level without components for TDX', withLevel({ tdxtcbcomponents: undefined })],
    ['a level with 15 of them', withLevel({ tdxtcbcomponents: components(sixteen(3).slice(1)) })],
    ['a level with 17 of them', withLevel({ tdxtcbcomponents: components([...sixteen(3), 3]) })],
    ['a component beyond a byte', withLevel({ tdxtcbcomponents: components(sixteen(256)) })],
    [
      'a category that is no text',
      withLevel({ tdxtcbcomponents: sixteen(3).map((svn) => ({ svn, category: 1 })) }),
    ],
    [
      'a type that is no text',
      withLevel({ sgxtcbcomponents: sixteen(3).map((svn) => ({ svn, type: null })) }),
    ],
    ['a level without components for SGX', withLevel({ sgxtcbcomponents: undefined })],
    ['an unknown status', withLevel({}, { tcbStatus: 'TDRelaunchAdvised' })],
    ['no levels', tcbInfo({ tcbLevels: [] })],
    [
      'a doubled level',
      tcbInfo({
        tcbLevels: [level(sixteen(5), 11, sixteen(3)), level(sixteen(5), 11, sixteen(3))],
      }),
    ],
  ])('refuses %s', (_, json) => {
    expect(() => parse(json)).toThrow(FormatError);
  });
});

it.each(readCases('dcap', 'tdx').map((vector) => [vector.name, vector] as const))(
  'keeps the order of the levels that Intel signed: %s',
  (_, { collateral }) => {
    const { tcb_info: text = '' } = JSON.parse(collateral) as Record<string, string>;
    const signed = JSON.parse(text) as {
      tcbLevels: { tcb: { tdxtcbcomponents: { svn: number }[] } }[];
    };
    expect(parseTdxTcbInfo(text).levels.map(({ tdxComponents }) => tdxComponents)).toEqual(
      signed.tcbLevels.map(({ tcb }) => tcb.tdxtcbcomponents.map(({ svn }) => svn)),
    );
  },
);

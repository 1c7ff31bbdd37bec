import { describe, expect, test } from 'vitest';
import { ManifestError, parseManifest } from '../../src/manifest.ts';

const hex = (byte: string): string => byte.repeat(48);
const bytes = (byte: number): Uint8Array => new Uint8Array(48).fill(byte);
const entry = (pcrs: Readonly<Record<string, string>>, more = ''): string => {
  const lines = Object.entries(pcrs).map(([index, pcr]) => `${index} = ${pcr}\n`);
  return `version = 1\n[[nitro]]\n${more}[nitro.pcrs]\n${lines.join('')}`;
};
const least = { 0: `"${hex('10')}"`, 1: `"${hex('11')}"`, 2: `"${hex('12')}"` };

describe('[[nitro]]', () => {
  test('with all that it can say', () => {
    const more = 'name = "server"\ncovers = ["kernel"]\nuntil = 2027-03-01\n';
    const pcrs = { ...least, 3: `"${hex('AB')}"`, 4: `"${hex('14')}"`, 8: `"${hex('00')}"` };
    expect(parseManifest(entry(pcrs, more)).nitro).toEqual([
      {
        name: 'server',
        covers: ['kernel'],
        until: new Date('2027-03-01T00:00:00Z'),
        pcrs: new Map([
          [0, bytes(0x10)],
          [1, bytes(0x11)],
          [2, bytes(0x12)],
          [3, bytes(0xab)],
          [4, bytes(0x14)],
          [8, bytes(0x00)],
        ]),
      },
    ]);
  });

  test('covers everything unless it says less', () => {
    const [{ covers, name, until } = { covers: [] }] = parseManifest(entry(least)).nitro;
    expect(covers).toEqual(['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs']);
    expect([name, until]).toEqual([null, null]);
  });

  test('takes its PCRs on one line too', () => {
    const pcrs = Object.entries(least).map(([index, pcr]) => `${index} = ${pcr}`);
    const [found] = parseManifest(`version = 1\n[[nitro]]\npcrs = { ${pcrs.join(', ')} }`).nitro;
    expect([...found!.pcrs.keys()]).toEqual([0, 1, 2]);
  });

  const refused: readonly (readonly [what: string, toml: string, key: string, problem: string])[] =
    [
      ['no PCRs', 'version = 1\n[[nitro]]', 'nitro[0].pcrs.0', 'required, found nothing'],
      ...[0, 1, 2].map((index) => {
        const others = Object.entries(least).filter(([key]) => key !== String(index));
        const toml = entry(Object.fromEntries(others));
        return [
          `no PCR${index}`,
          toml,
          `nitro[0].pcrs.${index}`,
          'required, found nothing',
        ] as const;
      }),
      ...[0, 1, 2].map((index) => {
        const toml = entry({ ...least, [index]: `"${hex('00')}"` });
        return [`zeros in PCR${index}`, toml, `nitro[0].pcrs.${index}`, 'found zeros'] as const;
      }),
      [
        'an unknown PCR',
        entry({ ...least, 5: `"${hex('15')}"` }),
        'nitro[0].pcrs.5',
        'unknown key',
      ],
      [
        'a PCR by another name',
        entry({ ...least, pcr3: '""' }),
        'nitro[0].pcrs.pcr3',
        'unknown key',
      ],
      [
        'a PCR of SHA-256',
        entry({ ...least, 3: `"${'13'.repeat(32)}"` }),
        'nitro[0].pcrs.3',
        'expected 96 hexadecimal digits',
      ],
      ['a PCR that is a number', entry({ ...least, 3: '1' }), 'nitro[0].pcrs.3', 'found 1'],
      [
        'PCRs in an array',
        'version = 1\n[[nitro]]\npcrs = []',
        'nitro[0].pcrs',
        'expected a table',
      ],
      [
        'a key of other entries',
        entry(least, 'mr_enclave = ""\n'),
        'nitro[0].mr_enclave',
        'unknown',
      ],
      ['a dropped check', entry(least, 'allow_debug = true\n'), 'nitro[0].allow_debug', 'unknown'],
      ['one table', `version = 1\n[nitro]`, 'nitro', 'written [[nitro]]'],
    ];
  test.each(refused)('%s', (_, toml, key, problem) => {
    const parse = (): unknown => parseManifest(toml);
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow(`manifest, ${key}: `);
    expect(parse).toThrow(problem);
  });
});

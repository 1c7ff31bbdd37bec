import { describe, expect, test } from 'vitest';
import { coversBoot } from '../../src/manifest/azure-entry.ts';
import { ManifestError, parseManifest } from '../../src/manifest.ts';

const head = 'version = 1\n[[azure]]\n';
const measurement = `measurement = "${'11'.repeat(48)}"\n`;
const covers = 'covers = ["firmware", "kernel"]\n';
const zeros = '00'.repeat(32);

/** An entry with these PCRs, some of them zero. */
function entry(numbers: readonly number[], more = '', zero: readonly number[] = []): string {
  const lines = numbers.map(
    (index) =>
      `${index} = "${zero.includes(index) ? zeros : (0x40 + index).toString(16).repeat(32)}"\n`,
  );
  return `${head}${covers}${measurement}${more}[azure.pcrs]\n${lines.join('')}`;
}

describe('[[azure]]', () => {
  test('with all that it can say', () => {
    const more = `name = "server"
until = 2027-03-01
minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }
chip_id = ["${'AB'.repeat(64)}"]
platform = ["${'Cd'.repeat(16)}"]
`;
    const pcrs = [4, 8, 9, 23];
    expect(parseManifest(entry(pcrs, more)).azure).toEqual([
      {
        name: 'server',
        covers: ['firmware', 'kernel'],
        until: new Date('2027-03-01T00:00:00Z'),
        measurement: new Uint8Array(48).fill(0x11),
        pcrs: new Map(pcrs.map((index) => [index, new Uint8Array(32).fill(0x40 + index)])),
        minimumTcb: { bootloader: 4, tee: 0, snp: 24, microcode: 219 },
        chipId: ['ab'.repeat(64)],
        platform: ['cd'.repeat(16)],
      },
    ]);
  });

  test('with the least that it must say', () => {
    expect(parseManifest(entry([4, 8, 9])).azure).toMatchObject([
      { name: null, until: null, minimumTcb: null, chipId: null, platform: null },
    ]);
  });

  test.each([
    ['GRUB', [4, 8, 9]],
    ['a unified kernel image', [4, 11]],
    ['a unified kernel image, and what it was given besides', [4, 11, 12]],
    ['a kernel image with a stub', [4, 9, 12]],
    ['several', [4, 8, 9, 11]],
    ['all', Array.from({ length: 24 }, (_, index) => index)],
  ])('is accepted with the PCRs of %s', (_, numbers) => {
    const [{ pcrs } = { pcrs: new Map() }] = parseManifest(entry(numbers)).azure;
    expect([...pcrs.keys()]).toEqual(numbers);
  });

  test.each([
    ['none', []],
    ['the boot loader only', [4]],
    ['no boot loader', [8, 9, 11, 12]],
    ['no files of GRUB', [4, 8]],
    ['no commands of GRUB', [4, 9]],
    ['no initrd', [4, 12]],
    ['none of those that matter', [0, 1, 2, 3, 4, 5, 6, 7, 10, 13, 14, 15]],
  ])('is refused with PCRs that cover too little: %s', (_, numbers) => {
    const parse = (): unknown => parseManifest(entry(numbers));
    expect(parse).toThrow(ManifestError);
    expect(parse).toThrow('manifest, azure[0].pcrs: required: 4 (boot loader)');
  });

  test.each([
    ['GRUB', [4, 8, 9], [], true],
    ['a unified kernel image, and what it was given besides', [4, 11, 12], [], true],
    ['a unified kernel image that was given nothing', [4, 11, 12], [12], true],
    ['a kernel image with a stub', [4, 9, 12], [], true],
    ['a kernel image with a stub, and GRUB that was not there', [4, 8, 9, 12], [8], true],
    ['a unified kernel image that may be given anything', [4, 11], [], false],
    ['no boot loader', [4, 8, 9], [4], false],
    ['GRUB that did nothing', [4, 8, 9], [8], false],
    ['GRUB that read nothing', [4, 8, 9], [9], false],
    ['a unified kernel image that was not there', [4, 11, 12], [11], false],
    ['a stub that had no command line', [4, 9, 12], [12], false],
  ])('whether the values cover the start: %s', (_, numbers, zero, covered) => {
    const [found] = parseManifest(entry(numbers, '', zero)).azure;
    expect(coversBoot(found!)).toBe(covered);
  });

  const refused: readonly (readonly [what: string, toml: string, problem: string])[] = [
    ['no measurement', `${head}${covers}`, 'azure[0].measurement: required'],
    ['no covers', `${head}${measurement}`, 'azure[0].covers: required'],
    ['no PCRs', `${head}${covers}${measurement}`, 'azure[0].pcrs: required'],
    ['a PCR beyond 23', `${entry([4, 8, 9])}24 = "${zeros}"`, 'azure[0].pcrs.24: unknown key'],
    ['a PCR by name', `${entry([4, 8, 9])}pcr0 = "${zeros}"`, 'azure[0].pcrs.pcr0: unknown key'],
    [
      'a PCR of SHA-384',
      `${entry([4, 8, 9])}0 = "${'00'.repeat(48)}"`,
      'azure[0].pcrs.0: expected 64',
    ],
    [
      'a floor left out',
      entry([4, 8, 9], 'minimum_tcb = { bootloader = 4, tee = 0, snp = 24 }\n'),
      'azure[0].minimum_tcb.microcode: required',
    ],
    [
      'no floors',
      entry([4, 8, 9], 'minimum_tcb = {}\n'),
      'azure[0].minimum_tcb.bootloader: required',
    ],
    ['a level', entry([4, 8, 9], 'vmpl = 1\n'), 'azure[0].vmpl: unknown key'],
    [
      'a dropped check',
      entry([4, 8, 9], 'allow_debug = true\n'),
      'azure[0].allow_debug: unknown key',
    ],
    ['one table', 'version = 1\n[azure]', 'azure: expected an array of tables, written [[azure]]'],
  ];
  test.each(refused)('is refused with %s', (_, toml, problem) => {
    expect(() => parseManifest(toml)).toThrow(ManifestError);
    expect(() => parseManifest(toml)).toThrow(`manifest, ${problem}`);
  });
});

import { describe, expect, test } from 'vitest';
import {
  formatLegacyManifest,
  formatManifest,
  ManifestError,
  parseManifest,
} from '../src/manifest.ts';
import type { Manifest, SgxEntry } from '../src/manifest.ts';

const code = '11'.repeat(32);
const head = `version = 1\n`;
const entry = `${head}[[sgx]]\nmr_enclave = "${code}"\n`;

/** What an entry demands that names no more than the code. */
const strict: SgxEntry = {
  name: null,
  covers: ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'],
  mrEnclave: new Uint8Array(32).fill(0x11),
  mrSigner: null,
  isvProdId: null,
  isvSvn: null,
  configId: null,
  attributesFlags: 0x4n,
  attributesMaskFlags: 0xffff_ffff_ffff_ffffn,
  attributesXfrm: 0x3n,
  attributesMaskXfrm: 0xffff_ffff_fff9_fd1bn,
  miscSelect: 0,
  miscMask: 0xffff_ffff,
  platform: null,
  until: null,
};

/** BlindAI's file for production, with its eight keys and its way of writing numbers. */
const blindAI = `
mr_enclave = "${code}"
allow_debug = false
attributes_flags_hex = "0x4"
attributes_mask_flags_hex = "0xfffffffffffffffd"
attributes_xfrm_hex = "0x3"
attributes_mask_xfrm_hex = "0xffffffffffffff1b"
misc_select_hex = "0x0"
misc_mask_hex = "0xffffffff"
`;

function refusal(toml: string): { key: string | null; message: string } {
  try {
    parseManifest(toml);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    expect(error.code).toBe('bad-manifest');
    return { key: error.key, message: error.message };
  }
  throw new Error('the manifest was not refused');
}

describe('a manifest that is accepted', () => {
  test('says everything', () => {
    const manifest = parseManifest(`
      version = 1

      [[sgx]]
      name = "server 1.4"
      covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]
      mr_enclave = "${code}"
      mr_signer = "${'AB'.repeat(32)}"
      isv_prod_id = 7
      isv_svn = 65535
      config_id = "${'22'.repeat(64)}"
      attributes_flags_hex = "0000000000000004"
      attributes_mask_flags_hex = "ffffffffffffffff"
      attributes_xfrm_hex = "0x3"
      attributes_mask_xfrm_hex = "FFFFFFFFFFFFFF1B"
      misc_select_hex = "00000001"
      misc_mask_hex = "fffffffe"
      platform = ["${'Cd'.repeat(16)}", "${'ef'.repeat(16)}"]
      until = 2027-03-01

      [[sgx]]
      mr_enclave = "${'33'.repeat(32)}"
      until = 2027-03-01T01:00:00+02:00

      [intel]
      tcb_statuses = ["UpToDate", "SWHardeningNeeded"]
      min_tcb_evaluation_data_number = 17
      max_collateral_age = "30d"

      [[exception]]
      advisory = "INTEL-SA-00960"
      until = 2026-12-31
      reason = "BIOS update scheduled – März"

      [transport]
      post_quantum = true

      [config]
      isolation = "separated"
      anonymous = true
    `);
    expect(manifest).toEqual({
      sgx: [
        {
          name: 'server 1.4',
          covers: ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'],
          mrEnclave: new Uint8Array(32).fill(0x11),
          mrSigner: new Uint8Array(32).fill(0xab),
          isvProdId: 7,
          isvSvn: 65535,
          configId: new Uint8Array(64).fill(0x22),
          attributesFlags: 4n,
          attributesMaskFlags: 0xffff_ffff_ffff_ffffn,
          attributesXfrm: 3n,
          attributesMaskXfrm: 0xffff_ffff_ffff_ff1bn,
          miscSelect: 1,
          miscMask: 0xffff_fffe,
          platform: ['cd'.repeat(16), 'ef'.repeat(16)],
          until: new Date('2027-03-01T00:00:00Z'),
        },
        {
          ...strict,
          mrEnclave: new Uint8Array(32).fill(0x33),
          until: new Date('2027-02-28T23:00:00Z'),
        },
      ],
      tdx: [],
      sevSnp: [],
      azure: [],
      nitro: [],
      intel: {
        tcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
        minTcbEvaluationDataNumber: 17,
        maxCollateralAgeMs: 30 * 24 * 60 * 60 * 1000,
      },
      exceptions: [
        {
          advisory: 'INTEL-SA-00960',
          until: new Date('2026-12-31T00:00:00Z'),
          reason: 'BIOS update scheduled – März',
        },
      ],
      transport: { postQuantum: true },
      config: { isolation: 'separated', anonymous: true },
      asksForDebug: false,
    } satisfies Manifest);
  });

  test('says only what it must, and the rest is strict', () => {
    expect(parseManifest(entry)).toEqual({
      sgx: [strict],
      tdx: [],
      sevSnp: [],
      azure: [],
      nitro: [],
      intel: {
        tcbStatuses: ['UpToDate'],
        minTcbEvaluationDataNumber: null,
        maxCollateralAgeMs: null,
      },
      exceptions: [],
      transport: { postQuantum: false },
      config: {},
      asksForDebug: false,
    } satisfies Manifest);
  });

  test("is BlindAI's own, as it is", () => {
    const { sgx, asksForDebug, intel } = parseManifest(blindAI);
    expect(sgx).toEqual([
      {
        ...strict,
        attributesMaskFlags: 0xffff_ffff_ffff_fffdn,
        attributesMaskXfrm: 0xffff_ffff_ffff_ff1bn,
      },
    ]);
    expect(asksForDebug).toBe(false);
    expect(intel.tcbStatuses).toEqual(['UpToDate']);
  });

  test("is BlindAI's own, asking for debug", () => {
    expect(parseManifest(blindAI.replace('debug = false', 'debug = true')).asksForDebug).toBe(true);
  });

  test("is BlindAI's own with the shared tables after it", () => {
    const { sgx, intel, config } = parseManifest(
      `${blindAI}[intel]\ntcb_statuses = ["SWHardeningNeeded"]\n[config]\nanonymous = true`,
    );
    expect(sgx).toHaveLength(1);
    expect(intel.tcbStatuses).toEqual(['SWHardeningNeeded']);
    expect(config).toEqual({ anonymous: true });
  });

  test('without an entry accepts no evidence', () => {
    expect(parseManifest(head).sgx).toEqual([]);
  });

  test.each([
    ['1h', 3_600_000],
    ['9999d', 9999 * 86_400_000],
  ])('writes a duration as %s', (text, milliseconds) => {
    const { intel } = parseManifest(`${head}[intel]\nmax_collateral_age = "${text}"`);
    expect(intel.maxCollateralAgeMs).toBe(milliseconds);
  });

  test('may hold impossible days where they are no dates', () => {
    const text = `${head}# until 2027-02-30\n[[sgx]]\nmr_enclave = "${code}"\nname = "of 2027-02-30"`;
    expect(parseManifest(text).sgx[0]?.name).toBe('of 2027-02-30');
  });
});

describe('a manifest that is refused', () => {
  const hex32 = 'expected 64 hexadecimal digits';
  const sgx = (line: string): string => `${entry}${line}\n`;
  const intel = (line: string): string => `${entry}[intel]\n${line}\n`;
  const exception = (lines: string): string => `${entry}[[exception]]\n${lines}\n`;

  const cases: readonly (readonly [toml: string, key: string | null, reason: string])[] = [
    // the file
    ['version = ', null, 'line 1, column 11'],
    ['version = 1\nversion = 1', null, 'line 2, column 1'],
    [`${' '.repeat(1024 * 1024)}x`, null, 'expected at most 1048576 characters, found 1048577'],
    [`x = ${'['.repeat(100)}${']'.repeat(100)}`, null, 'nested'],
    ['', 'version', 'required, found nothing'],
    ['version = 0', 'version', 'expected 1, found 0'],
    ['version = 2', 'version', 'expected a whole number from 0 to 1, found 2'],
    ['version = 1.0', 'version', 'found the float 1'],
    ['version = "1"', 'version', 'found "1"'],
    [`${head}colour = "red"`, 'colour', 'unknown key'],
    [`${head}[__proto__]\nx = 1`, '__proto__', 'unknown key'],
    [`${head}"a\\u001b[2J" = 1`, '"a\\u001b[2J"', 'unknown key'],
    // entries
    [`${head}[sgx]\nmr_enclave = "${code}"`, 'sgx', 'expected an array of tables, written [[sgx]]'],
    [`${head}sgx = [1]`, 'sgx', 'found an array of 1'],
    [`${head}[[sgx]]`, 'sgx[0].mr_enclave', 'required, found nothing'],
    [`${entry}[[sgx]]\nname = "b"`, 'sgx[1].mr_enclave', 'required, found nothing'],
    [
      `${head}[[sgx]]\nmr_enclave = "${code}0"`,
      'sgx[0].mr_enclave',
      `${hex32}, found a text of 65`,
    ],
    [`${head}[[sgx]]\nmr_enclave = "0x${code.slice(2)}"`, 'sgx[0].mr_enclave', hex32],
    [`${head}[[sgx]]\nmr_enclave = ""`, 'sgx[0].mr_enclave', `${hex32}, found ""`],
    [`${head}[[sgx]]\nmr_enclave = 1`, 'sgx[0].mr_enclave', `${hex32}, found 1`],
    [sgx('allow_debug = true'), 'sgx[0].allow_debug', 'unknown key'],
    [sgx('any_measurement = true'), 'sgx[0].any_measurement', 'unknown key'],
    [sgx('name = ""'), 'sgx[0].name', 'expected one line of at most 200 printable characters'],
    [sgx(`name = "${'n'.repeat(201)}"`), 'sgx[0].name', 'found a text of 201 characters'],
    [sgx('name = "a\\nb"'), 'sgx[0].name', 'found "a\\nb"'],
    [sgx('name = "\\u202Eevil"'), 'sgx[0].name', 'found "\\u202eevil"'],
    [sgx('name = "\\u001B[2J"'), 'sgx[0].name', 'found "\\u001b[2J"'],
    [sgx('name = 3'), 'sgx[0].name', 'found 3'],
    [sgx('covers = []'), 'sgx[0].covers', 'at least one and none twice, found an array of 0'],
    [sgx('covers = ["kernel", "kernel"]'), 'sgx[0].covers', 'found an array of 2'],
    [sgx('covers = ["kernel", "bios"]'), 'sgx[0].covers[1]', 'found "bios"'],
    [sgx('covers = "kernel"'), 'sgx[0].covers', 'found "kernel"'],
    [sgx('mr_signer = "00"'), 'sgx[0].mr_signer', hex32],
    [sgx('config_id = "00"'), 'sgx[0].config_id', 'expected 128 hexadecimal digits'],
    [sgx('isv_prod_id = 65536'), 'sgx[0].isv_prod_id', 'from 0 to 65535, found 65536'],
    [sgx('isv_prod_id = -1'), 'sgx[0].isv_prod_id', 'found -1'],
    [sgx('isv_svn = 1.0'), 'sgx[0].isv_svn', 'found the float 1'],
    [sgx('isv_svn = "1"'), 'sgx[0].isv_svn', 'found "1"'],
    [sgx('attributes_flags_hex = 4'), 'sgx[0].attributes_flags_hex', 'found 4'],
    [sgx('attributes_flags_hex = "0x"'), 'sgx[0].attributes_flags_hex', 'found "0x"'],
    [sgx('attributes_mask_flags_hex = "-1"'), 'sgx[0].attributes_mask_flags_hex', 'found "-1"'],
    [sgx('attributes_xfrm_hex = "g"'), 'sgx[0].attributes_xfrm_hex', 'number of 64 bits'],
    [
      sgx(`attributes_mask_xfrm_hex = "0x1${'0'.repeat(16)}"`),
      'sgx[0].attributes_mask_xfrm_hex',
      'number of 64 bits',
    ],
    [sgx('misc_select_hex = "100000000"'), 'sgx[0].misc_select_hex', 'number of 32 bits'],
    [sgx('misc_mask_hex = ""'), 'sgx[0].misc_mask_hex', 'number of 32 bits'],
    [sgx('platform = []'), 'sgx[0].platform', 'found an array of 0'],
    [sgx('platform = ["00"]'), 'sgx[0].platform[0]', 'expected 32 hexadecimal digits, found "00"'],
    [sgx(`platform = ["${'ab'.repeat(16)}", "${'AB'.repeat(16)}"]`), 'sgx[0].platform', 'twice'],
    [sgx('platform = [1]'), 'sgx[0].platform[0]', 'found 1'],
    [sgx('until = "2027-03-01"'), 'sgx[0].until', 'expected a date'],
    [sgx('until = 2027-03-01T00:00:00'), 'sgx[0].until', 'a date and time with an offset'],
    [sgx('until = 07:30:00'), 'sgx[0].until', 'found a date or time'],
    [sgx('until = 2027-02-30'), null, 'there is no day 2027-02-30'],
    [sgx('until = 2027-02-29T00:00:00Z'), null, 'there is no day 2027-02-29'],
    [sgx('until = 2027-13-01'), null, 'line 4'],
    // BlindAI's file
    ...blindAI
      .trim()
      .split('\n')
      .map((line): [string, string, string] => {
        const [key = ''] = line.split(' ');
        return [blindAI.replace(`${line}\n`, ''), key, 'required, found nothing'];
      }),
    [blindAI.replace('= false', '= "false"'), 'allow_debug', 'expected true or false'],
    [blindAI.replace('"0x4"', '"0xg"'), 'attributes_flags_hex', 'number of 64 bits'],
    [blindAI.replace('"0xffffffff"', '"0x1ffffffff"'), 'misc_mask_hex', 'number of 32 bits'],
    [`${blindAI}isv_svn = 1`, 'isv_svn', 'unknown key'],
    [`${blindAI}version = 2`, 'version', 'found 2'],
    [`${blindAI}[[sgx]]\nmr_enclave = "${code}"`, 'sgx', "BlindAI's keys at the top"],
    [`${head}allow_debug = true`, 'mr_enclave', 'required'],
    // intel
    [`${entry}[[intel]]`, 'intel', 'expected a table'],
    [intel('tcb_statuses = []'), 'intel.tcb_statuses', 'found an array of 0'],
    [intel('tcb_statuses = ["Revoked"]'), 'intel.tcb_statuses[0]', 'found "Revoked"'],
    [intel('tcb_statuses = ["uptodate"]'), 'intel.tcb_statuses[0]', 'found "uptodate"'],
    [intel('tcb_statuses = ["UpToDate", "UpToDate"]'), 'intel.tcb_statuses', 'none twice'],
    [intel('tcb_statuses = "UpToDate"'), 'intel.tcb_statuses', 'expected an array'],
    [
      intel('min_tcb_evaluation_data_number = -1'),
      'intel.min_tcb_evaluation_data_number',
      'found -1',
    ],
    [
      intel('min_tcb_evaluation_data_number = 99999999999999999999'),
      'intel.min_tcb_evaluation_data_number',
      'found 99999999999999999999',
    ],
    ...['30', '0d', '-1d', '1.5d', '30 d', '30m', '10000d', ''].map(
      (age): [string, string, string] => [
        intel(`max_collateral_age = "${age}"`),
        'intel.max_collateral_age',
        `expected days or hours, like "30d" or "12h", found "${age}"`,
      ],
    ),
    [intel('max_collateral_age = 30'), 'intel.max_collateral_age', 'found 30'],
    [intel('missing_crl = "accept"'), 'intel.missing_crl', 'unknown key'],
    // exceptions
    [`${entry}[exception]`, 'exception', 'written [[exception]]'],
    [exception('until = 2027-01-01\nreason = "r"'), 'exception[0].advisory', 'required'],
    [exception('advisory = "INTEL-SA-00960"\nreason = "r"'), 'exception[0].until', 'required'],
    [
      exception('advisory = "INTEL-SA-00960"\nuntil = 2027-01-01'),
      'exception[0].reason',
      'required',
    ],
    [exception('advisory = "*"'), 'exception[0].advisory', 'like "INTEL-SA-00960", found "*"'],
    [
      exception('advisory = "INTEL-SA-00960"\nuntil = 2027-01-01\nreason = "r"\nextra = 1'),
      'exception[0].extra',
      'unknown key',
    ],
    [
      exception(
        'advisory = "INTEL-SA-00960"\nuntil = 2027-01-01\nreason = "r"\n[[exception]]\nadvisory = "INTEL-SA-00960"',
      ),
      'exception[1].advisory',
      'expected each advisory once',
    ],
    [
      exception('advisory = "INTEL-SA-00960"\nuntil = 2027-01-01\nreason = ""'),
      'exception[0].reason',
      'printable',
    ],
    // transport and config
    [`${entry}[transport]\npost_quantum = "yes"`, 'transport.post_quantum', 'true or false'],
    [`${entry}[transport]\ntls = "1.2"`, 'transport.tls', 'unknown key'],
    [`${entry}[config]\nisolation = "weak"`, 'config.isolation', 'found "weak"'],
    [`${entry}[config]\nanonymous = 1`, 'config.anonymous', 'found 1'],
    [`${entry}[config]\nsimulation = true`, 'config.simulation', 'unknown key'],
    [`${entry}config = 1`, 'sgx[0].config', 'unknown key'],
  ];

  const rows = cases.map(([toml, key, reason]) => ({ toml, key, reason }));
  test.each(rows)('$key: $reason', ({ toml, key, reason }) => {
    const found = refusal(toml);
    expect(found.key).toBe(key);
    expect(found.message).toContain(reason);
    expect(found.message).toMatch(/^[\x20-\x7e]+$/);
  });

  test('in any truncation and with any character changed, never with another error', () => {
    const whole = `${entry}name = "a"\nuntil = 2027-03-01\n[intel]\ntcb_statuses = ["UpToDate"]\n`;
    for (let index = 0; index < whole.length; index += 1) {
      for (const changed of ['', '\0', '"', '\\', '[', '=', '-', '\u{1f600}', '9']) {
        const text = whole.slice(0, index) + changed + whole.slice(index + 1);
        for (const variant of [text, text.slice(0, index + 1)]) {
          try {
            parseManifest(variant);
          } catch (error) {
            if (!(error instanceof ManifestError)) throw error;
          }
        }
      }
    }
  });
});

describe('a manifest that is written', () => {
  test('is accepted and says the same', () => {
    const text = formatManifest({ mrEnclave: code, name: 'a "build" \\ of März' });
    expect(text).toContain(`mr_enclave = "${code}"`);
    expect(parseManifest(text)).toEqual({
      ...parseManifest(entry),
      sgx: [{ ...strict, name: 'a "build" \\ of März' }],
    });
    expect(parseManifest(formatManifest({ mrEnclave: code }))).toEqual(parseManifest(entry));
  });

  test("BlindAI's form says the same", () => {
    const text = formatLegacyManifest({ mrEnclave: code });
    expect(parseManifest(text)).toEqual(parseManifest(formatManifest({ mrEnclave: code })));
    expect(text).not.toContain('[[sgx]]');
  });

  test('is refused where it would be refused to be read', () => {
    expect(() => formatManifest({ mrEnclave: 'zz' })).toThrow(ManifestError);
    expect(() => formatManifest({ mrEnclave: code, name: 'a\nb' })).toThrow('sgx[0].name');
  });
});

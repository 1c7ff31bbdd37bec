import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ManifestDescription } from '../../src/manifest/description.ts';
import { recordedRun } from '../recorded-run.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
const at = '2026-01-15T12:00:00Z';
const mrEnclave = `mr_enclave = "${'5a'.repeat(32)}"`;
const strict = `version = 1
[[sgx]]
${mrEnclave}
[intel]
min_tcb_evaluation_data_number = 17
`;

/** What `manifest check --json` prints. */
type Checked = ManifestDescription & { valid: boolean; sha256: string; key?: string | null };

async function check(toml: string): Promise<{ status: number; printed: Checked }> {
  const file = folder.write('manifest.toml', toml);
  const { status, out } = await recordedRun(['manifest', 'check', file, '--at', at, '--json']);
  return { status, printed: JSON.parse(out) as Checked };
}

const show = async (toml: string, columns: number | null = null): Promise<string> => {
  const file = folder.write('manifest.toml', toml);
  return (await recordedRun(['manifest', 'check', file, '--at', at], columns)).out;
};

/** Path of the key and check of each weakening. */
const weakenings = async (toml: string): Promise<string[]> =>
  (await check(toml)).printed.weakened.map(({ key, check: row }) => `${key}: ${row}`);

describe('a valid manifest', () => {
  it('is described with its hash, and weakens nothing where it is strict', async () => {
    const { status, printed } = await check(strict);
    expect(status).toBe(0);
    expect(printed).toMatchObject({
      valid: true,
      sha256: createHash('sha256').update(strict).digest('hex'),
      entries: [
        {
          key: 'sgx[0]',
          name: null,
          accepts: `an SGX enclave with MRENCLAVE ${'5a'.repeat(32)}`,
          measurement: '5a'.repeat(32),
          uncovered: [],
          until: null,
          ended: false,
        },
      ],
      weakened: [],
      notes: [],
    });
    expect(printed.tables.map(({ key }) => key)).toEqual(['intel', 'transport', 'config']);
  });

  it('is shown by table, with the hash and the verdict at the end', async () => {
    const text = await show(strict);
    expect(text).toMatch(/^sgx\[0\]\n {2}accepts {2,}an SGX enclave with MRENCLAVE 5a5a/);
    expect(text).toMatch(/\n {2}TCB status {2,}UpToDate\n/);
    expect(text).toMatch(/\n {2}evaluation number {2,}at least 17\n/);
    expect(text).toMatch(/\n {2}isolation {2,}sandboxed \(none in a simulation\)\n/);
    expect(text).toMatch(/\n\nsha256 [0-9a-f]{64}\nVALID\n$/);
    expect(text).not.toContain('!');
  });

  it('fits into a terminal, hashes apart', async () => {
    const reason = 'the update is scheduled for the next maintenance window, in so many words';
    const long = `${strict}[[exception]]\nadvisory = "INTEL-SA-00960"\nuntil = 2026-12-31\nreason = "${reason}"\n`;
    const lines = (await show(long, 80)).split('\n').filter((line) => !/[0-9a-f]{64}/.test(line));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(reason);
  });

  it('may be of BlindAI itself', async () => {
    const { printed } = await check(`mr_enclave = "${'5a'.repeat(32)}"
allow_debug = true
attributes_flags_hex = "0x4"
attributes_mask_flags_hex = "0xfffffffffffffffd"
attributes_xfrm_hex = "0x3"
attributes_mask_xfrm_hex = "0xffffffffffffff1b"
misc_select_hex = "0x0"
misc_mask_hex = "0xffffffff"
`);
    expect(printed.valid).toBe(true);
    expect(printed.notes).toEqual([
      'allow_debug = true refuses everything, unless the caller says --allow-debug too',
    ]);
    expect(printed.weakened.map(({ key }) => key)).toEqual([
      'intel.min_tcb_evaluation_data_number',
    ]);
  });
});

describe('less than the strict default is a warning', () => {
  it.each([
    [
      `version = 1\n[[sgx]]\n${mrEnclave}\n`,
      'intel.min_tcb_evaluation_data_number: tcb-evaluation-number',
    ],
    [`${strict}tcb_statuses = ["UpToDate", "OutOfDate"]\n`, 'intel.tcb_statuses: tcb-status'],
    [
      `${strict}[[exception]]\nadvisory = "INTEL-SA-00960"\nuntil = 2026-12-31\nreason = "r"\n`,
      'exception[0]: tcb-status',
    ],
    [`${strict}[config]\nisolation = "separated"\n`, 'config.isolation: config'],
    [`${strict}[config]\nanonymous = true\n`, 'config.anonymous: config'],
    [`${strict}[[sgx]]\n${mrEnclave}\ncovers = ["firmware"]\n`, 'sgx[1].covers: measurement'],
    [
      `${strict}[[sgx]]\n${mrEnclave}\nattributes_mask_flags_hex = "ff"\n`,
      'sgx[1].attributes_mask_flags_hex: attributes',
    ],
    [
      `${strict}[[sgx]]\n${mrEnclave}\nattributes_mask_xfrm_hex = "3"\n`,
      'sgx[1].attributes_mask_xfrm_hex: attributes',
    ],
    [`${strict}[[sgx]]\n${mrEnclave}\nmisc_mask_hex = "0"\n`, 'sgx[1].misc_mask_hex: misc-select'],
  ])('%s', async (toml, weakening) => {
    expect(await weakenings(toml)).toEqual([weakening]);
    const text = await show(toml);
    const [key, row] = weakening.split(': ');
    expect(text).toContain(`! ${key} weakens ${row}: `);
    expect(text).toMatch(/\nVALID, 1 weakened\n$/);
  });

  it('none is what a file states though it is the default', async () => {
    const stated = `${strict}tcb_statuses = ["UpToDate"]
[config]
isolation = "sandboxed"
anonymous = false
[transport]
post_quantum = true
`;
    expect(await weakenings(stated)).toEqual([]);
    expect(await show(stated)).toMatch(/\n {2}key exchange {2,}post-quantum only \(ML-KEM\)\n/);
  });
});

const hex = (byte: string, length: number): string => `"${byte.repeat(length)}"`;
const all = 'covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]';
const tdx = `version = 1
[[tdx]]
mr_td = ${hex('aa', 48)}
rtmr = [${hex('01', 48)}, ${hex('02', 48)}, ${hex('03', 48)}, "unused"]
td_attributes = "0000001000000000"
xfam_mask = "e718060000000000"
mr_owner = ${hex('0f', 48)}
${all}
[intel]
min_tcb_evaluation_data_number = 17
`;
const sevSnp = `version = 1
[[sev_snp]]
name = "guest"
measurement = ${hex('bb', 48)}
guest_policy = { smt = true, abi_major = 1, abi_minor = 51 }
minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }
chip_id = [${hex('cc', 64)}]
${all}
`;
const azure = `version = 1
[[azure]]
measurement = ${hex('ee', 48)}
pcrs = { 4 = ${hex('04', 32)}, 8 = ${hex('08', 32)}, 9 = ${hex('09', 32)} }
${all}
`;
const floors = 'minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }\n';
const nitro = `version = 1
[[nitro]]
[nitro.pcrs]
0 = ${hex('d0', 48)}
1 = ${hex('d1', 48)}
2 = ${hex('d2', 48)}
`;

describe('an entry of each TEE', () => {
  it.each([
    [
      tdx,
      {
        key: 'tdx[0]',
        accepts: `an Intel TD with MRTD ${'aa'.repeat(48)}`,
        facts: {
          RTMR0: '01'.repeat(48),
          RTMR1: '02'.repeat(48),
          RTMR2: '03'.repeat(48),
          RTMR3: 'unused (zeros)',
          attributes: 'exactly 0x10000000, with SEPT_VE_DISABLE; no debugging, not migratable',
          XFAM: 'no bit but those of 0x618e7',
          MROWNER: '0f'.repeat(48),
          machines: 'any genuine one',
        },
      },
      ['intel', 'transport', 'config'],
    ],
    [
      sevSnp,
      {
        key: 'sev_snp[0]',
        name: 'guest',
        accepts: `an AMD SEV-SNP guest with MEASUREMENT ${'bb'.repeat(48)}`,
        facts: {
          'host data': 'zeros',
          'guest policy': 'SMT may be allowed, ABI 1.51 or later; no debugging, no migration agent',
          VMPL: 'exactly 0',
          firmware:
            'bootloader at least 4, tee at least 0, snp at least 24, microcode at least 219',
          machines: `only ${'cc'.repeat(64)}`,
        },
      },
      ['transport', 'config'],
    ],
    [
      nitro,
      {
        key: 'nitro[0]',
        accepts: `an AWS Nitro enclave with PCR0 ${'d0'.repeat(48)}`,
        facts: {
          PCR1: `${'d1'.repeat(48)} (kernel and boot ramdisk)`,
          PCR2: `${'d2'.repeat(48)} (applications)`,
          machines: 'any parent instance',
        },
      },
      ['transport', 'config'],
    ],
    [
      `${azure}${floors}`,
      {
        key: 'azure[0]',
        accepts: `an Azure confidential VM (SEV-SNP) that the hardware measured as ${'ee'.repeat(48)}`,
        facts: {
          PCR4: '04'.repeat(32),
          PCR8: '08'.repeat(32),
          PCR9: '09'.repeat(32),
          firmware:
            'bootloader at least 4, tee at least 0, snp at least 24, microcode at least 219',
          machines: 'any genuine one',
        },
      },
      ['transport', 'config'],
    ],
  ])('is described: %s', async (toml, entry, tables) => {
    const { status, printed } = await check(toml);
    expect(status).toBe(0);
    expect(printed).toMatchObject({ valid: true, weakened: [], notes: [] });
    expect(printed.entries).toEqual([expect.objectContaining(entry)]);
    expect(printed.tables.map(({ key }) => key)).toEqual(tables);
  });

  it.each([
    [tdx.replace(all, 'covers = ["firmware"]'), 'tdx[0].covers: measurement'],
    [sevSnp.replace(all, 'covers = ["firmware"]'), 'sev_snp[0].covers: measurement'],
    [`${sevSnp}vmpl = 1\n`, 'sev_snp[0].vmpl: vmpl'],
    [`${azure}chip_id = [${hex('cc', 64)}]\n`, 'azure[0].minimum_tcb: minimum-tcb'],
    [
      `${azure}platform = [${hex('cc', 16)}]\n`,
      'intel.min_tcb_evaluation_data_number: tcb-evaluation-number',
    ],
    [nitro.replace('[[nitro]]', '[[nitro]]\ncovers = ["kernel"]'), 'nitro[0].covers: measurement'],
  ])('weakens a check where it says so: %s', async (toml, weakening) => {
    expect(await weakenings(toml)).toEqual([weakening]);
  });

  it('is flagged where its floors are none', async () => {
    const none = 'minimum_tcb = { bootloader = 0, tee = 0, snp = 0, microcode = 0 }';
    expect((await check(sevSnp.replace(/minimum_tcb.*/, none))).printed.notes).toEqual([
      'sev_snp[0].minimum_tcb: every floor is 0, so that no firmware of AMD is too old',
    ]);
  });

  it('of Azure may be for either hardware, which counts as both, or for none', async () => {
    expect(await weakenings(azure)).toEqual([
      'azure[0].minimum_tcb: minimum-tcb',
      'intel.min_tcb_evaluation_data_number: tcb-evaluation-number',
    ]);
    const { printed } = await check(`${azure}${floors}platform = [${hex('cc', 16)}]\n`);
    expect(printed.notes).toEqual([
      'azure[0].platform: no machine has this and minimum_tcb or chip_id',
    ]);
  });

  it('of Nitro may name its parent instance', async () => {
    const { printed } = await check(`${nitro}4 = ${hex('d4', 48)}\n`);
    expect(printed.entries[0]?.facts['machines']).toBe(
      `only the parent instance with PCR4 ${'d4'.repeat(48)}`,
    );
  });
});

describe('what has ended', () => {
  const ended = `version = 1
[[sgx]]
name = "old"
covers = ["firmware"]
${mrEnclave}
until = 2026-01-15T12:00:00Z
[[exception]]
advisory = "INTEL-SA-00960"
until = 2026-01-01
reason = "r"
[intel]
min_tcb_evaluation_data_number = 17
`;

  it('is flagged, and weakens nothing any more', async () => {
    const { printed } = await check(ended);
    expect(printed.entries).toMatchObject([{ until: '2026-01-15T12:00:00Z', ended: true }]);
    expect(printed.tables).toContainEqual(
      expect.objectContaining({ key: 'exception[0]', ended: true }),
    );
    expect(printed.weakened).toEqual([]);
    expect(printed.notes).toEqual(['it accepts nothing: it has no entry, or all have ended']);
    const text = await show(ended);
    expect(text).toContain('sgx[0] "old"  ENDED: it accepts nothing any more\n');
    expect(text).toContain('! it accepts nothing');
  });

  it('has not a second before', async () => {
    const file = folder.write('ending.toml', ended);
    const before = '2026-01-15T11:59:59Z';
    const { out } = await recordedRun(['manifest', 'check', file, '--at', before, '--json']);
    expect(JSON.parse(out)).toMatchObject({ entries: [{ ended: false }], notes: [] });
  });

  it('accepts nothing, as does a manifest without entries', async () => {
    expect((await check('version = 1')).printed.notes).toHaveLength(1);
  });
});

describe('a manifest that is none', () => {
  it('is refused with the path of the key, as by every command', async () => {
    const { status, printed } = await check('version = 1\n[[sgx]]\nmr_enclave = "00"\n');
    expect(status).toBe(2);
    expect(printed).toMatchObject({ valid: false, key: 'sgx[0].mr_enclave' });
    expect(printed.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await show('version = 2')).toBe(
      'REFUSED: manifest, version: expected a whole number from 0 to 1, found 2\n',
    );
  });

  it('is refused if it is no text', async () => {
    const file = folder.write('bytes.toml', new Uint8Array([0xff, 0xfe]));
    const { status, out } = await recordedRun(['manifest', 'check', file, '--json']);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ valid: false, key: null });
  });

  it('is not there', async () => {
    const { status, out, err } = await recordedRun(['manifest', 'check', '/nowhere/m.toml']);
    expect({ status, out }).toEqual({ status: 66, out: '' });
    expect(err).toContain('no such file');
  });

  it('is no bug', async () => {
    expect((await recordedRun(['manifest', 'check'])).status).toBe(64);
    expect((await recordedRun(['manifest', 'chekc'])).status).toBe(64);
  });
});

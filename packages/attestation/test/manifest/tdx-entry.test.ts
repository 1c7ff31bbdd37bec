import { describe, expect, test } from 'vitest';
import { ManifestError, parseManifest } from '../../src/manifest.ts';
import type { TdxEntry } from '../../src/manifest.ts';

const head = 'version = 1\n[[tdx]]\n';

function digits(byte: string): string {
  return byte.repeat(48);
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(48).fill(byte);
}

const required = {
  covers: 'covers = ["firmware"]',
  mr_td: `mr_td = "${digits('5D')}"`,
  rtmr: `rtmr = ["${digits('a0')}", "${digits('A1')}", "${digits('a2')}", "unused"]`,
  td_attributes: 'td_attributes = "0000001000000000"',
  xfam_mask: 'xfam_mask = "E718060000000000"',
};

function toml(keys: Partial<typeof required> = {}, more = ''): string {
  return `${head}${Object.values({ ...required, ...keys }).join('\n')}\n${more}`;
}

const least: TdxEntry = {
  name: null,
  covers: ['firmware'],
  until: null,
  mrTd: filled(0x5d),
  rtmrs: [filled(0xa0), filled(0xa1), filled(0xa2), filled(0)],
  tdAttributes: 0x1000_0000n,
  xfamMask: 0x6_18e7n,
  mrConfigId: null,
  mrOwner: null,
  mrOwnerConfig: null,
  mrSeam: null,
  mrServiceTd: null,
  platform: null,
};

/** Attributes with one bit, as a manifest has them. */
function bits(bit: number): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, 1n << BigInt(bit), true);
  return Buffer.from(bytes).toString('hex');
}

function refusal(text: string): { key: string | null; message: string } {
  try {
    parseManifest(text);
  } catch (error) {
    if (error instanceof ManifestError) return { key: error.key, message: error.message };
    throw error;
  }
  throw new Error('the manifest was not refused');
}

describe('an entry of a TD', () => {
  test('says what it must, and demands nothing else', () => {
    expect(parseManifest(toml()).tdx).toEqual([least]);
  });

  test('says everything', () => {
    const more = `name = "server 1.4"
mr_config_id = "${digits('01')}"
mr_owner = "${digits('02')}"
mr_owner_config = "${digits('03')}"
mr_seam = "${digits('04')}"
mr_service_td = "${digits('05')}"
platform = ["${'Cd'.repeat(16)}"]
until = 2027-03-01
`;
    const rtmr = `rtmr = ["${digits('a0')}", "${digits('a1')}", "${digits('a2')}", "${digits('a3')}"]`;
    const covers = 'covers = ["firmware", "kernel", "initrd", "cmdline", "rootfs"]';
    const td_attributes = 'td_attributes = "000001d8000000c0"';
    expect(parseManifest(toml({ rtmr, covers, td_attributes }, more)).tdx).toEqual([
      {
        name: 'server 1.4',
        covers: ['firmware', 'kernel', 'initrd', 'cmdline', 'rootfs'],
        until: new Date('2027-03-01T00:00:00Z'),
        mrTd: filled(0x5d),
        rtmrs: [filled(0xa0), filled(0xa1), filled(0xa2), filled(0xa3)],
        tdAttributes: 0xc000_0000_d801_0000n,
        xfamMask: 0x6_18e7n,
        mrConfigId: filled(1),
        mrOwner: filled(2),
        mrOwnerConfig: filled(3),
        mrSeam: filled(4),
        mrServiceTd: filled(5),
        platform: ['cd'.repeat(16)],
      },
    ]);
  });

  test('stands beside others, of its own and of other TEEs', () => {
    const sgx = `[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"\n`;
    const second = toml().slice('version = 1\n'.length);
    const manifest = parseManifest(toml({}, second + sgx));
    expect([manifest.tdx.length, manifest.sgx.length]).toEqual([2, 1]);
  });

  test('may have equal registers', () => {
    const rtmr = `rtmr = ["${digits('00')}", "${digits('00')}", "${digits('00')}", "unused"]`;
    expect(parseManifest(toml({ rtmr })).tdx[0]?.rtmrs).toEqual([0, 0, 0, 0].map(filled));
  });
});

describe('an entry of a TD is refused', () => {
  test.each(Object.keys(required))('without %s', (key) => {
    const keys = Object.fromEntries(Object.entries(required).filter(([name]) => name !== key));
    const found = refusal(`${head}${Object.values(keys).join('\n')}\n`);
    expect(found.key).toBe(`tdx[0].${key}`);
    expect(found.message).toContain('required, found nothing');
  });

  const [a, b, c] = ['a0', 'a1', 'a2'].map((byte) => `"${digits(byte)}"`);
  test.each([
    ['three registers', [a, b, c], 'rtmr', 'an array of 4 texts'],
    ['five registers', [a, b, c, '"unused"', '"unused"'], 'rtmr', 'an array of 4 texts'],
    ['an unused RTMR0', ['"unused"', b, c, '"unused"'], 'rtmr[0]', '96 hexadecimal digits'],
    ['an unused RTMR2', [a, b, '"unused"', '"unused"'], 'rtmr[2]', '96 hexadecimal digits'],
    ['a short RTMR1', [a, '"a1"', c, '"unused"'], 'rtmr[1]', '96 hexadecimal digits'],
    ['an RTMR3 of other words', [a, b, c, '"Unused"'], 'rtmr[3]', 'or "unused"'],
    ['an empty RTMR3', [a, b, c, '""'], 'rtmr[3]', 'or "unused"'],
    ['a register that is no text', [a, b, c, '3'], 'rtmr[3]', 'found 3'],
  ])('with %s', (_, registers, key, reason) => {
    const found = refusal(toml({ rtmr: `rtmr = [${registers.join(', ')}]` }));
    expect(found.key).toBe(`tdx[0].${key}`);
    expect(found.message).toContain(reason);
  });

  test.each([
    ['a bit of debugging', bits(0)],
    ['another bit of debugging', bits(7)],
    ['the bit of migration', bits(29)],
    ['a reserved bit', bits(8)],
    ['another reserved bit', bits(61)],
    ['too few digits', '00'],
    ['too many digits', '000000100000000000'],
    ['a prefix', '0x00001000000000'],
  ])('with attributes that have %s', (_, text) => {
    const found = refusal(toml({ td_attributes: `td_attributes = "${text}"` }));
    expect(found.key).toBe('tdx[0].td_attributes');
    expect(found.message).toContain('without a bit for debugging, migration, or what is reserved');
  });

  test.each([
    ['xfam_mask', 'xfam_mask = "e7"', toml({ xfam_mask: 'xfam_mask = "e7"' })],
    ['mr_td', 'a short one', toml({ mr_td: 'mr_td = "5d"' })],
    ['mr_config_id', 'a short one', toml({}, 'mr_config_id = "00"\n')],
    ['mr_seam', 'a number', toml({}, 'mr_seam = 0\n')],
    ['platform[0]', 'a short one', toml({}, 'platform = ["00"]\n')],
    ['covers', 'none', toml({ covers: 'covers = []' })],
    ['mrtd', 'unknown', toml({}, `mrtd = "${digits('5d')}"\n`)],
  ])('for %s: %s', (key, _, text) => {
    expect(refusal(text).key).toBe(`tdx[0].${key}`);
  });
});

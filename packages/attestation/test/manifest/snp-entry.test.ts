import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ManifestError, parseManifest, type SnpEntry } from '../../src/manifest.ts';

const measurement = `measurement = "${'Ab'.repeat(48)}"`;
const covers = 'covers = ["firmware"]';
const guestPolicy = 'guest_policy = { smt = true, abi_major = 1, abi_minor = 51 }';
const minimumTcb = 'minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 219 }';
const least = [measurement, covers, guestPolicy, minimumTcb];

function read(...lines: readonly string[]): readonly SnpEntry[] {
  return parseManifest(`version = 1\n[[sev_snp]]\n${lines.join('\n')}`).sevSnp;
}

/** What is wrong, and the path of the key. */
function problem(...lines: readonly string[]): [string | null, string] {
  try {
    read(...lines);
  } catch (error) {
    if (error instanceof ManifestError) return [error.key, error.message];
    throw error;
  }
  return [null, ''];
}

function writeTable(table: string, members: Readonly<Record<string, string>>): string {
  const written = Object.entries(members).map(([key, value]) => `${key} = ${value}`);
  return `${table} = { ${written.join(', ')} }`;
}

describe('a [[sev_snp]] entry', () => {
  test('says only what it must, and the rest is strict', () => {
    expect(read(...least)).toEqual([
      {
        name: null,
        covers: ['firmware'],
        measurement: new Uint8Array(48).fill(0xab),
        hostData: new Uint8Array(32),
        guestPolicy: { smt: true, abiMajor: 1, abiMinor: 51 },
        vmpl: 0,
        minimumTcb: { bootloader: 4, tee: 0, snp: 24, microcode: 219 },
        idKeyDigest: null,
        authorKeyDigest: null,
        familyId: null,
        imageId: null,
        chipId: null,
        until: null,
      },
    ]);
  });

  test('says all that there is', () => {
    const [entry] = read(
      measurement,
      covers,
      'name = "server"',
      `host_data = "${'01'.repeat(32)}"`,
      'guest_policy = { smt = false, abi_major = 255, abi_minor = 0 }',
      'vmpl = 3',
      'minimum_tcb = { fmc = 1, bootloader = 2, tee = 3, snp = 4, microcode = 255 }',
      `id_key_digest = "${'02'.repeat(48)}"`,
      `author_key_digest = "${'03'.repeat(48)}"`,
      `family_id = "${'04'.repeat(16)}"`,
      `image_id = "${'05'.repeat(16)}"`,
      `chip_id = ["${'0C'.repeat(64)}", "${'07'.repeat(64)}"]`,
      'until = 2027-03-01',
    );
    expect(entry).toEqual({
      name: 'server',
      covers: ['firmware'],
      measurement: new Uint8Array(48).fill(0xab),
      hostData: new Uint8Array(32).fill(1),
      guestPolicy: { smt: false, abiMajor: 255, abiMinor: 0 },
      vmpl: 3,
      minimumTcb: { fmc: 1, bootloader: 2, tee: 3, snp: 4, microcode: 255 },
      idKeyDigest: new Uint8Array(48).fill(2),
      authorKeyDigest: new Uint8Array(48).fill(3),
      familyId: new Uint8Array(16).fill(4),
      imageId: new Uint8Array(16).fill(5),
      chipId: ['0c'.repeat(64), '07'.repeat(64)],
      until: new Date('2027-03-01T00:00:00Z'),
    });
  });

  test.each([
    ['covers', [measurement, guestPolicy, minimumTcb], 'covers'],
    ['measurement', [covers, guestPolicy, minimumTcb], 'measurement'],
    ['guest_policy', [measurement, covers, minimumTcb], 'guest_policy.smt'],
    ['minimum_tcb', [measurement, covers, guestPolicy], 'minimum_tcb.bootloader'],
  ])('must say %s', (_, lines, key) => {
    expect(problem(...lines)).toEqual([
      `sev_snp[0].${key}`,
      `manifest, sev_snp[0].${key}: required, found nothing`,
    ]);
  });

  const parts = {
    guest_policy: { smt: 'true', abi_major: '1', abi_minor: '51' },
    minimum_tcb: { bootloader: '4', tee: '0', snp: '24', microcode: '219' },
  };
  const others = { guest_policy: minimumTcb, minimum_tcb: guestPolicy };
  const rows = Object.entries(parts).flatMap(([table, members]) =>
    Object.keys(members).map((part) => ({ table: table as keyof typeof parts, part, members })),
  );
  test.each(rows)('must say $table.$part', ({ table, part, members }) => {
    const { [part as keyof typeof members]: _, ...rest } = members;
    expect(problem(measurement, covers, others[table], writeTable(table, rest))[1]).toBe(
      `manifest, sev_snp[0].${table}.${part}: required, found nothing`,
    );
  });

  test.each([
    ['guest_policy = { smt = 1, abi_major = 1, abi_minor = 51 }', 'guest_policy.smt'],
    ['guest_policy = { smt = true, abi_major = 256, abi_minor = 51 }', 'guest_policy.abi_major'],
    ['guest_policy = { smt = true, abi_major = 1, abi_minor = -1 }', 'guest_policy.abi_minor'],
    [
      'guest_policy = { smt = true, abi_major = 1, abi_minor = 51, debug = true }',
      'guest_policy.debug',
    ],
    ['guest_policy = true', 'guest_policy'],
  ])('refuses %s', (line, key) => {
    expect(problem(measurement, covers, minimumTcb, line)[0]).toBe(`sev_snp[0].${key}`);
  });

  test.each([
    ['minimum_tcb = { bootloader = 4, tee = 0, snp = 24, microcode = 256 }', 'microcode'],
    ['minimum_tcb = { bootloader = 4.0, tee = 0, snp = 24, microcode = 219 }', 'bootloader'],
    ['minimum_tcb = { fmc = "1", bootloader = 4, tee = 0, snp = 24, microcode = 219 }', 'fmc'],
    ['minimum_tcb = { spl4 = 0, bootloader = 4, tee = 0, snp = 24, microcode = 219 }', 'spl4'],
  ])('refuses %s', (line, part) => {
    expect(problem(measurement, covers, guestPolicy, line)[0]).toBe(
      `sev_snp[0].minimum_tcb.${part}`,
    );
  });

  test.each([
    ['vmpl', 'vmpl = 4'],
    ['vmpl', 'vmpl = -1'],
    ['host_data', `host_data = "${'00'.repeat(31)}"`],
    ['id_key_digest', `id_key_digest = "${'0g'.repeat(48)}"`],
    ['author_key_digest', 'author_key_digest = 0'],
    ['family_id', `family_id = "${'00'.repeat(17)}"`],
    ['image_id', 'image_id = ""'],
    ['chip_id', 'chip_id = []'],
    ['chip_id', `chip_id = "${'00'.repeat(64)}"`],
    ['chip_id[0]', `chip_id = ["${'00'.repeat(8)}"]`],
    ['chip_id', `chip_id = ["${'aa'.repeat(64)}", "${'AA'.repeat(64)}"]`],
    ['policy', 'policy = 0x30000'],
    ['debug', 'debug = true'],
  ])('refuses %s: %s', (key, line) => {
    expect(problem(...least, line)[0]).toBe(`sev_snp[0].${key}`);
  });

  test('may stand beside the entries of other TEEs, and of BlindAI', () => {
    const { sgx, sevSnp } = parseManifest(
      `version = 1\n[[sgx]]\nmr_enclave = "${'00'.repeat(32)}"\n[[sev_snp]]\n${least.join('\n')}`,
    );
    expect([sgx.length, sevSnp.length]).toEqual([1, 1]);
  });
});

describe('the schema', () => {
  const { definitions } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../manifest.schema.json', import.meta.url)), 'utf8'),
  ) as {
    definitions: {
      sev_snp: {
        properties: Record<
          'guest_policy' | 'minimum_tcb',
          {
            additionalProperties: boolean;
            required: string[];
            properties: Record<string, { minimum?: number; maximum?: number }>;
          }
        >;
      };
    };
  };
  const { guest_policy: policy, minimum_tcb: tcb } = definitions.sev_snp.properties;

  test('names the members of the tables within', () => {
    expect(Object.keys(policy.properties)).toEqual(policy.required);
    expect(policy.required).toEqual(['smt', 'abi_major', 'abi_minor']);
    expect(tcb.required).toEqual(['bootloader', 'tee', 'snp', 'microcode']);
    expect(Object.keys(tcb.properties)).toEqual([...tcb.required, 'fmc']);
    expect([policy.additionalProperties, tcb.additionalProperties]).toEqual([false, false]);
  });

  test('has their limits', () => {
    const numbers = { ...policy.properties, ...tcb.properties };
    delete numbers['smt'];
    for (const part of Object.values(numbers)) {
      expect([part.minimum, part.maximum]).toEqual([0, 255]);
    }
  });
});

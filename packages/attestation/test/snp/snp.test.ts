import { createSnpPlatform } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import {
  acceptMissingCrl,
  allowDebug,
  isVerified,
  type ReportRow,
  type UnmatchedClaims,
} from '../../src/index.ts';
import { encodeHex } from '../../src/encoding/hex.ts';
import type { SnpClaims } from '../../src/snp/snp-claims.ts';
import { refusal } from '../flaws.ts';
import { at, type Flaw, floors, judge, manifestOf, measurement, reportData } from './guest.ts';

const dayMs = 24 * 60 * 60 * 1000;
const turinFloors = `fmc = 1, ${floors}`;

function row({ report }: UnmatchedClaims, name: ReportRow['name']): ReportRow {
  return report.checks.find((check) => check.name === name)!;
}

function after(days: number): Date {
  return new Date(at.getTime() + days * dayMs);
}

function period(days: number): { from: Date; to: Date } {
  return { from: at, to: after(days) };
}

async function ends(flaw: Flaw): Promise<Date> {
  return (await judge(flaw)).validUntil;
}

async function detailsOf(flaw: Flaw): Promise<SnpClaims> {
  return (await judge(flaw)).details as SnpClaims;
}

describe('evidence without a flaw is accepted', () => {
  test.each(
    (['Milan', 'Genoa', 'Turin'] as const).flatMap((product) =>
      (['vcek', 'vlek'] as const).flatMap((key) =>
        [2, 3, 5].map((version) => ({ product, key, version })),
      ),
    ),
  )('$product, $key, version $version', async ({ product, key, version }) => {
    const claims = await judge({
      platform: { product, key },
      report: { version },
      manifest: manifestOf('', product === 'Turin' ? turinFloors : floors),
    });
    expect(claims.report).toMatchObject({ verdict: 'accept', check: null, tcbStatus: null });
    const results = claims.report.checks.map(({ name, result }) => [name, result]);
    expect(results.filter(([, result]) => result !== 'passed')).toEqual([
      ['trust-anchor', 'weakened'],
    ]);
    expect(isVerified(claims)).toBe(true);
    expect(claims.entry).toBe('test');
    expect(claims.details).toMatchObject({ product, version, signingKey: key });
    expect((claims.details as SnpClaims).cpuid === null).toBe(version === 2);
    expect((claims.details as SnpClaims).launchMitigations === null).toBe(version !== 5);
  });

  test.each([
    ['Bergamo', { family: 0x19, model: 0xa0, stepping: 2 }, 'Genoa'],
    ['Siena', { family: 0x19, model: 0xa1, stepping: 1 }, 'Siena'],
    ['a later stepping', { family: 0x19, model: 0x1f, stepping: 0 }, 'Genoa-B2'],
  ])('%s is of the line of Genoa', async (_, cpuid, productName) => {
    const { product } = await detailsOf({
      platform: { product: 'Genoa', certificate: { productName } },
      report: { cpuid },
    });
    expect(product).toBe('Genoa');
  });

  test('Turin Dense is of the line of Turin', async () => {
    const { product } = await detailsOf({
      platform: { product: 'Turin' },
      report: { cpuid: { family: 0x1a, model: 0x11, stepping: 0 } },
      manifest: manifestOf('', turinFloors),
    });
    expect(product).toBe('Turin');
  });

  test('whether or not the certificate names the trailer field of its signature', async () => {
    for (const trailerField of [false, true]) {
      const { report } = await judge({ platform: { certificate: { trailerField } } });
      expect(report.verdict).toBe('accept');
    }
  });
});

describe('claims', () => {
  test('say what the report says', async () => {
    const platform = { chipId: new Uint8Array(64).fill(0x44) };
    const { details, ...claims } = await judge({
      platform: {
        ...platform,
        reportedTcb: { microcode: 221 },
        committedTcb: { microcode: 222 },
        launchTcb: { microcode: 223 },
        currentTcb: { microcode: 224 },
      },
      report: {
        guestSvn: 7,
        familyId: new Uint8Array(16).fill(1),
        imageId: new Uint8Array(16).fill(2),
        idKeyDigest: new Uint8Array(48).fill(3),
        authorKeyDigest: new Uint8Array(48).fill(4),
        authorKeyEnabled: true,
        reportId: new Uint8Array(32).fill(5),
        reportIdMa: new Uint8Array(32).fill(6),
        guestPolicy: (0x1ffn << 17n) - (3n << 18n) + 0x0201n, // all but migration agent and debug
        platformInfo: 0xbfn,
      },
    });
    expect(claims).toMatchObject({
      format: 'sev-snp',
      tee: 'sev-snp',
      anchor: 'simulation',
      measurement,
      registers: {},
      reportData,
      debug: false,
      hardwareId: '44'.repeat(64),
      tcb: {
        status: null,
        advisories: [],
        evaluationDataNumber: null,
        date: null,
        parts: { bootloader: 4, tee: 0, snp: 24, microcode: 221 },
      },
    });
    expect(details).toMatchObject({
      guestSvn: 7,
      familyId: new Uint8Array(16).fill(1),
      imageId: new Uint8Array(16).fill(2),
      idKeyDigest: new Uint8Array(48).fill(3),
      authorKeyDigest: new Uint8Array(48).fill(4),
      authorKeyEnabled: true,
      maskChipKey: false,
      reportId: new Uint8Array(32).fill(5),
      reportIdMa: new Uint8Array(32).fill(6),
      hostData: new Uint8Array(32),
      vmpl: 0,
      reportedTcb: { microcode: 221 },
      committedTcb: { microcode: 222 },
      launchTcb: { microcode: 223 },
      currentTcb: { microcode: 224 },
      currentVersion: { major: 1, minor: 0x37, build: 0x29 },
      committedVersion: { major: 1, minor: 0x37, build: 0x29 },
      cspId: null,
      chipId: '44'.repeat(64),
      policy: {
        abiMajor: 2,
        abiMinor: 1,
        smt: false,
        migrationAgent: false,
        debug: false,
        singleSocket: true,
        cxl: true,
        aes256Xts: true,
        raplDisabled: true,
        ciphertextHiding: true,
        pageSwapDisabled: true,
      },
      platformInfo: {
        bits: 0xbfn,
        smt: true,
        tsme: true,
        ecc: true,
        raplDisabled: true,
        ciphertextHiding: true,
        aliasCheckComplete: true,
        tio: true,
      },
    });
    expect(Object.keys(details)).not.toContain('signature');
  });

  test('name the chip of a VCEK, and the provider of a VLEK', async () => {
    const vlek = await judge({ platform: { key: 'vlek' } });
    expect(vlek.hardwareId).toBeNull();
    expect(vlek.details).toMatchObject({
      chipId: null,
      cspId: 'CN=blindai-simulation.invalid',
    });
    expect(row(vlek, 'platform-match').detail).toContain('CN=blindai-simulation.invalid');
    const chipId = new Uint8Array(64).fill(0x55);
    const unmasked = await judge({ platform: { key: 'vlek', maskChipId: false, chipId } });
    expect(unmasked.hardwareId).toBe(encodeHex(chipId));
  });

  test('end with the first thing that vouches for them', async () => {
    const noCrl: Flaw = {
      endorsements: ({ ek }) => ({ ek }),
      policy: { [acceptMissingCrl]: true },
    };
    expect(await ends({})).toEqual(after(30)); // the CRL
    expect(await ends({ platform: { crl: { validity: period(3) } } })).toEqual(after(3));
    expect(await ends({ platform: { certificate: { validity: period(2) } } })).toEqual(after(2));
    expect(await ends(noCrl)).toEqual(after(7 * 365)); // the certificate
    const forever = { from: at, to: new Date('2060-01-01T00:00:00Z') };
    expect(await ends({ ...noCrl, platform: { certificate: { validity: forever } } })).toEqual(
      new Date('2045-01-01T00:00:00Z'), // the ASK
    );
    expect(await ends({ manifest: manifestOf(`until = 2026-11-24`) })).toEqual(
      new Date('2026-11-24T00:00:00Z'),
    );
  });

  test('without a CRL are good for looking at only', async () => {
    const claims = await judge({
      endorsements: ({ ek }) => ({ ek }),
      policy: { [acceptMissingCrl]: true },
    });
    expect(claims.report.verdict).toBe('accept');
    expect(isVerified(claims)).toBe(false);
  });
});

describe('a refusal for policy tells what is known', () => {
  test('debug', async () => {
    const { report } = await refusal(judge({ report: { debug: true } }));
    expect(report).toMatchObject({
      check: 'debug',
      debug: true,
      tcbStatus: null,
      measurement: encodeHex(measurement),
      reportData: encodeHex(reportData),
    });
  });

  test('nothing is known before the signature is verified', async () => {
    const { report } = await refusal(
      judge({
        report: { signedBy: (await createSnpPlatform({ at })).certificate.keys.privateKey },
      }),
    );
    expect(report).toMatchObject({
      check: 'report-signature',
      debug: null,
      measurement: null,
      reportData: null,
    });
  });
});

test('a debug guest is accepted by [allowDebug] only, and shows', async () => {
  const claims = await judge({ report: { debug: true }, policy: { [allowDebug]: true } });
  expect([claims.debug, row(claims, 'debug').result]).toEqual([true, 'weakened']);
});

describe('an entry', () => {
  test('may demand all that there is', async () => {
    const chipId = new Uint8Array(64).fill(0x66);
    const claims = await judge({
      platform: { chipId },
      report: {
        hostData: new Uint8Array(32).fill(1),
        idKeyDigest: new Uint8Array(48).fill(2),
        authorKeyDigest: new Uint8Array(48).fill(3),
        familyId: new Uint8Array(16).fill(4),
        imageId: new Uint8Array(16).fill(5),
        guestPolicy: 0x2_0137n,
      },
      manifest: manifestOf(`host_data = "${'01'.repeat(32)}"
id_key_digest = "${'02'.repeat(48)}"
author_key_digest = "${'03'.repeat(48)}"
family_id = "${'04'.repeat(16)}"
image_id = "${'05'.repeat(16)}"
guest_policy = { smt = false, abi_major = 1, abi_minor = 55 }
chip_id = ["${'00'.repeat(64)}", "${'66'.repeat(64)}"]
until = 2027-01-01
`),
    });
    const detail = (name: ReportRow['name']): string => row(claims, name).detail;
    expect(detail('host-data')).toBe(`HOST_DATA ${'01'.repeat(32)}`);
    expect(detail('guest-policy')).toBe('SMT forbidden, ABI 1.55 or later');
    expect(detail('minimum-tcb')).toBe('at least bootloader 4, tee 0, snp 24, microcode 219');
    expect(detail('entry')).toBe(
      'as demanded: id key, author key, family id, image id, until 2027-01-01T00:00:00Z',
    );
    expect(detail('platform')).toBe('one of the machines that the entry lists');
    expect(row(claims, 'vmpl').result).toBe('passed');
  });

  test('is met by what is newer or stricter', async () => {
    const { report } = await judge({
      platform: { reportedTcb: { bootloader: 5, tee: 1, snp: 25, microcode: 255 } },
      report: { guestPolicy: 0x2_0200n },
      manifest: manifestOf('guest_policy = { smt = true, abi_major = 1, abi_minor = 55 }'),
    });
    expect(report.verdict).toBe('accept');
  });

  test('accepts another VMPL by name, which weakens', async () => {
    const claims = await judge({ report: { vmpl: 1 }, manifest: manifestOf('vmpl = 1') });
    expect(row(claims, 'vmpl')).toMatchObject({ result: 'weakened' });
    expect(row(claims, 'vmpl').detail).toContain('VMPL 1');
  });

  test('that covers less than all weakens', async () => {
    const manifest = manifestOf().replace('"kernel", "initrd", ', '');
    const claims = await judge({ manifest });
    expect(row(claims, 'measurement')).toMatchObject({ result: 'weakened' });
    expect(row(claims, 'measurement').detail).toContain('does not cover kernel, initrd');
  });

  test('is a tuple: values of two never mix', async () => {
    const [, second = ''] = manifestOf(`host_data = "${'33'.repeat(32)}"`).split('version = 1\n');
    const manifest = `${manifestOf('vmpl = 1')}\n${second.replace('"test"', '"second"')}`;
    // VMPL 0 as the second says, host data as the first says.
    const error = await refusal(judge({ manifest }));
    expect([error.check, error.message]).toEqual([
      'host-data',
      expect.stringContaining('"second"'),
    ]);
    const claims = await judge({ report: { hostData: new Uint8Array(32).fill(0x33) }, manifest });
    expect(claims.entry).toBe('second');
  });

  test('of another TEE accepts nothing', async () => {
    const manifest = `version = 1\n[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"\n`;
    const error = await refusal(judge({ manifest }));
    expect([error.check, error.message]).toEqual([
      'measurement',
      expect.stringContaining("none of the manifest's 0 [[sev_snp]] entries"),
    ]);
  });
});

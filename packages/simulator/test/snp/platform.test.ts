import { X509Certificate, createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  amdSimulationRoots,
  createSnpPlatform,
  disclaimer,
  expired,
  generateP384Keys,
  generateRsaKeys,
  guestPolicyBits,
  notYetValid,
  publicAmdPrivateKeys,
  snpProducts,
} from '../../src/index.ts';
import type {
  EndorsementKeyOverrides,
  SimulatedSnpPlatform,
  SnpPlatformOptions,
  SnpReport,
  SnpReportOptions,
} from '../../src/index.ts';
import { X509Crl, X509Certificate as X509Reader } from '../../src/x509.ts';
import { children } from '../der-skeleton.ts';
import { flipLastBit } from '../flip.ts';
import { judge, sound } from './judge.ts';
import type { Judgement } from './judge.ts';
import { reportFields } from './report-fields.ts';

const at = new Date('2026-11-23T12:00:00Z');
const guest = {
  reportData: new Uint8Array(64).fill(7),
  measurement: new Uint8Array(48).fill(9),
};
const kinds = snpProducts.flatMap((product) =>
  (['vcek', 'vlek'] as const).map((key) => ({ product, key })),
);

async function fields(
  platform: SimulatedSnpPlatform,
  options: Partial<SnpReportOptions> = {},
): Promise<SnpReport> {
  return reportFields(Buffer.from(await platform.report({ ...guest, ...options })));
}

/** Judges with the authorities above the platform's key. */
async function judged(
  platform: SimulatedSnpPlatform,
  report: Uint8Array,
  signer: 'ask' | 'asvk' = 'ask',
): Promise<Judgement> {
  const authorities = await platform.authorities();
  return judge(report, [platform.ek, authorities[signer].der, authorities.ark.der]);
}

/** The values of AMD's extensions in a certificate, hexadecimal, by what follows AMD's identifier. */
function amdExtensions({ ek }: SimulatedSnpPlatform): Record<string, string> {
  return Object.fromEntries(
    new X509Reader(ek).extensions.map(({ type, value }) => [
      type.replace('1.3.6.1.4.1.3704.1.', ''),
      Buffer.from(value).toString('hex'),
    ]),
  );
}

/** A CRL's members that a verifier compares. */
function crlMembers(crl: Uint8Array): unknown {
  const { issuer, entries, thisUpdate, nextUpdate } = new X509Crl(Uint8Array.from(crl));
  return {
    issuer: /CN=[^,]*/.exec(issuer)?.[0],
    revoked: entries.map(({ serialNumber }) => serialNumber),
    thisUpdate,
    nextUpdate,
  };
}

async function crlSound(crl: Uint8Array): Promise<boolean> {
  const { n } = publicAmdPrivateKeys.ark;
  const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
  const spki = key.export({ format: 'der', type: 'spki' });
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' };
  const publicKey = await crypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
  return new X509Crl(Uint8Array.from(crl)).verify({ publicKey });
}

let otherRsaKey: CryptoKey;
beforeAll(async () => {
  otherRsaKey = (await generateRsaKeys()).privateKey;
});

describe('a good platform', () => {
  test.each(kinds)('of $product under a $key has sound signatures', async ({ product, key }) => {
    const platform = await createSnpPlatform({ at, product, key });
    const signer = key === 'vcek' ? 'ask' : 'asvk';
    for (const version of [2, 3, 5]) {
      const report = await platform.report({ ...guest, version });
      expect(report).toHaveLength(1184);
      expect(await judged(platform, report, signer)).toEqual(sound);
    }
    expect(await crlSound(platform.crl)).toBe(true);
  });

  test.each(kinds)('of $product under a $key says what it is worth', async (kind) => {
    const platform = await createSnpPlatform({ at, ...kind });
    const { ark, ask, asvk } = await platform.authorities();
    for (const { der } of [platform.certificate, ark, ask, asvk]) {
      const { subject, issuer } = new X509Certificate(der);
      expect([subject, issuer].every((name) => name.includes(`OU=${disclaimer}`))).toBe(true);
    }
    expect(new X509Crl(platform.crl).issuer).toContain(`OU=${disclaimer}`);
  });

  test.each(snpProducts)('of %s has the authorities that a verifier pins', async (product) => {
    const platform = await createSnpPlatform({ at, product });
    const authorities = await platform.authorities();
    for (const name of ['ark', 'ask', 'asvk'] as const) {
      const pinned = amdSimulationRoots[product][name];
      const certificate = new X509Certificate(authorities[name].der);
      expect(certificate.publicKey.export({ format: 'jwk' })).toEqual({
        kty: 'RSA',
        n: pinned.n,
        e: 'AQAB',
      });
      expect(certificate.serialNumber).toBe(pinned.serialNumber);
      expect(new Date(certificate.validFrom)).toEqual(pinned.from);
      expect(new Date(certificate.validTo)).toEqual(pinned.to);
    }
  });

  test('has the same keys above it as any other, and one of its own', async () => {
    const [one, other] = [await createSnpPlatform({ at }), await createSnpPlatform({ at })];
    expect(one.certificate.keyId).not.toBe(other.certificate.keyId);
    expect(one.chipId).not.toEqual(other.chipId);
    const report = await one.report(guest);
    const { ask, ark } = await other.authorities();
    expect(judge(report, [one.ek, ask.der, ark.der])).toEqual(sound);
    expect(judge(report, [other.ek, ask.der, ark.der])).toEqual({ ...sound, report: false });
  });

  test('certifies the chip and TCB of its reports; Turin has a part more and a shorter chip id', async () => {
    for (const product of snpProducts) {
      const reportedTcb = { bootloader: 1, tee: 2, snp: 3, microcode: 0xd3, fmc: 5 };
      const platform = await createSnpPlatform({ at, product, reportedTcb });
      const { chipId, reportedTcb: reported } = await fields(platform);
      const hardwareId = amdExtensions(platform)['4'];
      const isTurin = product === 'Turin';
      expect(hardwareId).toBe(Buffer.from(chipId.subarray(0, isTurin ? 8 : 64)).toString('hex'));
      expect(chipId.subarray(8).every((byte) => byte === 0)).toBe(isTurin);
      expect([...reported]).toEqual(
        isTurin ? [5, 1, 2, 3, 0, 0, 0, 0xd3] : [1, 2, 0, 0, 0, 0, 3, 0xd3],
      );
      expect(amdExtensions(platform)).toMatchObject({
        '3.1': '020101',
        '3.2': '020102',
        '3.3': '020103',
        '3.8': '020200d3',
        ...(isTurin ? { '3.9': '020105' } : {}),
      });
    }
  });

  test('has a provider in place of a chip under a VLEK', async () => {
    const platform = await createSnpPlatform({ at, key: 'vlek' });
    expect(amdExtensions(platform)).toMatchObject({ '2': '16054d696c616e' });
    expect(Object.keys(amdExtensions(platform))).toContain('5');
    expect(Object.keys(amdExtensions(platform))).not.toContain('4');
    const { signingKey, chipId } = await fields(platform);
    expect([signingKey, chipId]).toEqual([1, new Uint8Array(64)]);
  });

  test('has a CRL that lists nothing and counts for 30 days', async () => {
    const platform = await createSnpPlatform({ at });
    const { crl, endorsements, ek } = platform;
    expect(endorsements).toEqual({ ek, crl });
    expect(new X509Crl(platform.crlPem).equal(new X509Crl(crl))).toBe(true);
    const members = {
      issuer: 'CN=ARK-Milan',
      revoked: [],
      thisUpdate: new Date('2026-11-22T12:00:00Z'),
      nextUpdate: new Date('2026-12-23T12:00:00Z'),
    };
    expect(crlMembers(crl)).toEqual(members);
    expect(crlMembers(await platform.issueCrl(new Date('2027-06-01T00:00:00Z')))).toEqual({
      ...members,
      thisUpdate: new Date('2027-05-31T00:00:00Z'),
      nextUpdate: new Date('2027-07-01T00:00:00Z'),
    });
  });
});

test("a CRL has the shape of AMD's: an algorithm without trailer field, and two extensions", async () => {
  const { crl } = await createSnpPlatform({ at });
  const [tbs = new Uint8Array(), algorithm] = children(crl);
  const [version, inside, issuer, from, to, extensions, ...rest] = children(tbs);
  expect([version, from?.length, to?.length, rest]).toEqual([Uint8Array.of(2, 1, 1), 15, 15, []]);
  expect(issuer?.[0]).toBe(0x30);
  expect(inside).toEqual(algorithm);
  expect(Buffer.from(inside ?? []).toString('hex')).toMatch(/^3041.*a203020130$/);
  expect(extensions?.[0]).toBe(0xa0);
  expect(new X509Crl(crl).extensions.map(({ type }) => type)).toEqual(['2.5.29.35', '2.5.29.20']);
});

describe('a certificate that departs from a good one', () => {
  test.each<[string, EndorsementKeyOverrides, Record<string, string | undefined>]>([
    ['another boot loader', { tcb: { bootloader: 5 } }, { '3.1': '020105' }],
    ['another microcode', { tcb: { microcode: 0x7f } }, { '3.8': '02017f' }],
    ['another product', { productName: 'Genoa' }, { '2': '160547656e6f61' }],
    ['another chip', { hardwareId: new Uint8Array(64).fill(1) }, { '4': '01'.repeat(64) }],
    ['no chip', { hardwareId: null }, { '4': undefined }],
    ['a provider besides', { cspId: 'CN=x' }, { '5': '1604434e3d78' }],
  ])('has %s', async (_, certificate, changed) => {
    const chipId = new Uint8Array(64).fill(2);
    const good = await createSnpPlatform({ at, chipId });
    const platform = await createSnpPlatform({ at, chipId, certificate });
    const expected = Object.entries({ ...amdExtensions(good), ...changed });
    expect(amdExtensions(platform)).toEqual(
      Object.fromEntries(expected.filter(([, value]) => value !== undefined)),
    );
    expect(await judged(platform, await platform.report(guest))).toEqual(sound);
    expect((await fields(platform)).chipId).toEqual(chipId);
  });

  test('has no provider, under a VLEK', async () => {
    const platform = await createSnpPlatform({ at, key: 'vlek', certificate: { cspId: null } });
    expect(Object.keys(amdExtensions(platform))).not.toContain('5');
  });

  test('is signed by another key', async () => {
    const platform = await createSnpPlatform({ at, certificate: { signedBy: otherRsaKey } });
    expect(await judged(platform, await platform.report(guest))).toEqual({
      ...sound,
      certificate: false,
    });
  });

  test('is signed by the authority of the other kind of key', async () => {
    const platform = await createSnpPlatform({ at });
    expect(await judged(platform, await platform.report(guest), 'asvk')).toMatchObject({
      certificate: false,
    });
  });

  test('has expired, or is not valid yet', async () => {
    const past = await createSnpPlatform({ at, certificate: { validity: expired(at) } });
    expect(new Date(new X509Certificate(past.ek).validTo)).toEqual(
      new Date('2026-11-23T11:59:59Z'),
    );
    const future = await createSnpPlatform({ at, certificate: { validity: notYetValid(at) } });
    expect(new Date(new X509Certificate(future.ek).validFrom)).toEqual(
      new Date('2026-11-23T12:00:01Z'),
    );
  });

  test('is edited before it is signed, or tampered with after', async () => {
    const edited = await createSnpPlatform({
      at,
      certificate: { edit: (template) => ({ ...template, serialNumber: '0102' }) },
    });
    expect(new X509Certificate(edited.ek).serialNumber).toBe('0102');
    expect(await judged(edited, await edited.report(guest))).toEqual(sound);
    const tampered = await createSnpPlatform({ at, certificate: { tamper: flipLastBit } });
    expect(await judged(tampered, await tampered.report(guest))).toEqual({
      ...sound,
      certificate: false,
    });
  });

  test('certifies keys that are given, and the report is theirs', async () => {
    const keys = await generateP384Keys();
    const platform = await createSnpPlatform({ at, certificate: { keys } });
    expect(platform.certificate.keys).toBe(keys);
    expect(await judged(platform, await platform.report(guest))).toEqual(sound);
  });
});

describe('a CRL that departs from a good one', () => {
  test.each<[string, Partial<SnpPlatformOptions>, object]>([
    ['lists the ASK', { revoked: ['ask'] }, { revoked: ['010001'] }],
    ['lists the ASVK', { crl: { revoked: ['asvk'] } }, { revoked: ['010101'] }],
    ['is of another product', { crl: { product: 'Genoa' } }, { issuer: 'CN=ARK-Genoa' }],
    [
      'of another product lists its ASK',
      { product: 'Turin', crl: { product: 'Genoa', revoked: ['ask'] } },
      { issuer: 'CN=ARK-Genoa', revoked: ['020001'] },
    ],
    [
      'has expired',
      { crl: { validity: expired(at) } },
      { nextUpdate: new Date('2026-11-23T11:59:59Z') },
    ],
    [
      'is not valid yet',
      { crl: { validity: notYetValid(at) } },
      { thisUpdate: new Date('2026-11-23T12:00:01Z') },
    ],
  ])('%s', async (_, options, changed) => {
    const { crl } = await createSnpPlatform({ at, ...options });
    expect(crlMembers(crl)).toMatchObject(changed);
    expect(await crlSound(crl)).toBe(true);
  });

  test('is signed by another key, or tampered with', async () => {
    for (const crl of [{ signedBy: otherRsaKey }, { tamper: flipLastBit }]) {
      const platform = await createSnpPlatform({ at, crl });
      expect(crlMembers(platform.crl)).toMatchObject({ issuer: 'CN=ARK-Milan' });
      expect(await crlSound(platform.crl)).toBe(false);
    }
  });
});

describe('a report that departs from a good one', () => {
  test.each<[string, Partial<SnpReportOptions>, Partial<SnpReport>]>([
    ['debug', { debug: true }, { guestPolicy: 0xb001fn }],
    [
      'a migration agent',
      { guestPolicy: guestPolicyBits.reservedOne | guestPolicyBits.migrationAgent },
      { guestPolicy: 0x60000n },
    ],
    ['VMPL 3', { vmpl: 3 }, { vmpl: 3 }],
    ['another signing key', { signingKey: 7 }, { signingKey: 7 }],
    ['masked signatures', { maskChipKey: true }, { maskChipKey: true }],
    ['an author key', { authorKeyEnabled: true }, { authorKeyEnabled: true }],
    ['an unknown version', { version: 4 }, { version: 4 }],
    ['an unknown signature', { signatureAlgorithm: 2 }, { signatureAlgorithm: 2 }],
    [
      'the processor of another product',
      { cpuid: { family: 0x1a, model: 2, stepping: 0 } },
      { cpuid: { family: 0x1a, model: 2, stepping: 0 } },
    ],
    [
      'host data',
      { hostData: new Uint8Array(32).fill(1) },
      { hostData: new Uint8Array(32).fill(1) },
    ],
    [
      'another TCB than is certified',
      { reportedTcb: new Uint8Array(8).fill(1) },
      { reportedTcb: new Uint8Array(8).fill(1) },
    ],
  ])('has %s', async (_, options, changed) => {
    const platform = await createSnpPlatform({ at });
    const report = await platform.report({ ...guest, ...options });
    const { reportId: _ours, ...ours } = reportFields(Buffer.from(report));
    const { reportId: _good, ...good } = await fields(platform);
    expect(ours).toEqual({ ...good, ...changed });
    expect(await judged(platform, report)).toEqual(sound);
  });

  test('has other TCBs beside the reported one', async () => {
    const platform = await createSnpPlatform({
      at,
      committedTcb: { snp: 1 },
      currentTcb: { snp: 2 },
      launchTcb: { snp: 3 },
    });
    const { committedTcb, currentTcb, launchTcb, reportedTcb } = await fields(platform);
    expect([committedTcb, currentTcb, launchTcb, reportedTcb].map((tcb) => tcb[6])).toEqual([
      1, 2, 3, 24,
    ]);
  });

  test('has no chip id', async () => {
    const platform = await createSnpPlatform({ at, maskChipId: true });
    expect((await fields(platform)).chipId).toEqual(new Uint8Array(64));
    expect(amdExtensions(platform)['4']).toBe(Buffer.from(platform.chipId).toString('hex'));
  });

  test('has a reserved byte set, and signed', async () => {
    const platform = await createSnpPlatform({ at });
    for (const offset of [0x4c, 0x18b, 0x1eb, 0x208, 0x29f]) {
      const report = await platform.report({
        ...guest,
        edit: (signed) => signed.with(offset, 1),
      });
      expect(report[offset]).toBe(1);
      expect(await judged(platform, report)).toEqual(sound);
    }
  });

  test('is signed by another key, or tampered with', async () => {
    const platform = await createSnpPlatform({ at });
    const { privateKey } = await generateP384Keys();
    for (const flaw of [
      { signedBy: privateKey },
      { tamper: (report: Uint8Array<ArrayBuffer>) => report.with(0x50, 0xff) },
    ]) {
      const report = await platform.report({ ...guest, ...flaw });
      expect(await judged(platform, report)).toEqual({ ...sound, report: false });
    }
  });

  test.each<[string, Partial<SnpReportOptions>]>([
    ['reportData: expected 64 bytes, found 63', { reportData: new Uint8Array(63) }],
    ['measurement: expected 48 bytes, found 32', { measurement: new Uint8Array(32) }],
    ['chipId: expected 64 bytes, found 8', { chipId: new Uint8Array(8) }],
  ])('cannot have fields of another length: %s', async (message, options) => {
    const platform = await createSnpPlatform({ at });
    await expect(platform.report({ ...guest, ...options })).rejects.toThrow(new TypeError(message));
  });
});

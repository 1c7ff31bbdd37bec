import {
  createSnpPlatform,
  expired,
  Extension,
  generateP384Keys,
  generateRsaKeys,
  guestPolicyBits,
  notYetValid,
} from '@blindai/simulator';
import type { CertificateTemplate, CrlTemplate, EndorsementKeyOverrides } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import {
  acceptMissingCrl,
  allowDebug,
  anyMeasurement,
  parseManifest,
  type Report,
  vendorAnchors,
} from '../../src/index.ts';
import { sevSnp } from '../../src/snp/snp.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import type { PlannedCheck } from '../../src/verdict.ts';
import { type Flaws, refusal, testFlaws } from '../flaws.ts';
import {
  at,
  type Flaw,
  flip,
  floors,
  judge,
  manifestOf,
  measurement,
  reportData,
} from './guest.ts';

const someoneElse = await generateP384Keys();
const anotherAuthority = await generateRsaKeys();
const anotherPlatform = await createSnpPlatform({ at });
const milanVlek = await createSnpPlatform({ at, key: 'vlek' });
const genoa = await createSnpPlatform({ at, product: 'Genoa' });

const past = expired(at);
const future = notYetValid(at);
const amd = '1.3.6.1.4.1.3704.1';
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));
const guestPolicy = 31n | guestPolicyBits.smt | guestPolicyBits.reservedOne;
const turinFloors = `fmc = 1, ${floors}`;
const other = '77'.repeat(48);

/** Where fields begin in a report (AMD 56860, "ATTESTATION_REPORT"). */
const offsets = {
  version: 0x00,
  policy: 0x08,
  signatureAlgorithm: 0x34,
  keys: 0x48,
  reserved1: 0x4c,
  measurement: 0x90,
  reserved2: 0x18b,
  currentReserved: 0x1eb,
  committedReserved: 0x1ef,
  reserved5: 0x208,
  signature: 0x2a0,
} as const;

function cutOff(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, -1);
}

const certificate = (overrides: EndorsementKeyOverrides): Flaw => ({
  platform: { certificate: overrides },
});

const edited = (edit: (template: CertificateTemplate) => Partial<CertificateTemplate>): Flaw =>
  certificate({ edit: (template) => ({ ...template, ...edit(template) }) });

/** Takes one of AMD's extensions out, or puts another value into it. */
const extension = (arc: string, value: string | null): Flaw =>
  edited(({ extensions }) => ({
    extensions: extensions.flatMap((each) => {
      if (each.type !== `${amd}.${arc}`) return [each];
      return value === null ? [] : [new Extension(each.type, false, Buffer.from(value, 'hex'))];
    }),
  }));

const withExtension = (added: Extension): Flaw =>
  edited(({ extensions }) => ({ extensions: [...extensions, added] }));

const crl = (edit: (template: CrlTemplate) => Partial<CrlTemplate>): Flaw => ({
  platform: { crl: { edit: (template) => ({ ...template, ...edit(template) }) } },
});

/** A zero or a one in a bit of the report that is reserved, signed all the same. */
const signedFlip = (offset: number, bit = 0, version = 3): Flaw => ({
  report: {
    version,
    edit: (signed) => new Uint8Array(flip(offset, bit)(signed)),
  },
});

/** Every row for a CRL is judged when one is given, whether or not one may be missing. */
const crlFlaws = {
  crl: {
    'cut off': { platform: { crl: { tamper: cutOff } } },
    'no DER': { endorsements: ({ ek }) => ({ ek, crl: Uint8Array.of(0xff, 0) }) },
    'nothing in it': { endorsements: ({ ek }) => ({ ek, crl: '' }) },
    'an unknown critical extension': crl(({ extensions }) => ({
      extensions: [...extensions, unknownCritical],
    })),
    'without its number': crl(({ extensions }) => ({
      extensions: extensions.filter(({ type }) => type !== '2.5.29.20'),
    })),
    'a certificate in its place': { endorsements: ({ ek }) => ({ ek, crl: ek }) },
  },
  'crl-signature': {
    'of someone else': { platform: { crl: { signedBy: anotherAuthority.privateKey } } },
    'by another kind of key': { platform: { crl: { signedBy: someoneElse.privateKey } } },
    'of another product': { platform: { crl: { product: 'Genoa' } } },
    'of another name': crl(() => ({ issuer: anotherPlatform.certificate.subject })),
  },
  'crl-validity': {
    expired: { platform: { crl: { validity: past } } },
    'not yet valid': { platform: { crl: { validity: future } } },
  },
  'certificate-revoked': {
    ASK: { platform: { revoked: ['ask'] } },
    ASVK: { platform: { key: 'vlek', revoked: ['asvk'] } },
    ARK: crl(() => ({ revoked: ['010000'] })),
    'the endorsement key, whose number is 0': crl(() => ({ revoked: ['00'] })),
    'ASK of Genoa': { platform: { product: 'Genoa', revoked: ['ask'] } },
  },
} as const satisfies Flaws<Flaw>;

const flaws: Flaws<Flaw> = {
  layout: {
    'cut off': { evidence: (report) => report.slice(0, -1) },
    'a byte too many': { evidence: (report) => Uint8Array.from([...report, 0]) },
    nothing: { evidence: () => new Uint8Array() },
    'version 1': { report: { version: 1 } },
    'version 4': { report: { version: 4 } },
    'version 6': { report: { version: 6 } },
    'another signature algorithm': { report: { signatureAlgorithm: 2 } },
    'policy: bit 17 not one': {
      report: { guestPolicy: guestPolicy ^ guestPolicyBits.reservedOne },
    },
    'policy: a reserved bit': { report: { guestPolicy: guestPolicy | (1n << 26n) } },
    'policy: the last reserved bit': { report: { guestPolicy: guestPolicy | (1n << 63n) } },
    'a reserved signing key': { report: { signingKey: 2 } },
    'a reserved bit beside the keys': signedFlip(offsets.keys, 5),
    'reserved bytes after the keys': signedFlip(offsets.reserved1),
    'reserved bytes after the CPUID': signedFlip(offsets.reserved2),
    'a CPUID in version 2': signedFlip(offsets.reserved2 - 3, 0, 2),
    'a reserved byte of the current version': signedFlip(offsets.currentReserved),
    'a reserved byte of the committed version': signedFlip(offsets.committedReserved),
    'mitigations in version 3': signedFlip(offsets.reserved5 - 16),
    'the last reserved byte': signedFlip(offsets.signature - 1, 7, 5),
    'r of more than 384 bits': { evidence: flip(offsets.signature + 48) },
    's of more than 384 bits': { evidence: flip(offsets.signature + 72 + 48) },
    'a byte after the signature': { evidence: flip(1183) },
    'a format that nobody knows': { format: 'snp' as 'sev-snp' },
  },
  endorsements: {
    none: { endorsements: () => undefined },
    'no certificate': { endorsements: ({ crl: list }) => ({ crl: list }) },
    'a member too many': { endorsements: (given) => ({ ...given, ask: given.ek }) },
    'a doubled member': { endorsements: () => '{"ek":"","ek":""}' },
    'no text or bytes': { endorsements: () => ({ ek: 1 }) },
    'a number': { endorsements: () => 1 },
    'no base64': { endorsements: () => ({ ek: 'base 64' }) },
    'a PEM block of something else': {
      endorsements: () => milanVlek.ekPem.replaceAll('CERTIFICATE', 'X509 CRL'),
    },
  },
  certificate: {
    'cut off': certificate({ tamper: cutOff }),
    'no DER': { endorsements: ({ crl: list }) => ({ ek: Uint8Array.of(0xff), crl: list }) },
    'nothing in it': { endorsements: () => new Uint8Array() },
    'an RSA key': {
      ...certificate({ keys: anotherAuthority }),
      report: { signedBy: someoneElse.privateKey },
    },
    'an ECDSA signature': certificate({ signedBy: someoneElse.privateKey }),
    'no struct version': extension('1', null),
    'another struct version': extension('1', '020102'),
    'no product name': extension('2', null),
    'a product name of another type': extension('2', '0c054d696c616e'),
    'a product name that moves the cursor': extension('2', '16031b5b41'),
    ...Object.fromEntries(
      [1, 2, 3, 4, 5, 6, 7, 8].map((arc) => [
        `no part ${arc} of the TCB`,
        extension(`3.${arc}`, null),
      ]),
    ),
    'a part of the TCB above 255': extension('3.8', '02020100'),
    'something after a part of the TCB': extension('3.8', '0201000500'),
    'a hardware id of 63 bytes': certificate({ hardwareId: new Uint8Array(63) }),
    "Turin's hardware id": certificate({ hardwareId: new Uint8Array(8) }),
    'a part of the TCB that nobody knows': withExtension(
      new Extension(`${amd}.3.10`, false, Buffer.from('020100', 'hex')),
    ),
    'an extension of AMD that nobody knows': withExtension(
      new Extension(`${amd}.6`, false, Buffer.from('020100', 'hex')),
    ),
    'an unknown critical extension': withExtension(unknownCritical),
    'a doubled extension': withExtension(
      new Extension(`${amd}.2`, false, Buffer.from('16054d696c616e', 'hex')),
    ),
  },
  crl: {
    'none given': { endorsements: ({ ek }) => ({ ek }) },
    'none given, certificate alone': { endorsements: ({ ek }) => ek },
    ...crlFlaws.crl,
  },
  'trust-anchor': {
    'another issuer': edited(({ subject }) => ({ issuer: subject })),
    'the ARK': edited(() => ({ issuer: anotherPlatform.certificate.subject })),
    "AMD's own keys, not the simulation's": { policy: { anchors: vendorAnchors } },
  },
  'certificate-chain': {
    'signed by someone else': certificate({ signedBy: anotherAuthority.privateKey }),
    'a VLEK under the ASK': edited(() => ({ subject: milanVlek.certificate.subject })),
    'a VCEK under the ASVK': {
      platform: {
        key: 'vlek',
        certificate: {
          edit: (template) => ({ ...template, subject: anotherPlatform.certificate.subject }),
        },
      },
    },
    'a CA': withExtension(new Extension('2.5.29.19', true, Buffer.from('30030101ff', 'hex'))),
    'for certificates': withExtension(
      new Extension('2.5.29.15', true, Buffer.from('03020204', 'hex')),
    ),
  },
  'certificate-validity': {
    expired: certificate({ validity: past }),
    'not yet valid': certificate({ validity: future }),
    'ASK expired': { at: new Date('2045-01-01T00:00:01Z') },
    'ASK not yet valid': { at: new Date('2019-12-31T23:59:59Z') },
    'ASVK expired': { platform: { key: 'vlek' }, at: new Date('2047-01-01T00:00:01Z') },
  },
  'crl-signature': crlFlaws['crl-signature'],
  'crl-validity': crlFlaws['crl-validity'],
  'certificate-revoked': crlFlaws['certificate-revoked'],
  'platform-match': {
    'another boot loader': certificate({ tcb: { bootloader: 3 } }),
    'another TEE': certificate({ tcb: { tee: 1 } }),
    'another SNP firmware': certificate({ tcb: { snp: 25 } }),
    'another microcode': certificate({ tcb: { microcode: 220 } }),
    'another FMC': {
      platform: { product: 'Turin', certificate: { tcb: { fmc: 2 } } },
      manifest: manifestOf('', turinFloors),
    },
    'a reserved part': extension('3.6', '020101'),
    'REPORTED_TCB of another layout': {
      report: { reportedTcb: Uint8Array.of(1, 4, 0, 24, 0, 0, 0, 219) },
    },
    'a reserved byte in COMMITTED_TCB': {
      report: { committedTcb: Uint8Array.of(4, 0, 1, 0, 0, 0, 24, 219) },
    },
    'a reserved byte in LAUNCH_TCB': {
      report: { launchTcb: Uint8Array.of(4, 0, 0, 0, 0, 1, 24, 219) },
    },
    'a reserved byte in CURRENT_TCB': {
      report: { currentTcb: Uint8Array.of(4, 0, 0, 1, 0, 0, 24, 219) },
    },
    'another chip': { endorsements: ({ crl: list }) => ({ ek: anotherPlatform.ek, crl: list }) },
    'another chip, of Turin': {
      platform: { product: 'Turin', certificate: { hardwareId: new Uint8Array(8).fill(1) } },
    },
    'a chip id too long for Turin': {
      platform: { product: 'Turin', chipId: new Uint8Array(64).fill(1) },
    },
    'a masked chip id': { platform: { maskChipId: true } },
    'a masked chip id, and zeros in the certificate': {
      platform: { chipId: new Uint8Array(64) },
    },
    'a VCEK without a hardware id': certificate({ hardwareId: null }),
    'a VCEK with a provider': certificate({ cspId: 'CN=example.invalid' }),
    'a VLEK without a provider': { platform: { key: 'vlek', certificate: { cspId: null } } },
    'a VLEK with a hardware id': {
      platform: { key: 'vlek', certificate: { hardwareId: new Uint8Array(64).fill(1) } },
    },
    'the report says VLEK': { report: { signingKey: 1 } },
    'the report says VCEK': { platform: { key: 'vlek' }, report: { signingKey: 0 } },
    'the report says that it is not signed': { report: { signingKey: 7 } },
    'a product name of another line': certificate({ productName: 'Genoa' }),
    'a product name that nobody knows': certificate({ productName: 'Venice' }),
    'a product name of no form': certificate({ productName: 'Milan-B' }),
    'the name of an own property': certificate({ productName: 'constructor' }),
    'a structure of another line': {
      platform: { product: 'Turin', certificate: { productName: 'Milan' } },
    },
    'a processor of Genoa': { report: { cpuid: { family: 0x19, model: 0x11, stepping: 1 } } },
    'a processor of Bergamo': { report: { cpuid: { family: 0x19, model: 0xa0, stepping: 2 } } },
    'a processor of Turin': { report: { cpuid: { family: 0x1a, model: 0x02, stepping: 1 } } },
    'a processor that nobody knows': {
      report: { cpuid: { family: 0x19, model: 0x21, stepping: 1 } },
    },
    'no processor': { report: { cpuid: { family: 0, model: 0, stepping: 0 } } },
  },
  'report-signature': {
    'of someone else': { report: { signedBy: someoneElse.privateKey } },
    'over another measurement': { evidence: flip(offsets.measurement) },
    'over another policy': { evidence: flip(offsets.policy + 2, 3) },
    'over another guest version': { evidence: flip(4) },
    'r changed': { evidence: flip(offsets.signature) },
    's changed': { evidence: flip(offsets.signature + 72 + 47, 7) },
    zeros: { evidence: (report) => Uint8Array.from(report).fill(0, offsets.signature) },
    'of another machine with the same chip id': {
      platform: { chipId: anotherPlatform.chipId },
      endorsements: ({ crl: list }) => ({ ek: anotherPlatform.ek, crl: list }),
    },
  },
  debug: {
    'a debug guest': { report: { debug: true } },
    'a debug guest, without entry': {
      report: { debug: true },
      manifest: null,
      policy: { [anyMeasurement]: true },
    },
  },
  migration: {
    'a migration agent is allowed': {
      report: { guestPolicy: guestPolicy | guestPolicyBits.migrationAgent },
    },
    'a migration agent is allowed, without entry': {
      report: { guestPolicy: guestPolicy | guestPolicyBits.migrationAgent },
      policy: { [anyMeasurement]: true },
    },
  },
  measurement: {
    'of other code': { report: { measurement: new Uint8Array(48) } },
    'no entry': { manifest: 'version = 1' },
  },
  vmpl: {
    'VMPL 1': { report: { vmpl: 1 } },
    'VMPL 3, without entry': { report: { vmpl: 3 }, policy: { [anyMeasurement]: true } },
    'VMPL 1, in a simulation without manifest': { report: { vmpl: 1 }, manifest: null },
    'asked by the host': { report: { vmpl: 0xffff_ffff } },
    'VMPL 0, where 1 is demanded': { manifest: manifestOf('vmpl = 1') },
    'VMPL 2, where 1 is demanded': { report: { vmpl: 2 }, manifest: manifestOf('vmpl = 1') },
  },
  'guest-policy': {
    'SMT allowed': {
      manifest: manifestOf('guest_policy = { smt = false, abi_major = 0, abi_minor = 31 }'),
    },
    'an older minor ABI': {
      manifest: manifestOf('guest_policy = { smt = true, abi_major = 0, abi_minor = 32 }'),
    },
    'an older major ABI': {
      manifest: manifestOf('guest_policy = { smt = true, abi_major = 1, abi_minor = 0 }'),
    },
  },
  'minimum-tcb': {
    ...Object.fromEntries(
      (['reportedTcb', 'committedTcb', 'launchTcb'] as const).flatMap((which) =>
        (['bootloader', 'snp', 'microcode'] as const).map((part) => [
          `${which}: ${part}`,
          { platform: { [which]: { [part]: 1 } } },
        ]),
      ),
    ),
    'TEE below a floor': { manifest: manifestOf('', floors.replace('tee = 0', 'tee = 1')) },
    'FMC below a floor': {
      platform: { product: 'Turin' },
      report: { version: 5 },
      manifest: manifestOf('', turinFloors.replace('fmc = 1', 'fmc = 2')),
    },
    'no floor for the FMC of Turin': { platform: { product: 'Turin' }, report: { version: 5 } },
    'a floor for an FMC that Milan has not': { manifest: manifestOf('', `fmc = 0, ${floors}`) },
  },
  'host-data': {
    'not zero': { report: { hostData: new Uint8Array(32).fill(1) } },
    'not as demanded': { manifest: manifestOf(`host_data = "${'33'.repeat(32)}"`) },
  },
  entry: {
    'another id key': { manifest: manifestOf(`id_key_digest = "${other}"`) },
    'another author key': { manifest: manifestOf(`author_key_digest = "${other}"`) },
    'another family': { manifest: manifestOf(`family_id = "${other.slice(0, 32)}"`) },
    'another image': { manifest: manifestOf(`image_id = "${other.slice(0, 32)}"`) },
    'an entry that has ended': { manifest: manifestOf(`until = ${at.toISOString()}`) },
  },
  platform: {
    'another chip': { manifest: manifestOf(`chip_id = ["${'12'.repeat(64)}"]`) },
    'a chip that is masked': {
      platform: { key: 'vlek' },
      manifest: manifestOf(`chip_id = ["${'00'.repeat(64)}"]`),
    },
  },
  'report-data': {
    'of other bytes': { expected: { reportData: new Uint8Array(64) } },
    'of another connection': {
      expected: {
        certificate: new Uint8Array(1),
        keyset: new Uint8Array(1),
        nonce: new Uint8Array(32),
      },
    },
  },
};

const strict = { anchors: simulationAnchors, manifest: parseManifest(manifestOf()) };
testFlaws(flaws, sevSnp.plan(strict), judge);

describe('where no entry is compared', () => {
  const policy = { ...strict, [anyMeasurement]: true };

  test('the checks that need none are made, in the same order', () => {
    const needed = ['guest-policy', 'minimum-tcb', 'host-data', 'entry', 'platform'];
    expect(names(sevSnp.plan(policy))).toEqual(
      names(sevSnp.plan(strict)).filter((name) => !needed.includes(name)),
    );
  });

  test('all but the entry is judged', async () => {
    const { report, entry } = await judge({ policy: { [anyMeasurement]: true } });
    expect([report.verdict, entry]).toEqual(['accept', null]);
    expect(weakenedIn(report)).toEqual(['trust-anchor', 'measurement']);
  });
});

describe('where a CRL may be missing', () => {
  const policy = { [acceptMissingCrl]: true };

  test('every row about it is weakened, and nothing else', async () => {
    const { report } = await judge({ endorsements: ({ ek }) => ({ ek }), policy });
    expect(report.verdict).toBe('accept');
    expect(weakenedIn(report)).toEqual([
      'crl',
      'trust-anchor',
      'crl-signature',
      'crl-validity',
      'certificate-revoked',
    ]);
  });

  test('one that is given is judged all the same', async () => {
    const { report } = await judge({ policy });
    expect(weakenedIn(report)).toEqual(['trust-anchor']);
  });

  describe.each(Object.entries(crlFlaws))('%s', (check, ways) => {
    test.each(Object.entries<Flaw>(ways))('%s', async (_, flaw) => {
      expect((await refusal(judge({ ...flaw, policy }))).check).toBe(check);
    });
  });
});

describe('no production policy accepts a simulation', () => {
  test.each(
    (['Milan', 'Genoa', 'Turin'] as const).flatMap((product) =>
      (['vcek', 'vlek'] as const).map((key) => ({ product, key })),
    ),
  )('$product, $key', async (platform) => {
    const error = await refusal(
      judge({
        platform,
        policy: {
          anchors: vendorAnchors,
          [anyMeasurement]: true,
          [acceptMissingCrl]: true,
          [allowDebug]: true,
        },
      }),
    );
    expect(error.check).toBe('trust-anchor');
    expect(error.message).toContain('simulation: true');
  });
});

test('a certificate of another product is of another chip, whatever its CRL', async () => {
  const flaw = { endorsements: () => genoa.endorsements };
  expect((await refusal(judge(flaw))).message).toContain('family 25, model 1: no Genoa');
});

test('the simulated evidence has the measurement and report data that were asked for', async () => {
  const claims = await judge();
  expect([claims.measurement, claims.reportData]).toEqual([measurement, reportData]);
});

function names(planned: readonly PlannedCheck[]): string[] {
  return planned.map(({ name }) => name);
}

function weakenedIn({ checks }: Report): string[] {
  return checks.filter(({ result }) => result === 'weakened').map(({ name }) => name);
}

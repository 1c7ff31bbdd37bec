import {
  createSnpPlatform,
  expired,
  Extension,
  generateP384Keys,
  generateRsaKeys,
  guestPolicyBits,
  notYetValid,
} from '@blindai/simulator';
import type {
  CertificateTemplate,
  EndorsementKeyOverrides,
  SnpPlatformOptions,
  SnpReportOptions,
} from '@blindai/simulator';
import { append, cutOff, flip, overwrite } from './bytes.ts';
import { at, base64, type CaseTable, dayMs, type FormatCases, reportData } from './case.ts';
import { another, boot, bootReportData, connection, nonceReportData } from './connection.ts';
import { pem } from './pem.ts';

/** What is wrong with SEV-SNP evidence. */
export interface SnpFlaw {
  readonly platform?: Omit<SnpPlatformOptions, 'at'>;
  readonly report?: Partial<SnpReportOptions>;
  /** Changes the report after it was signed. */
  readonly evidence?: (report: Uint8Array) => Uint8Array;
  readonly endorsements?: (given: SnpMembers) => unknown;
}

/** Endorsements in JSON: certificate and CRL, PEM. */
export interface SnpMembers {
  readonly ek: string;
  readonly crl: string;
}

const measurement = new Uint8Array(48).fill(0x3c);
const floors = 'bootloader = 4, tee = 0, snp = 24, microcode = 219';

interface Entry {
  readonly floors?: string;
  readonly covers?: string;
  readonly guestPolicy?: string;
  readonly measured?: string;
  /** More lines. */
  readonly demands?: string;
}

function snpEntry({ covers, measured, guestPolicy, demands, ...entry }: Entry = {}): string {
  return `
[[sev_snp]]
covers = ${covers ?? '["firmware", "kernel", "initrd", "cmdline", "rootfs"]'}
measurement = "${measured ?? '3c'.repeat(48)}"
guest_policy = { ${guestPolicy ?? 'smt = true, abi_major = 0, abi_minor = 31'} }
minimum_tcb = { ${entry.floors ?? floors} }
${demands ?? ''}`;
}

const manifest = `version = 1\n${snpEntry()}`;
const demanding = (...entries: readonly Entry[]): { manifest: string } => ({
  manifest: `version = 1\n${entries.map(snpEntry).join('')}`,
});

/** AMD 56860, table "ATTESTATION_REPORT Structure". */
const offsets = {
  version: 0x00,
  policy: 0x08,
  signatureAlgorithm: 0x34,
  keys: 0x48,
  reserved: 0x4c,
  measurement: 0x90,
  signatureReserved: 0x2a0 + 144,
} as const;

const someoneElse = await generateP384Keys();
const anotherRsa = await generateRsaKeys();
const anotherPlatform = await createSnpPlatform({ at });

const past = expired(at);
const future = notYetValid(at);
const amdOid = '1.3.6.1.4.1.3704.1';
const hardwareId = `${amdOid}.4`;
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));

const { subject: vlekName } = (await createSnpPlatform({ at, key: 'vlek' })).certificate;
const guestPolicy = 31n | guestPolicyBits.smt | guestPolicyBits.reservedOne;
const certificate = (overrides: EndorsementKeyOverrides): Pick<SnpFlaw, 'platform'> => ({
  platform: { certificate: overrides },
});
const edited = (
  edit: (template: CertificateTemplate) => Partial<CertificateTemplate>,
): Pick<SnpFlaw, 'platform'> =>
  certificate({ edit: (template) => ({ ...template, ...edit(template) }) });
const turinFloors = `fmc = 1, ${floors}`;

/** Every case of SEV-SNP, by the check that must refuse it. */
export const snpTable: CaseTable<SnpFlaw> = {
  accept: {
    'up-to-date': { about: 'A report of version 3 on Milan, signed by a VCEK.' },
    'version-2': { about: 'A report of version 2 on Milan.', report: { version: 2 } },
    genoa: { about: 'A report of version 3 on Genoa.', platform: { product: 'Genoa' } },
    turin: {
      about: 'A report of version 5 on Turin, whose TCB has one part more.',
      platform: { product: 'Turin' },
      report: { version: 5 },
      ...demanding({ floors: turinFloors }),
    },
    vlek: {
      about: 'Signed by a VLEK: the report masks the chip id, the certificate names a provider.',
      platform: { key: 'vlek' },
    },
    'no-crl': {
      about: 'No CRL is given, which the caller accepts.',
      endorsements: ({ ek }) => ({ ek }),
      weakenings: ['acceptMissingCrl'],
      weakened: ['crl', 'crl-signature', 'crl-validity', 'certificate-revoked'],
    },
    'first-moment': {
      about: 'The certificate and the CRL begin at this very moment.',
      platform: {
        certificate: { validity: { from: at, to: new Date(at.getTime() + dayMs) } },
        crl: { validity: { from: at, to: new Date(at.getTime() + dayMs) } },
      },
    },
    'last-moment': {
      about: 'The certificate and the CRL end at this very moment.',
      platform: {
        certificate: { validity: { from: new Date(at.getTime() - dayMs), to: at } },
        crl: { validity: { from: new Date(at.getTime() - dayMs), to: at } },
      },
    },
    'nonce-answered': {
      about:
        'The evidence vouches for the TLS certificate, the keyset and the nonce of a connection.',
      report: { reportData: nonceReportData },
      reportData: connection,
    },
    'made-at-boot': {
      about: 'The evidence was made at boot and answers no nonce, which the caller accepts.',
      report: { reportData: bootReportData },
      reportData: boot,
      weakenings: ['acceptBootEvidence'],
      weakened: ['report-data'],
    },
    'any-report-data': {
      about: 'The caller does not judge report data.',
      reportData: null,
      weakenings: ['anyReportData'],
      weakened: ['report-data'],
    },
    'any-measurement': {
      about: 'The caller compares with no entry.',
      manifest: null,
      weakenings: ['anyMeasurement'],
      weakened: ['measurement'],
    },
    'debug-allowed': {
      about: 'A guest under debug, which the caller accepts.',
      report: { debug: true },
      weakenings: ['allowDebug'],
      weakened: ['debug'],
    },
    'whole-tuple': {
      about: 'Host data, digests, family, image and end are demanded and found.',
      report: {
        hostData: new Uint8Array(32).fill(0xd0),
        idKeyDigest: new Uint8Array(48).fill(0xd1),
        authorKeyDigest: new Uint8Array(48).fill(0xd2),
        familyId: new Uint8Array(16).fill(0xd3),
        imageId: new Uint8Array(16).fill(0xd4),
      },
      ...demanding({
        demands: `host_data = "${'d0'.repeat(32)}"
id_key_digest = "${'d1'.repeat(48)}"
author_key_digest = "${'d2'.repeat(48)}"
family_id = "${'d3'.repeat(16)}"
image_id = "${'d4'.repeat(16)}"
until = 2026-01-15T12:00:01Z
`,
      }),
    },
    'second-entry': {
      about: 'The second entry of the manifest is the one that matches.',
      ...demanding({ measured: '3d'.repeat(48) }, { demands: 'name = "this one"\n' }),
    },
    'vmpl-1-demanded': {
      about: 'A report from VMPL 1, as the entry says.',
      report: { vmpl: 1 },
      ...demanding({ demands: 'vmpl = 1\n' }),
      weakened: ['vmpl'],
    },
    'firmware-only': {
      about: 'The entry says that its measurement covers the firmware only.',
      ...demanding({ covers: '["firmware"]' }),
      weakened: ['measurement'],
    },
  },
  layout: {
    'cut-off': { about: 'The report is one byte too short.', evidence: cutOff(1) },
    'trailing-byte': { about: 'A byte follows the report.', evidence: append(0) },
    'unknown-version': {
      about: 'The report says version 4, which does not exist.',
      report: { version: 4 },
    },
    'other-algorithm': {
      about: 'The report names another signature algorithm than ECDSA P-384 with SHA-384.',
      report: { signatureAlgorithm: 2 },
    },
    'reserved-not-zero': {
      about: 'A reserved byte is not zero; the report was signed so.',
      report: { edit: (signed) => Uint8Array.from(overwrite(offsets.reserved, 1)(signed)) },
    },
    'policy-bit-17-zero': {
      about: 'Bit 17 of the guest policy, which must be one, is not.',
      report: { guestPolicy: guestPolicy & ~guestPolicyBits.reservedOne },
    },
    'reserved-after-signature': {
      about: 'A reserved byte after r and s is not zero; no signature covers it.',
      evidence: flip(offsets.signatureReserved),
    },
  },
  endorsements: {
    none: { about: 'There is no certificate.', endorsements: () => ({}) },
    'no-pem': {
      about: 'The certificate is neither PEM nor base64.',
      endorsements: (given) => ({ ...given, ek: given.ek.replace('BEGIN', 'BEGUN') }),
    },
    'doubled-member': {
      about: 'The JSON text has one member twice.',
      endorsements: (given) =>
        JSON.stringify(given).replace('{', `{"ek":${JSON.stringify(anotherPlatform.ekPem)},`),
    },
  },
  certificate: {
    'cut-off': {
      about: 'The certificate is one byte too short.',
      ...certificate({ tamper: (der) => der.slice(0, -1) }),
    },
    'unknown-critical': {
      about: 'The certificate has a critical extension that nobody knows.',
      ...edited(({ extensions }) => ({ extensions: [...extensions, unknownCritical] })),
    },
    'without-tcb': {
      about: 'The certificate does not say for which version of the microcode it is.',
      ...edited(({ extensions }) => ({
        extensions: extensions.filter(({ type }) => type !== `${amdOid}.3.8`),
      })),
    },
    'rsa-key': {
      about: 'The certificate is for an RSA key.',
      platform: { certificate: { keys: anotherRsa } },
      report: { signedBy: someoneElse.privateKey },
    },
  },
  crl: {
    absent: { about: 'No CRL is given.', endorsements: ({ ek }) => ({ ek }) },
    'cut-off': {
      about: 'The CRL is one byte too short.',
      platform: { crl: { tamper: (der) => der.slice(0, -1) } },
    },
    'unknown-critical': {
      about: 'The CRL has a critical extension that nobody knows.',
      platform: {
        crl: {
          edit: (crl) => ({ ...crl, extensions: [...crl.extensions, unknownCritical] }),
        },
      },
    },
  },
  'trust-anchor': {
    'unknown-issuer': {
      about: 'The certificate names an issuer that is none of the pinned ones.',
      ...edited(({ subject }) => ({ issuer: subject })),
    },
  },
  'certificate-chain': {
    'signed-by-someone-else': {
      about: "The certificate names the ASK as its issuer and is not signed by the ASK's key.",
      platform: { certificate: { signedBy: anotherRsa.privateKey } },
    },
    'vcek-named-vlek': {
      about: 'A certificate that the ASK signed bears the name of a VLEK.',
      platform: {
        certificate: {
          edit: (template) => ({ ...template, subject: vlekName }),
        },
      },
    },
  },
  'certificate-validity': {
    expired: { about: 'The certificate ended one second ago.', ...certificate({ validity: past }) },
    'not-yet-valid': {
      about: 'The certificate begins in one second.',
      ...certificate({ validity: future }),
    },
  },
  'crl-signature': {
    'signed-by-someone-else': {
      about: "The CRL is not signed by the ARK's key.",
      platform: { crl: { signedBy: anotherRsa.privateKey } },
    },
    'of-another-product': {
      about: 'The CRL is genuine and of the ARK of Genoa; the chip is a Milan.',
      platform: { crl: { product: 'Genoa' } },
    },
  },
  'crl-validity': {
    expired: {
      about: 'The CRL should have been replaced one second ago.',
      platform: { crl: { validity: past } },
    },
    'not-yet-valid': {
      about: 'The CRL is of one second in the future.',
      platform: { crl: { validity: future } },
    },
  },
  'certificate-revoked': {
    ask: { about: 'The ASK is on the CRL.', platform: { crl: { revoked: ['ask'] } } },
    asvk: {
      about: 'The ASVK is on the CRL, and it signed the VLEK.',
      platform: { key: 'vlek', crl: { revoked: ['asvk'] } },
    },
    'ask-though-no-crl-is-needed': {
      about: 'The caller accepts that no CRL is given, but one is, and the ASK is on it.',
      platform: { crl: { revoked: ['ask'] } },
      weakenings: ['acceptMissingCrl'],
    },
  },
  'platform-match': {
    ...Object.fromEntries(
      (['bootloader', 'tee', 'snp', 'microcode'] as const).map((part) => [
        `other-${part}`,
        {
          about: `The certificate is for another version of ${part} than the report's.`,
          ...certificate({ tcb: { [part]: 1 } }),
        },
      ]),
    ),
    'other-fmc': {
      about: "On Turin: the certificate is for another version of fmc than the report's.",
      platform: { product: 'Turin', certificate: { tcb: { fmc: 2 } } },
      ...demanding({ floors: turinFloors }),
    },
    'another-chip': {
      about: 'The certificate is of another chip.',
      ...certificate({ hardwareId: new Uint8Array(64).fill(0x01) }),
    },
    'chip-id-masked': {
      about: 'The report masks the chip id, so nothing says that the VCEK is of this chip.',
      platform: { maskChipId: true },
    },
    'without-hardware-id': {
      about: 'The VCEK certificate names no chip.',
      ...edited(({ extensions }) => ({
        extensions: extensions.filter(({ type }) => type !== hardwareId),
      })),
    },
    'processor-of-another-product': {
      about: "The report's CPUID is that of a Genoa, the certificate of a Milan.",
      report: { cpuid: { family: 0x19, model: 0x11, stepping: 1 } },
    },
    'name-of-another-product': {
      about: "The certificate names Genoa, and Milan's ASK signed it.",
      ...certificate({ productName: 'Genoa' }),
    },
    'signing-key-vlek': {
      about: 'The report says that a VLEK signed it, and the certificate is of a VCEK.',
      report: { signingKey: 1 },
    },
    'vlek-without-provider': {
      about: 'The VLEK certificate names no provider.',
      platform: { key: 'vlek', certificate: { cspId: null } },
    },
  },
  'report-signature': {
    'signed-by-someone-else': {
      about: 'The report is not signed by the key of the certificate.',
      report: { signedBy: someoneElse.privateKey },
    },
    'measurement-flipped': {
      about: 'One bit of the measurement was changed after signing.',
      evidence: flip(offsets.measurement),
    },
    'policy-flipped': {
      about: 'Debugging was allowed, and the bit cleared after signing.',
      report: { debug: true },
      evidence: flip(offsets.policy + 2, 3),
    },
    'certificate-of-another-chip': {
      about: "Certificate and chip id agree, but another chip's key signed.",
      report: { signedBy: anotherPlatform.certificate.keys.privateKey },
    },
  },
  debug: {
    'policy-allows-it': { about: 'The host may read the guest.', report: { debug: true } },
  },
  migration: {
    'policy-allows-it': {
      about: 'A migration agent may give the guest to another machine.',
      report: { guestPolicy: guestPolicy | guestPolicyBits.migrationAgent },
    },
  },
  measurement: {
    'other-code': {
      about: 'Genuine evidence of other code.',
      report: { measurement: new Uint8Array(48) },
    },
  },
  vmpl: {
    'vmpl-1': {
      about: 'A report from VMPL 1: what runs at VMPL 0 can change it.',
      report: { vmpl: 1 },
    },
    'vmpl-1-any-measurement': {
      about: 'A report from VMPL 1, compared with no entry: VMPL 0 is demanded all the same.',
      manifest: null,
      report: { vmpl: 1 },
      weakenings: ['anyMeasurement'],
    },
    'asked-by-the-host': {
      about: 'A report that the host asked for.',
      report: { vmpl: 0xffff_ffff },
    },
  },
  'guest-policy': {
    'smt-allowed': {
      about: 'The guest policy allows SMT, and the entry does not.',
      ...demanding({ guestPolicy: 'smt = false, abi_major = 0, abi_minor = 31' }),
    },
    'older-abi': {
      about: 'The guest policy is content with an older firmware ABI than the entry.',
      ...demanding({ guestPolicy: 'smt = true, abi_major = 0, abi_minor = 32' }),
    },
  },
  'minimum-tcb': {
    'reported-below': {
      about: 'REPORTED_TCB has an older microcode than the floor.',
      platform: { reportedTcb: { microcode: 218 } },
    },
    'committed-below': {
      about: 'COMMITTED_TCB is below the floor: the firmware may be taken back to there.',
      platform: { committedTcb: { snp: 23 } },
    },
    'launch-below': {
      about: 'LAUNCH_TCB is below the floor: the guest was started under older firmware.',
      platform: { launchTcb: { bootloader: 3 } },
    },
    'floor-of-another-product': {
      about: 'The floors have an fmc, which only Turin has.',
      ...demanding({ floors: turinFloors }),
    },
  },
  'host-data': {
    'not-zero': {
      about: 'The host gave data along, and the entry demands zeros.',
      report: { hostData: new Uint8Array(32).fill(0x01) },
    },
  },
  entry: {
    'other-id-key': {
      about: 'Another digest of the id key than demanded.',
      ...demanding({ demands: `id_key_digest = "${'01'.repeat(48)}"\n` }),
    },
    ended: {
      about: 'The entry ends at this very moment.',
      ...demanding({ demands: 'until = 2026-01-15T12:00:00Z\n' }),
    },
  },
  platform: {
    'another-machine': {
      about: 'The entry lists a chip, and this is another.',
      ...demanding({ demands: `chip_id = ["${'01'.repeat(64)}"]\n` }),
    },
    'chip-id-masked': {
      about: 'The entry lists a chip, and the report does not say which it is.',
      platform: { key: 'vlek' },
      ...demanding({ demands: `chip_id = ["${'00'.repeat(64)}"]\n` }),
    },
  },
  'report-data': {
    'other-bytes': {
      about: 'Other 64 bytes than demanded.',
      reportData: { exact: base64(flip(63)(reportData)) },
    },
    'another-certificate': {
      about: 'The evidence vouches for another TLS certificate: someone stands in between.',
      report: { reportData: nonceReportData },
      reportData: { ...connection, certificate: another },
    },
    'another-keyset': {
      about: 'The evidence vouches for another keyset.',
      report: { reportData: nonceReportData },
      reportData: { ...connection, keyset: another },
    },
    'another-nonce': {
      about: 'The evidence answers another nonce: it is old.',
      report: { reportData: nonceReportData },
      reportData: { ...connection, nonce: another },
    },
    'boot-in-place-of-nonce': {
      about: 'The evidence was made at boot, and a nonce was sent.',
      report: { reportData: bootReportData },
      reportData: connection,
    },
    'nonce-in-place-of-boot': {
      about: 'The evidence answers a nonce, and evidence made at boot is demanded.',
      report: { reportData: nonceReportData },
      reportData: boot,
      weakenings: ['acceptBootEvidence'],
    },
  },
};

/** The cases of SEV-SNP reports. */
export const snpCases: FormatCases<SnpFlaw> = {
  format: 'sev-snp',
  manifest,
  table: snpTable,
  make: async (flaw) => {
    const platform = await createSnpPlatform({ at, ...flaw.platform });
    const report = await platform.report({ reportData, measurement, ...flaw.report });
    const given: SnpMembers = {
      ek: pem('CERTIFICATE', platform.ek),
      crl: pem('X509 CRL', platform.crl),
    };
    return {
      evidence: flaw.evidence?.(report) ?? report,
      endorsements: flaw.endorsements ? flaw.endorsements(given) : given,
    };
  },
};

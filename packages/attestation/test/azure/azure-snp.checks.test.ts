import { expired, generateP384Keys, generateRsaKeys, guestPolicyBits } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { acceptMissingCrl, allowDebug, parseManifest } from '../../src/index.ts';
import { azureSnpVtpm } from '../../src/azure/azure-snp.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { type Flaws, testFlaws } from '../flaws.ts';
import { at, floors, type Flaw, judge, manifestOf } from './machine.ts';
import { bound, listed, vtpmFlaws } from './vtpm-flaws.ts';

const someoneElse = await generateP384Keys();
const anotherAuthority = await generateRsaKeys();
const guestPolicy = 31n | guestPolicyBits.smt | guestPolicyBits.reservedOne;
const shared = vtpmFlaws('snp');

/** Raises one floor above what the machines have. */
const floor = (part: string, version: number): Flaw => ({
  manifest: manifestOf(floors.replace(new RegExp(`${part} = \\d+`), `${part} = ${version}`)),
});

const flaws: Flaws<Flaw> = {
  ...shared,
  layout: {
    ...shared.layout,
    'two certificates': {
      evidence: { edit: (all) => ('vcek' in all ? { ...all, vcek: all.vcek + all.vcek } : all) },
    },
    'a certificate that is no PEM': { evidence: { edit: (all) => ({ ...all, vcek: 'MIIF' }) } },
    'a report of version 4': { evidence: { report: { version: 4 } } },
    'reserved bytes in the report': {
      evidence: { tamperHcl: (hcl) => hcl.map((byte, index) => (index === 32 + 0x4c ? 1 : byte)) },
    },
  },
  endorsements: {
    'an unknown member': { endorsements: (given) => ({ ...given, ask: '' }) },
    'no map': { endorsements: () => 1 },
  },
  certificate: {
    'cut off': { snp: { certificate: { tamper: (der) => der.slice(0, -1) } } },
  },
  crl: {
    'none given': { endorsements: () => ({}) },
    'cut off': { snp: { crl: { tamper: (der) => der.slice(0, -1) } } },
  },
  'trust-anchor': {
    'another issuer': {
      snp: { certificate: { edit: (template) => ({ ...template, issuer: template.subject }) } },
    },
  },
  'certificate-chain': {
    'signed by someone else': { snp: { certificate: { signedBy: anotherAuthority.privateKey } } },
  },
  'certificate-validity': { expired: { snp: { certificate: { validity: expired(at) } } } },
  'crl-signature': {
    'of someone else': { snp: { crl: { signedBy: anotherAuthority.privateKey } } },
  },
  'crl-validity': { expired: { snp: { crl: { validity: expired(at) } } } },
  'certificate-revoked': { ASK: { snp: { revoked: ['ask'] } } },
  'platform-match': {
    'a certificate of other versions': { snp: { certificate: { tcb: { microcode: 1 } } } },
    'a certificate of another chip': {
      snp: { certificate: { hardwareId: new Uint8Array(64).fill(1) } },
    },
    'a masked chip': { snp: { maskChipId: true } },
  },
  'report-signature': {
    'of someone else': { evidence: { report: { signedBy: someoneElse.privateKey } } },
    'over another report data': {
      evidence: {
        tamperHcl: (hcl) => hcl.map((byte, index) => (index === 32 + 0x50 ? byte ^ 1 : byte)),
      },
    },
  },
  debug: { 'a debug guest': { evidence: { report: { debug: true } } } },
  migration: {
    'a migration agent allowed': {
      evidence: { report: { guestPolicy: guestPolicy | guestPolicyBits.migrationAgent } },
    },
  },
  vmpl: Object.fromEntries(
    [1, 2, 3, 0xffff_ffff].flatMap((vmpl) => [
      [`VMPL ${vmpl}`, { evidence: { report: { vmpl } } }],
      [`VMPL ${vmpl}, and no entry`, { evidence: { report: { vmpl } }, manifest: null }],
    ]),
  ),
  'minimum-tcb': {
    ...Object.fromEntries(
      (
        [
          ['bootloader', 5],
          ['tee', 1],
          ['snp', 25],
          ['microcode', 220],
        ] as const
      ).map(([part, version]) => [`an older ${part}`, floor(part, version)]),
    ),
    'an older committed version': {
      snp: { committedTcb: { snp: 23 } },
      manifest: manifestOf(floors),
    },
    'an older version at launch': { snp: { launchTcb: { snp: 23 } }, manifest: manifestOf(floors) },
    'a floor of Turin': { manifest: manifestOf(floors.replace('{', '{ fmc = 0,')) },
  },
  entry: {
    ...shared.entry,
    'an entry for TDX': { manifest: manifestOf(`platform = ["${'00'.repeat(16)}"]\n`) },
  },
  platform: {
    'another chip': { manifest: manifestOf(`chip_id = ["${'00'.repeat(64)}"]\n`) },
  },
};

describe('evidence without a flaw', () => {
  test.each<[string, Flaw]>([
    ['as it is', {}],
    ['bound to a connection', bound],
    ['with floors', { manifest: manifestOf(floors) }],
    ['on Genoa', { snp: { product: 'Genoa' } }],
    ['on Turin', { snp: { product: 'Turin' } }],
    ['with an HCL report of version 2', { evidence: { hcl: { version: 2 } } }],
    [
      'with an HCL report that is not padded',
      {
        evidence: {
          tamperHcl: (hcl) => hcl.slice(0, new DataView(hcl.buffer).getUint32(8, true)),
        },
      },
    ],
    [
      'of some PCRs',
      { evidence: { selected: [4, 7, 8, 9], edit: (all) => listed(all, [4, 7, 8, 9]) } },
    ],
    [
      'with claims that nobody knows yet',
      {
        evidence: {
          editClaims: (claims) => ({
            ...claims,
            more: { nested: [1] },
            'vm-configuration': { ...claims['vm-configuration'], 'list-of-things': [1] },
          }),
        },
      },
    ],
    [
      'with claims that have no user data, as older ones',
      { evidence: { editClaims: (claims) => ({ ...claims, 'user-data': undefined }) } },
    ],
    [
      'without a CRL, where that is accepted',
      { endorsements: () => ({}), policy: { [acceptMissingCrl]: true } },
    ],
    [
      'in debug mode, where that is accepted',
      { evidence: { report: { debug: true } }, policy: { [allowDebug]: true } },
    ],
    ['without a manifest', { manifest: null }],
  ])('%s', async (_, flaw) => {
    const { report } = await judge('snp', flaw);
    expect(report).toMatchObject({ verdict: 'accept', check: null });
  });
});

testFlaws(
  flaws,
  azureSnpVtpm.plan({ anchors: simulationAnchors, manifest: parseManifest(manifestOf()) }),
  async (flaw) => judge('snp', flaw),
);

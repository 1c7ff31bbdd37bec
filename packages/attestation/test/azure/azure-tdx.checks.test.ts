import { expired, generateKeys, tdAttributeBits } from '@blindai/simulator';
import type { PlatformOptions, SimulatedCollateral } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { allowDebug, parseManifest } from '../../src/index.ts';
import { azureTdxVtpm } from '../../src/azure/azure-tdx.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { type Flaws, testFlaws } from '../flaws.ts';
import { at, floors, type Flaw, judge, manifestOf } from './machine.ts';
import { bound, listed, vtpmFlaws } from './vtpm-flaws.ts';

const someoneElse = await generateKeys();
const past = expired(at);
const shared = vtpmFlaws('tdx');

const platform = (tdx: Omit<PlatformOptions, 'at'>): Flaw => ({ tdx });
const tcbInfo = (overrides: NonNullable<PlatformOptions['documents']>['tcbInfo']): Flaw =>
  platform({ documents: { ...(overrides && { tcbInfo: overrides }) } });
const qeIdentity = (overrides: NonNullable<PlatformOptions['documents']>['qeIdentity']): Flaw =>
  platform({ documents: { ...(overrides && { qeIdentity: overrides }) } });

const flaws: Flaws<Flaw> = {
  ...shared,
  layout: {
    ...shared.layout,
    'something after the TDREPORT': {
      evidence: { tamperHcl: (hcl) => hcl.map((byte, index) => (index === 32 + 1024 ? 1 : byte)) },
    },
    'a quote of an SGX enclave': { evidence: { tdQuote: { header: { teeType: 0 } } } },
    'something after the quote': {
      evidence: {
        edit: (all) => ('td_quote' in all ? { ...all, td_quote: [...all.td_quote, 1] } : all),
      },
    },
    'a quote beyond 16 KiB': {
      evidence: {
        edit: (all) =>
          'td_quote' in all
            ? { ...all, td_quote: [...all.td_quote, ...new Uint8Array(16 * 1024)] }
            : all,
      },
    },
  },
  endorsements: {
    none: { endorsements: () => 'none' },
    'a member absent': {
      endorsements: (given) => {
        const { pck_crl: _, ...others } = given as SimulatedCollateral;
        return others;
      },
    },
  },
  certificate: {
    'cut off': platform({ certificates: { root: { tamper: (der) => der.slice(0, -1) } } }),
  },
  crl: { 'cut off': platform({ crls: { root: { tamper: (der) => der.slice(0, -1) } } }) },
  'trust-anchor': {
    'of someone else': platform({ certificates: { root: { keys: someoneElse } } }),
  },
  'certificate-chain': {
    'signed by someone else': platform({
      certificates: { pck: { signedBy: someoneElse.privateKey } },
    }),
  },
  'certificate-validity': { expired: platform({ certificates: { pck: { validity: past } } }) },
  'crl-signature': {
    'of someone else': platform({ crls: { pck: { signedBy: someoneElse.privateKey } } }),
  },
  'crl-validity': { expired: platform({ crls: { pck: { validity: past } } }) },
  'certificate-revoked': { PCK: platform({ revoked: ['pck'] }) },
  'tcb-info-signature': { 'of someone else': tcbInfo({ signedBy: someoneElse.privateKey }) },
  'tcb-info': { 'of SGX': tcbInfo({ edit: (info) => ({ ...info, id: 'SGX' }) }) },
  'tcb-info-validity': { expired: tcbInfo({ validity: past }) },
  'qe-identity-signature': { 'of someone else': qeIdentity({ signedBy: someoneElse.privateKey }) },
  'qe-identity-document': { 'of SGX': qeIdentity({ edit: (all) => ({ ...all, id: 'QE' }) }) },
  'qe-identity-validity': { expired: qeIdentity({ validity: past }) },
  'platform-match': {
    'TCB info for another FMSPC': tcbInfo({ edit: (info) => ({ ...info, fmspc: '00906EA10000' }) }),
  },
  'qe-vendor': {
    'not Intel': { evidence: { tdQuote: { header: { qeVendorId: new Uint8Array(16) } } } },
  },
  'qe-report-signature': {
    'of someone else': { evidence: { tdQuote: { qeReportSignedBy: someoneElse.privateKey } } },
  },
  'qe-report-binding': {
    'of another key': { evidence: { tdQuote: { qeReport: { reportData: new Uint8Array(64) } } } },
  },
  'qe-identity': {
    'another signer': { evidence: { tdQuote: { qeReport: { mrSigner: new Uint8Array(32) } } } },
  },
  'quote-signature': {
    'of someone else': { evidence: { tdQuote: { signedBy: someoneElse.privateKey } } },
  },
  'tdx-module': {
    'signed by someone else': {
      evidence: { tdQuote: { mrSignerSeam: new Uint8Array(48).fill(1) } },
    },
  },
  debug: { 'a debug TD': { evidence: { tdQuote: { debug: true } } } },
  migration: {
    migratable: { evidence: { tdQuote: { tdAttributes: tdAttributeBits.migratable } } },
  },
  'td-attributes': { 'a reserved bit': { evidence: { tdQuote: { tdAttributes: 1n << 40n } } } },
  'tcb-status': { OutOfDate: platform({ tcbStatus: 'OutOfDate' }) },
  'tcb-evaluation-number': { 'below the floor': platform({ evaluationDataNumber: 16 }) },
  'collateral-age': {
    'a day old': {
      manifest: manifestOf().replace('[intel]\n', '[intel]\nmax_collateral_age = "23h"\n'),
    },
  },
  entry: {
    ...shared.entry,
    'an entry for SEV-SNP, by its floors': { manifest: manifestOf(floors) },
    'an entry for SEV-SNP, by its chips': {
      manifest: manifestOf(`chip_id = ["${'00'.repeat(64)}"]\n`),
    },
  },
  platform: {
    'another machine': { manifest: manifestOf(`platform = ["${'00'.repeat(16)}"]\n`) },
  },
};

describe('evidence without a flaw', () => {
  test.each<[string, Flaw]>([
    ['as it is', {}],
    ['bound to a connection', bound],
    ['with a quote of version 5', { evidence: { tdQuote: { version: 5 } } }],
    ['with an HCL report of version 1', { evidence: { hcl: { version: 1 } } }],
    [
      'of some PCRs',
      { evidence: { selected: [4, 7, 8, 9], edit: (all) => listed(all, [4, 7, 8, 9]) } },
    ],
    [
      'in debug mode, where that is accepted',
      { evidence: { tdQuote: { debug: true } }, policy: { [allowDebug]: true } },
    ],
    ['without a manifest', { manifest: null }],
  ])('%s', async (_, flaw) => {
    const { report } = await judge('tdx', flaw);
    expect(report).toMatchObject({ verdict: 'accept', check: null });
  });
});

testFlaws(
  flaws,
  azureTdxVtpm.plan({ anchors: simulationAnchors, manifest: parseManifest(manifestOf()) }),
  async (flaw) => judge('tdx', flaw),
);

import {
  createPlatform,
  expired,
  Extension,
  flags,
  generateKeys,
  notYetValid,
  tdAttributeBits,
} from '@blindai/simulator';
import type {
  CertificateName,
  CertificateTemplate,
  SimulatedCollateral,
  TcbInfo,
  TcbLevel,
} from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/index.ts';
import { tdxDcap } from '../../src/dcap/tdx.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { type Flaws, testFlaws } from '../flaws.ts';
import { at, digits, entry, type Flaw, forms, intel, judge, rtmrs } from './td.ts';

const someoneElse = await generateKeys();
const anotherPlatform = await createPlatform({ at, tee: 'tdx' });
const sgxQuote = await anotherPlatform.quote({
  reportData: new Uint8Array(64),
  measurement: new Uint8Array(32),
});

/** Flips a bit, counting from the end of the report: its length depends on the form. */
function flipAfterReport(offset: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const changed = bytes.slice();
    const position = endOfReport(bytes) + offset;
    changed[position] = changed[position]! ^ 0x01;
    return changed;
  };
}

function flip(offset: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => bytes.map((byte, index) => (index === offset ? byte ^ 0x01 : byte));
}

/** Flips a bit of the report, which a descriptor may stand before. */
function flipInReport(offset: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => flip((bytes[0] === 5 ? 54 : 48) + offset)(bytes);
}

function endOfReport(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return bytes[0] === 5 ? 54 + view.getUint32(50, true) : 48 + 584;
}

/** Changes one character of a member of the collateral. */
function alter(
  member: keyof SimulatedCollateral,
  from: string,
  to: string,
): (collateral: SimulatedCollateral) => unknown {
  return (collateral) => {
    const text = String(collateral[member]);
    expect(text).toContain(from);
    return { ...collateral, [member]: text.replace(from, to) };
  };
}

function without(member: keyof SimulatedCollateral): (collateral: SimulatedCollateral) => unknown {
  return (collateral) =>
    Object.fromEntries(Object.entries(collateral).filter(([name]) => name !== member));
}

function cutOff(der: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return der.slice(0, -1);
}

function editTcbInfo(edit: (tcbInfo: TcbInfo) => object): Flaw {
  return { platform: { documents: { tcbInfo: { edit } } } };
}

/** Changes the tdxtcbcomponents of every level. */
function editComponents(change: (svn: number, index: number) => number): Flaw {
  const editLevel = ({ tcb, ...level }: TcbLevel): TcbLevel => ({
    ...level,
    tcb: {
      ...tcb,
      tdxtcbcomponents: tcb.tdxtcbcomponents!.map((component, index) => ({
        ...component,
        svn: change(component.svn, index),
      })),
    },
  });
  return editTcbInfo((info) => ({ ...info, tcbLevels: info.tcbLevels.map(editLevel) }));
}

function editQeIdentity(edit: (identity: object) => object): Flaw {
  return { platform: { documents: { qeIdentity: { edit } } } };
}

/** Puts another value into one critical extension of a certificate. */
function replaceExtension(name: CertificateName, type: string, value: string): Flaw {
  const replacement = new Extension(type, true, Buffer.from(value, 'hex'));
  const edit = (template: CertificateTemplate): CertificateTemplate => ({
    ...template,
    extensions: template.extensions.map((extension) =>
      extension.type === type ? replacement : extension,
    ),
  });
  return { platform: { certificates: { [name]: { edit } } } };
}

const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));
const certificateNames = ['root', 'intermediate', 'pck', 'tcbSigning'] as const;
const past = expired(at);
const future = notYetValid(at);
const other = new Uint8Array(48).fill(0x77);
const { septVeDisable, migratable } = tdAttributeBits;

/** Every way to be refused, by the check that must refuse it: what is wrong, and how it is brought about. */
const flaws: Flaws<Flaw> = {
  layout: {
    'cut off': { evidence: (quote) => quote.slice(0, -1) },
    'longer than it says': { evidence: (quote) => Uint8Array.from([...quote, 0x01]) },
    'version 3': { quote: { header: { version: 3 } } },
    'version 6': { quote: { header: { version: 6 } } },
    'another key type': { quote: { header: { attestationKeyType: 3 } } },
    'another TEE': { quote: { header: { teeType: 0 } } },
    'an unknown TEE': { quote: { header: { teeType: 0x82 } } },
    'the PCK chain where the report of the quoting enclave goes': {
      quote: { qeReportCertification: { type: 5 } },
    },
    'nothing where the report of the quoting enclave goes': {
      quote: { qeReportCertification: { data: new Uint8Array() } },
    },
    'the report of a quoting enclave inside of another': {
      quote: { certification: { type: 6, data: new Uint8Array(600) } },
    },
    'reserved bytes in the report of the quoting enclave': {
      evidence: flipAfterReport(4 + 128 + 6 + 20),
    },
    'an SGX quote': { evidence: () => new Uint8Array(sgxQuote) },
  },
  endorsements: {
    'a member absent': { endorsements: without('pck_crl') },
    'a member too many': { endorsements: (collateral) => ({ ...collateral, more: '' }) },
    'no map': { endorsements: () => 'collateral' },
    'the certificate of another platform': {
      endorsements: (collateral) => ({
        ...collateral,
        pck_certificate: anotherPlatform.collateral.pck_certificate,
      }),
    },
  },
  certificate: {
    ...Object.fromEntries(
      certificateNames.map((name) => [
        `${name}: cut off`,
        { platform: { certificates: { [name]: { tamper: cutOff } } } },
      ]),
    ),
    'PCK certificate: an unknown critical extension': {
      platform: {
        certificates: {
          pck: { edit: (pck) => ({ ...pck, extensions: [...pck.extensions, unknownCritical] }) },
        },
      },
    },
  },
  crl: {
    'root CRL: cut off': { platform: { crls: { root: { tamper: cutOff } } } },
    'PCK CRL: cut off': { platform: { crls: { pck: { tamper: cutOff } } } },
  },
  'trust-anchor': {
    'a root of someone else': { platform: { certificates: { root: { keys: someoneElse } } } },
  },
  'certificate-chain': {
    ...Object.fromEntries(
      certificateNames.map((name) => [
        `${name}: signed by someone else`,
        { platform: { certificates: { [name]: { signedBy: someoneElse.privateKey } } } },
      ]),
    ),
    'intermediate: no CA': replaceExtension('intermediate', '2.5.29.19', '3000'),
  },
  'certificate-validity': Object.fromEntries(
    certificateNames.flatMap((name) => [
      [`${name}: expired`, { platform: { certificates: { [name]: { validity: past } } } }],
      [`${name}: not yet valid`, { platform: { certificates: { [name]: { validity: future } } } }],
    ]),
  ),
  'crl-signature': {
    'root CRL: of someone else': {
      platform: { crls: { root: { signedBy: someoneElse.privateKey } } },
    },
    'PCK CRL: of another platform CA': {
      endorsements: (collateral) => ({
        ...collateral,
        pck_crl: anotherPlatform.collateral.pck_crl,
      }),
    },
  },
  'crl-validity': {
    'root CRL: expired': { platform: { crls: { root: { validity: past } } } },
    'PCK CRL: not yet valid': { platform: { crls: { pck: { validity: future } } } },
  },
  'certificate-revoked': {
    'PCK certificate': { platform: { revoked: ['pck'] } },
    intermediate: { platform: { revoked: ['intermediate'] } },
    'TCB signing certificate': { platform: { revoked: ['tcbSigning'] } },
  },
  'tcb-info-signature': {
    'of someone else': {
      platform: { documents: { tcbInfo: { signedBy: someoneElse.privateKey } } },
    },
    'over another text': { endorsements: alter('tcb_info', '"isvsvn":4', '"isvsvn":3') },
  },
  'tcb-info': {
    'for another TEE': { platform: { tee: 'sgx' } },
    'of version 2': editTcbInfo((info) => ({ ...info, id: undefined, version: 2 })),
    'without a TDX module': editTcbInfo((info) => ({ ...info, tdxModule: undefined })),
    'without one module identity': editTcbInfo((info) => ({ ...info, tdxModuleIdentities: [] })),
    'without levels of a module': editTcbInfo((info) => ({
      ...info,
      tdxModuleIdentities: info.tdxModuleIdentities!.map((module) => ({
        ...module,
        tcbLevels: [],
      })),
    })),
    'without components for TDX': editTcbInfo((info) => ({
      ...info,
      tcbLevels: info.tcbLevels.map(({ tcb, ...level }) => ({
        ...level,
        tcb: { sgxtcbcomponents: tcb.sgxtcbcomponents, pcesvn: tcb.pcesvn },
      })),
    })),
  },
  'tcb-info-validity': {
    expired: { platform: { documents: { tcbInfo: { validity: past } } } },
    'not yet valid': { platform: { documents: { tcbInfo: { validity: future } } } },
  },
  'qe-identity-signature': {
    'of someone else': {
      platform: { documents: { qeIdentity: { signedBy: someoneElse.privateKey } } },
    },
    'over another text': { endorsements: alter('qe_identity', '"isvprodid":2', '"isvprodid":1') },
  },
  'qe-identity-document': {
    'of the quoting enclave for SGX': editQeIdentity((identity) => ({ ...identity, id: 'QE' })),
    'for another enclave': editQeIdentity((identity) => ({ ...identity, id: 'QVE' })),
    'of another version': editQeIdentity((identity) => ({ ...identity, version: 1 })),
  },
  'qe-identity-validity': {
    expired: { platform: { documents: { qeIdentity: { validity: past } } } },
    'not yet valid': { platform: { documents: { qeIdentity: { validity: future } } } },
  },
  'platform-match': {
    'TCB info for another FMSPC': editTcbInfo((info) => ({ ...info, fmspc: '00906EA10000' })),
    'TCB info for another PCEID': editTcbInfo((info) => ({ ...info, pceId: '0100' })),
  },
  'qe-vendor': {
    'not Intel': { quote: { header: { qeVendorId: new Uint8Array(16) } } },
  },
  'qe-report-signature': {
    'of someone else': { quote: { qeReportSignedBy: someoneElse.privateKey } },
    'over another report': { evidence: flipAfterReport(4 + 128 + 6 + 320) },
  },
  'qe-report-binding': {
    'of another attestation key': { quote: { qeReport: { reportData: new Uint8Array(64) } } },
    'of other authentication data': { evidence: flipAfterReport(4 + 128 + 6 + 384 + 64 + 2) },
  },
  'qe-identity': {
    'another signer': { quote: { qeReport: { mrSigner: new Uint8Array(32) } } },
    'the quoting enclave for SGX': { quote: { qeReport: { isvProdId: 1 } } },
    'a debug enclave': {
      quote: {
        qeReport: { flags: flags.init | flags.mode64Bit | flags.provisionKey | flags.debug },
      },
    },
  },
  'quote-signature': {
    'of someone else': { quote: { signedBy: someoneElse.privateKey } },
    'over another MRTD': { evidence: flipInReport(136) },
    'over another RTMR': { evidence: flipInReport(136 + 4 * 48) },
    'over other attributes': { evidence: flipInReport(120) },
    'over another header': { evidence: flip(30) },
  },
  'tdx-module': {
    'of a version that Intel does not list': { platform: { tdx: { moduleVersion: 7 } } },
    'of a version, but Intel lists none': editTcbInfo((info) => ({
      ...info,
      tdxModuleIdentities: undefined,
    })),
    'signed by someone else': { quote: { mrSignerSeam: other } },
    'of version 0, signed by someone else': {
      platform: { tdx: { moduleVersion: 0 } },
      quote: { mrSignerSeam: other },
    },
    'whose version has another signer, though not version 0': editTcbInfo((info) => ({
      ...info,
      tdxModuleIdentities: info.tdxModuleIdentities!.map((module) => ({
        ...module,
        mrsigner: '77'.repeat(48),
      })),
    })),
    'with SEAMATTRIBUTES': { quote: { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) } },
    'with SEAMATTRIBUTES, which Intel lists': {
      ...editTcbInfo((info) => ({
        ...info,
        tdxModuleIdentities: info.tdxModuleIdentities!.map((module) => ({
          ...module,
          attributes: '0100000000000000',
        })),
      })),
      quote: { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) },
    },
  },
  debug: {
    'a debug TD': { quote: { debug: true } },
    ...Object.fromEntries(
      [1n, 2n, 3n, 4n, 5n, 6n, 7n].map((bit) => [
        `bit ${bit} of the group of debugging`,
        { quote: { tdAttributes: septVeDisable | (1n << bit) } },
      ]),
    ),
  },
  migration: {
    'a migratable TD': { quote: { tdAttributes: septVeDisable | migratable } },
  },
  'td-attributes': Object.fromEntries(
    [8n, 15n, 17n, 26n, 32n, 61n].map((bit) => [
      `reserved bit ${bit}`,
      { quote: { tdAttributes: septVeDisable | (1n << bit) } },
    ]),
  ),
  'tcb-status': {
    SWHardeningNeeded: { platform: { tcbStatus: 'SWHardeningNeeded' } },
    ConfigurationNeeded: { platform: { tcbStatus: 'ConfigurationNeeded' } },
    ConfigurationAndSWHardeningNeeded: {
      platform: { tcbStatus: 'ConfigurationAndSWHardeningNeeded' },
    },
    OutOfDate: { platform: { tcbStatus: 'OutOfDate' } },
    OutOfDateConfigurationNeeded: { platform: { tcbStatus: 'OutOfDateConfigurationNeeded' } },
    Revoked: { platform: { tcbStatus: 'Revoked' } },
    'below every level': { platform: { tcbStatus: 'unmatched' } },
    'OutOfDate in its part for TDX': { platform: { tdx: { tcbStatus: 'OutOfDate' } } },
    'Revoked in its part for TDX': { platform: { tdx: { tcbStatus: 'Revoked' } } },
    'below every level in its part for TDX': { platform: { tdx: { tcbStatus: 'unmatched' } } },
    'TDX module OutOfDate': { platform: { tdx: { moduleStatus: 'OutOfDate' } } },
    'TDX module Revoked': { platform: { tdx: { moduleStatus: 'Revoked' } } },
    'TDX module below every level': { platform: { tdx: { moduleStatus: 'unmatched' } } },
    'TDX module of version 0 OutOfDate': {
      platform: { tdx: { moduleVersion: 0, moduleStatus: 'OutOfDate' } },
    },
    'TDX module of version 0 below every level': {
      platform: { tdx: { moduleVersion: 0, moduleStatus: 'unmatched' } },
    },
    'a level that asks more of component 15': editComponents((svn, index) =>
      index === 15 ? 1 : svn,
    ),
    'quoting enclave OutOfDate': { platform: { qeStatus: 'OutOfDate' } },
    'quoting enclave Revoked': { platform: { qeStatus: 'Revoked' } },
    'quoting enclave below every level': { platform: { qeStatus: 'unmatched' } },
    'one that the manifest does not list': {
      manifest: `${entry}[intel]\ntcb_statuses = ["SWHardeningNeeded"]\n`,
    },
    'an advisory that is not excepted': {
      platform: { tdx: { moduleStatus: 'OutOfDate' } },
      manifest: `${entry}[[exception]]\nadvisory = "INTEL-SA-00615"\nuntil = 2099-01-01\nreason = "r"\n`,
    },
  },
  'tcb-evaluation-number': {
    'both documents below the floor': { platform: { evaluationDataNumber: 16 } },
    'TCB info below the floor': editTcbInfo((info) => ({ ...info, tcbEvaluationDataNumber: 16 })),
  },
  'collateral-age': {
    'a day old': { manifest: `${entry}[intel]\nmax_collateral_age = "23h"\n` },
  },
  measurement: {
    'another MRTD': { quote: { measurement: other } },
    'of no code that the manifest could accept': { manifest: 'version = 1' },
    'only entries of enclaves': {
      manifest: `version = 1\n[[sgx]]\nmr_enclave = "${'5d'.repeat(32)}"\n`,
    },
  },
  registers: {
    ...Object.fromEntries(
      rtmrs.map((_, index) => [
        `another RTMR${index}`,
        { quote: { rtmrs: rtmrs.map((rtmr, each) => (each === index ? other : rtmr)) } },
      ]),
    ),
    'an RTMR3 that the entry demands': { manifest: entry.replace('"unused"', `"${digits('77')}"`) },
  },
  attributes: {
    'an attribute too few': { quote: { tdAttributes: 0n } },
    'an attribute too many': { quote: { tdAttributes: septVeDisable | (1n << 30n) } },
    'a feature too many': { quote: { xfam: 0x602e7n | (1n << 9n) | (1n << 14n) } },
  },
  entry: {
    'another MRCONFIGID': { manifest: `${entry}mr_config_id = "${digits('77')}"\n` },
    'another MROWNER': { manifest: `${entry}mr_owner = "${digits('77')}"\n` },
    'another MROWNERCONFIG': { manifest: `${entry}mr_owner_config = "${digits('77')}"\n` },
    'another MRSEAM': { manifest: `${entry}mr_seam = "${digits('77')}"\n` },
    'another MRSERVICETD, or none': { manifest: `${entry}mr_service_td = "${digits('77')}"\n` },
    'an entry that has ended': { manifest: `${entry}until = 2026-11-23T12:00:00Z\n` },
  },
  platform: {
    'another machine': { manifest: `${entry}platform = ["${'00'.repeat(16)}"]\n` },
  },
  'report-data': {
    'of other bytes': { expected: { reportData: new Uint8Array(64) } },
  },
};

describe.each(Object.entries(forms))('a quote of %s', (_, form) => {
  test('without a flaw is accepted', async () => {
    const { report } = await judge({}, form);
    expect(report).toMatchObject({ verdict: 'accept', check: null });
    const weakened = report.checks.filter(({ result }) => result !== 'passed');
    expect(weakened.map(({ name }) => name)).toEqual(['trust-anchor']);
  });
});

describe.each([forms['version 4'], forms['version 5 of TDX 1.5']])(
  'a quote of version $version',
  (form) => {
    testFlaws(
      flaws,
      tdxDcap.plan({ anchors: simulationAnchors, manifest: parseManifest(entry + intel) }),
      async (flaw) => judge(flaw, form),
    );
  },
);

/** What only version 5 has. */
describe.each([forms['version 5 of TDX 1.0'], forms['version 5 of TDX 1.5']])(
  'the descriptor of a report of TDX $td',
  (form) => {
    test.each([
      ['an enclave', { type: 1 }],
      ['an enclave, with its length', { type: 1, size: 384 }],
      ['the other TDX', { type: form.td === '1.0' ? 3 : 2 }],
      ['what nobody knows', { type: 4 }],
      ['fewer bytes', { size: 583 }],
      ['more bytes', { size: 649 }],
      ['very many bytes', { size: 0xffff_ffff }],
    ])('may not say %s', async (_, body) => {
      await expect(judge({ quote: { body } }, form)).rejects.toMatchObject({ check: 'layout' });
    });
  },
);

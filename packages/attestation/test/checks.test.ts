import {
  Extension,
  createPlatform,
  expired,
  flags,
  generateKeys,
  notYetValid,
} from '@blindai/simulator';
import type {
  CertificateName,
  CertificateTemplate,
  PlatformOptions,
  QuoteOptions,
  SimulatedCollateral,
} from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { AttestationError, parseManifest, verifyAttestation } from '../src/index.ts';
import type { BoundReportData, Check, Format, VerifiedClaims } from '../src/index.ts';
import { sgxDcap } from '../src/dcap/sgx.ts';
import { simulationAnchors } from '../src/simulation.ts';

const at = new Date('2026-11-23T12:00:00Z');
const measurement = new Uint8Array(32).fill(0x11);
const reportData = new Uint8Array(64).fill(0x22);
const entry = `version = 1\n[[sgx]]\nmr_enclave = "${'11'.repeat(32)}"\n`;
const intel = '[intel]\nmin_tcb_evaluation_data_number = 17\n';

const someoneElse = await generateKeys();
const anotherPlatform = await createPlatform({ at });

/** The one thing about evidence, or about what is demanded of it, that is not as it should be. */
interface Flaw {
  readonly platform?: Omit<PlatformOptions, 'at'>;
  readonly quote?: Partial<QuoteOptions>;
  /** Changes the bytes of the quote, after it was signed. */
  readonly evidence?: (quote: Uint8Array) => Uint8Array;
  /** Changes the collateral, after it was signed. */
  readonly endorsements?: (collateral: SimulatedCollateral) => unknown;
  readonly format?: Format;
  readonly manifest?: string;
  readonly expected?: BoundReportData;
}

async function judge(flaw: Flaw): Promise<VerifiedClaims> {
  const platform = await createPlatform({ at, ...flaw.platform });
  const quote = await platform.quote({ reportData, measurement, ...flaw.quote });
  return verifyAttestation(
    {
      format: flaw.format ?? 'sgx-dcap',
      evidence: flaw.evidence?.(quote) ?? quote,
      endorsements: flaw.endorsements?.(platform.collateral) ?? platform.collateral,
    },
    flaw.expected ?? { reportData },
    { anchors: simulationAnchors, manifest: parseManifest(flaw.manifest ?? entry + intel) },
    at,
  );
}

async function refusal(flaw: Flaw): Promise<AttestationError> {
  try {
    await judge(flaw);
  } catch (error) {
    if (error instanceof AttestationError) return error;
    throw error;
  }
  throw new Error('the evidence was accepted');
}

/** Changes one byte. */
function flip(offset: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => bytes.map((byte, index) => (index === offset ? byte ^ 0x01 : byte));
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

const keyUsage = '2.5.29.15';
const basicConstraints = '2.5.29.19';
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));

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

const certificateNames = ['root', 'intermediate', 'pck', 'tcbSigning'] as const;
const past = expired(at);
const future = notYetValid(at);

/** Every way to be refused, by the check that must refuse it: what is wrong, and how it is brought about. */
const flaws: Partial<Record<Check, Record<string, Flaw>>> = {
  layout: {
    'cut off': { evidence: (quote) => quote.slice(0, -1) },
    'longer than it says': { evidence: (quote) => Uint8Array.from([...quote, 0x01]) },
    'another version': { quote: { header: { version: 4 } } },
    'another key type': { quote: { header: { attestationKeyType: 3 } } },
    'another TEE': { quote: { header: { teeType: 0x81 } } },
    'other certification data': { quote: { certification: { type: 6, data: new Uint8Array(9) } } },
    'reserved bytes in the report': { evidence: flip(48 + 20) },
    'a format that nobody knows': { format: 'sgx' as Format },
  },
  endorsements: {
    'a member absent': { endorsements: without('pck_crl') },
    'a member too many': { endorsements: (collateral) => ({ ...collateral, more: '' }) },
    'a member that is no text': { endorsements: (collateral) => ({ ...collateral, pck_crl: 1 }) },
    'no map': { endorsements: () => 'collateral' },
    'no PEM': { endorsements: alter('root_ca_crl', 'BEGIN', 'BEGUN') },
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
    'PCK certificate: no SGX extension': {
      platform: {
        certificates: {
          pck: { edit: (pck) => ({ ...pck, extensions: pck.extensions.slice(0, -1) }) },
        },
      },
    },
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
    'PCK certificate: issuer of another name': {
      platform: {
        certificates: { pck: { edit: (pck) => ({ ...pck, issuer: pck.subject }) } },
      },
    },
    'intermediate: no CA': replaceExtension('intermediate', basicConstraints, '3000'),
    'intermediate: no key for certificates': replaceExtension('intermediate', keyUsage, '030206c0'),
    'root: no CA above another': replaceExtension('root', basicConstraints, '30060101ff020100'),
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
    'PCK CRL: of someone else': {
      platform: { crls: { pck: { signedBy: someoneElse.privateKey } } },
    },
    'PCK CRL: of another issuer': {
      endorsements: (collateral) => ({ ...collateral, pck_crl: collateral.root_ca_crl }),
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
    'root CRL: not yet valid': { platform: { crls: { root: { validity: future } } } },
    'PCK CRL: expired': { platform: { crls: { pck: { validity: past } } } },
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
    'over another text': { endorsements: alter('tcb_info', '"tcbType":0', '"tcbType":1') },
  },
  'tcb-info': {
    'for another TEE': {
      platform: { documents: { tcbInfo: { edit: (tcbInfo) => ({ ...tcbInfo, id: 'TDX' }) } } },
    },
    'of another version': {
      platform: { documents: { tcbInfo: { edit: (tcbInfo) => ({ ...tcbInfo, version: 4 }) } } },
    },
    'without levels': {
      platform: {
        documents: { tcbInfo: { edit: (tcbInfo) => ({ ...tcbInfo, tcbLevels: undefined }) } },
      },
    },
  },
  'tcb-info-validity': {
    expired: { platform: { documents: { tcbInfo: { validity: past } } } },
    'not yet valid': { platform: { documents: { tcbInfo: { validity: future } } } },
  },
  'qe-identity-signature': {
    'of someone else': {
      platform: { documents: { qeIdentity: { signedBy: someoneElse.privateKey } } },
    },
    'over another text': { endorsements: alter('qe_identity', '"isvprodid":1', '"isvprodid":2') },
  },
  'qe-identity-document': {
    'for another enclave': {
      platform: { documents: { qeIdentity: { edit: (identity) => ({ ...identity, id: 'QVE' }) } } },
    },
    'of another version': {
      platform: {
        documents: { qeIdentity: { edit: (identity) => ({ ...identity, version: 1 }) } },
      },
    },
  },
  'qe-identity-validity': {
    expired: { platform: { documents: { qeIdentity: { validity: past } } } },
    'not yet valid': { platform: { documents: { qeIdentity: { validity: future } } } },
  },
  'platform-match': {
    'TCB info for another FMSPC': {
      platform: {
        documents: { tcbInfo: { edit: (tcbInfo) => ({ ...tcbInfo, fmspc: '00906EA10000' }) } },
      },
    },
    'TCB info for another PCEID': {
      platform: { documents: { tcbInfo: { edit: (tcbInfo) => ({ ...tcbInfo, pceId: '0100' }) } } },
    },
  },
  'qe-vendor': {
    'not Intel': { quote: { header: { qeVendorId: new Uint8Array(16) } } },
  },
  'qe-report-signature': {
    'of someone else': { quote: { qeReportSignedBy: someoneElse.privateKey } },
    'over another report': { evidence: flip(436 + 128 + 320) },
  },
  'qe-report-binding': {
    'of another attestation key': { quote: { qeReport: { reportData: new Uint8Array(64) } } },
    'of other authentication data': { evidence: flip(1014) },
  },
  'qe-identity': {
    'another signer': { quote: { qeReport: { mrSigner: new Uint8Array(32) } } },
    'another product': { quote: { qeReport: { isvProdId: 2 } } },
    'another misc select': { quote: { qeReport: { miscSelect: 1 } } },
    'a debug enclave': {
      quote: {
        qeReport: { flags: flags.init | flags.mode64Bit | flags.provisionKey | flags.debug },
      },
    },
  },
  'quote-signature': {
    'of someone else': { quote: { signedBy: someoneElse.privateKey } },
    'over another measurement': { evidence: flip(48 + 64) },
    'over another header': { evidence: flip(30) },
  },
  debug: {
    'a debug enclave': { quote: { debug: true } },
    'a debug enclave, and a mask that does not look': {
      quote: { debug: true },
      manifest: `${entry}attributes_mask_flags_hex = "0xfffffffffffffffd"\n`,
    },
  },
  mode: {
    'not 64 bits wide': { quote: { report: { flags: flags.init } } },
    'not 64 bits wide, and a mask that does not look': {
      quote: { report: { flags: flags.init } },
      manifest: `${entry}attributes_flags_hex = "0"\nattributes_mask_flags_hex = "1"\n`,
    },
  },
  'provisioning-key': {
    'may be used': {
      quote: { report: { flags: flags.init | flags.mode64Bit | flags.provisionKey } },
    },
    'may be used, and a mask that does not look': {
      quote: { report: { flags: flags.init | flags.mode64Bit | flags.provisionKey } },
      manifest: `${entry}attributes_mask_flags_hex = "5"\n`,
    },
  },
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
    'quoting enclave OutOfDate': { platform: { qeStatus: 'OutOfDate' } },
    'quoting enclave Revoked': { platform: { qeStatus: 'Revoked' } },
    'quoting enclave below every level': { platform: { qeStatus: 'unmatched' } },
    'one that the manifest does not list': {
      manifest: `${entry}[intel]\ntcb_statuses = ["SWHardeningNeeded"]\n`,
    },
    'an advisory that is not excepted': {
      platform: { tcbStatus: 'ConfigurationAndSWHardeningNeeded' },
      manifest: `${entry}[[exception]]\nadvisory = "INTEL-SA-00615"\nuntil = 2099-01-01\nreason = "r"\n`,
    },
    'an exception that has ended': {
      platform: { tcbStatus: 'SWHardeningNeeded' },
      manifest: `${entry}[[exception]]\nadvisory = "INTEL-SA-00615"\nuntil = 2026-11-23T12:00:00Z\nreason = "r"\n`,
    },
  },
  'tcb-evaluation-number': {
    'both documents below the floor': { platform: { evaluationDataNumber: 16 } },
    'QE identity below the floor': {
      platform: {
        documents: {
          qeIdentity: { edit: (identity) => ({ ...identity, tcbEvaluationDataNumber: 16 }) },
        },
      },
    },
    'TCB info below the floor': {
      platform: {
        documents: { tcbInfo: { edit: (info) => ({ ...info, tcbEvaluationDataNumber: 16 }) } },
      },
    },
  },
  'collateral-age': {
    'a day old': { manifest: `${entry}[intel]\nmax_collateral_age = "23h"\n` },
  },
  measurement: {
    'of other code': { quote: { measurement: new Uint8Array(32) } },
    'of no code that the manifest could accept': { manifest: 'version = 1' },
  },
  attributes: {
    'a flag too many': { quote: { report: { flags: flags.init | flags.mode64Bit | 0x80n } } },
    'a feature too few': { quote: { report: { xfrm: 0x1n } } },
    'a feature too many': { quote: { report: { xfrm: 0xfn } } },
  },
  'misc-select': {
    'a bit too many': { quote: { report: { miscSelect: 1 } } },
  },
  entry: {
    'another signer': { manifest: `${entry}mr_signer = "${'00'.repeat(32)}"\n` },
    'another product': { manifest: `${entry}isv_prod_id = 1\n` },
    'an older version': { manifest: `${entry}isv_svn = 1\n` },
    'another configuration': { manifest: `${entry}config_id = "${'01'.repeat(64)}"\n` },
    'an entry that has ended': { manifest: `${entry}until = 2026-11-23T12:00:00Z\n` },
  },
  platform: {
    'another machine': { manifest: `${entry}platform = ["${'00'.repeat(16)}"]\n` },
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

test('evidence without a flaw is accepted', async () => {
  const { report } = await judge({});
  expect(report).toMatchObject({ verdict: 'accept', check: null });
  expect(report.checks.map(({ result }) => result)).not.toContain('refused');
});

test('every check that SGX evidence takes has a flaw that provokes it', () => {
  const planned = sgxDcap.plan({ anchors: simulationAnchors, manifest: parseManifest(entry) });
  const names = [...planned.map(({ name }) => name), 'report-data'];
  expect(Object.keys(flaws).toSorted()).toEqual(names.toSorted());
  for (const ways of Object.values(flaws)) expect(Object.keys(ways)).not.toEqual([]);
});

describe.each(Object.entries(flaws) as [Check, Record<string, Flaw>][])('%s', (check, ways) => {
  test.each(Object.entries(ways))('%s', async (_, flaw) => {
    const error = await refusal(flaw);
    expect([error.check, error.message]).toEqual([check, expect.stringContaining(`${check}: `)]);
    expect(error.code).toBe('attestation-refused');
    const { report } = error;
    expect([report.verdict, report.check]).toEqual(['refuse', check]);
    const refused = report.checks.findIndex(({ name }) => name === check);
    const results = report.checks.map(({ result }) => result);
    const before = new Set(results.slice(0, refused));
    expect([...before].filter((each) => each !== 'passed' && each !== 'weakened')).toEqual([]);
    expect(results[refused]).toBe('refused');
    const after = new Set(results.slice(refused + 1));
    expect([...after].filter((each) => each !== 'not-reached')).toEqual([]);
  });
});

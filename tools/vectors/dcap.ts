import {
  collateralJson,
  createPlatform,
  expired,
  Extension,
  flags,
  generateKeys,
  notYetValid,
} from '@blindai/simulator';
import type {
  Bytes,
  CertificateName,
  CertificateTemplate,
  CrlTemplate,
  IntelTee,
  PlatformOptions,
  QuoteOverrides,
  SimulatedCollateral,
  SimulatedPlatform,
  TcbComponent,
  TcbInfo,
  TcbLevel,
} from '@blindai/simulator';
import { append, cutOff, flip } from './bytes.ts';
import { at, type CaseTable, dayMs, type Described } from './case.ts';

/** What is wrong with DCAP evidence of either TEE. */
export interface DcapFlaw<Quote = QuoteOverrides> {
  readonly platform?: Omit<PlatformOptions, 'at'>;
  readonly quote?: Quote;
  /** Changes the quote after it was signed. */
  readonly evidence?: (quote: Uint8Array) => Uint8Array;
  /** Changes the collateral, in the form of a `collateral.json`. */
  readonly file?: (members: CollateralFile) => unknown;
  /** Has the collateral in the form of `/collateral` instead, and changes it. */
  readonly map?: (collateral: SimulatedCollateral) => unknown;
}

/** The members of a `collateral.json`. */
export type CollateralFile = Readonly<Record<string, string>>;

/** Where things stand in a quote. */
export interface QuoteOffsets {
  readonly measurement: number;
  /** Of the quoting enclave's report. */
  readonly qeReport: number;
  readonly qeAuthData: number;
}

/** Collateral as JSON has it, with what a case changes about it. */
export function endorse<Quote>(flaw: DcapFlaw<Quote>, collateral: SimulatedCollateral): unknown {
  if (flaw.map) return flaw.map(collateral);
  const members = JSON.parse(collateralJson(collateral)) as CollateralFile;
  return flaw.file ? flaw.file(members) : members;
}

const machines = new Map<IntelTee, SimulatedPlatform>();

/** The machine of a case; without a flaw of its own it is the same one for all cases. */
export async function createMachine<Quote>(
  tee: IntelTee,
  { platform }: DcapFlaw<Quote>,
): Promise<SimulatedPlatform> {
  const known = machines.get(tee);
  if (!platform && known) return known;
  const made = await createPlatform(machineOptions(tee, platform));
  if (!platform) machines.set(tee, made);
  return made;
}

/** What a machine is made from. Its TCB info lists few levels and no names, because files shall be small. */
export function machineOptions(
  tee: IntelTee,
  platform: Omit<PlatformOptions, 'at'> = {},
): PlatformOptions {
  const kept = ['UpToDate', platform.tcbStatus, platform.tdx?.tcbStatus, 'Revoked'];
  const edit = platform.documents?.tcbInfo?.edit;
  const fewer = (document: TcbInfo): object => {
    const tcbLevels = document.tcbLevels
      .filter(({ tcbStatus }) => kept.includes(tcbStatus))
      .map((level) => ({ ...level, tcb: withoutNames(level.tcb) }));
    const less = { ...document, tcbLevels, ...withoutIdentities(document, platform.tdx) };
    return edit?.(less) ?? less;
  };
  const documents = {
    ...platform.documents,
    tcbInfo: { ...platform.documents?.tcbInfo, edit: fewer },
  };
  return { at, tee, ...platform, documents };
}

/** Of the TDX modules one: the machine's, if there is one for it. */
function withoutIdentities(
  { tdxModuleIdentities }: TcbInfo,
  { moduleVersion = 1 }: NonNullable<PlatformOptions['tdx']> = {},
): Pick<TcbInfo, 'tdxModuleIdentities'> {
  if (!tdxModuleIdentities) return {};
  const wanted = moduleVersion === 3 ? 'TDX_03' : 'TDX_01';
  return { tdxModuleIdentities: tdxModuleIdentities.filter(({ id }) => id === wanted) };
}

const bare = (components: readonly TcbComponent[]): readonly TcbComponent[] =>
  components.map(({ svn }) => ({ svn }));

/** The components without what the vendor calls them. */
function withoutNames(tcb: TcbLevel['tcb']): TcbLevel['tcb'] {
  const { sgxtcbcomponents, tdxtcbcomponents, pcesvn } = tcb;
  return {
    sgxtcbcomponents: bare(sgxtcbcomponents),
    pcesvn,
    ...(tdxtcbcomponents && { tdxtcbcomponents: bare(tdxtcbcomponents) }),
  };
}

/** Keys that the vendor never saw. */
export const someoneElse: CryptoKeyPair = await generateKeys();
const anotherPlatform = await createPlatform({ at });
const anotherFile = endorse({}, anotherPlatform.collateral) as CollateralFile;

const past = expired(at);
const future = notYetValid(at);
const basicConstraints = '2.5.29.19';
const deltaCrlIndicator = '2.5.29.27';
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));

/** The ends of the two chains. */
const leaves: readonly CertificateName[] = ['pck', 'tcbSigning'];
const titles: Readonly<Record<CertificateName, string>> = {
  root: 'root certificate',
  intermediate: 'certificate of the PCK CA',
  pck: 'PCK certificate',
  tcbSigning: 'TCB signing certificate',
};
const slugs: Readonly<Record<CertificateName, string>> = {
  root: 'root',
  intermediate: 'intermediate',
  pck: 'pck',
  tcbSigning: 'tcb-signing',
};

/** One case for each certificate. */
function each<Flaw>(
  names: readonly CertificateName[],
  suffix: string,
  describe: (title: string, name: CertificateName) => Described<Flaw>,
): Record<string, Described<Flaw>> {
  return Object.fromEntries(
    names.map((name) => [`${slugs[name]}-${suffix}`, describe(titles[name], name)]),
  );
}

/** Replaces one character string of a member, which must be there. */
export function alter(
  member: string,
  from: string | RegExp,
  to: string,
): (members: CollateralFile) => CollateralFile {
  return (members) => {
    const before = members[member];
    const after = before?.replace(from, to);
    if (after === undefined || after === before) throw new TypeError(`${member}: nothing to alter`);
    return { ...members, [member]: after };
  };
}

/** Leaves out one member. */
function without(member: string): (members: CollateralFile) => CollateralFile {
  return (members) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => name !== member));
}

function edited(
  name: CertificateName,
  edit: (template: CertificateTemplate) => CertificateTemplate,
): { platform: Omit<PlatformOptions, 'at'> } {
  return { platform: { certificates: { [name]: { edit } } } };
}

function extended(
  name: CertificateName,
  edit: (extensions: readonly Extension[]) => readonly Extension[],
): { platform: Omit<PlatformOptions, 'at'> } {
  return edited(name, (template) => ({ ...template, extensions: edit(template.extensions) }));
}

function withExtension(
  name: CertificateName,
  type: string,
  value: string,
): { platform: Omit<PlatformOptions, 'at'> } {
  const replacement = new Extension(type, true, Buffer.from(value, 'hex'));
  return extended(name, (extensions) =>
    extensions.map((extension) => (extension.type === type ? replacement : extension)),
  );
}

function crlExtended(edit: (extensions: CrlTemplate['extensions']) => CrlTemplate['extensions']): {
  platform: Omit<PlatformOptions, 'at'>;
} {
  return {
    platform: {
      crls: { pck: { edit: (crl) => ({ ...crl, extensions: edit(crl.extensions) }) } },
    },
  };
}

function tcbInfo(edit: (document: TcbInfo) => object): { platform: Omit<PlatformOptions, 'at'> } {
  return { platform: { documents: { tcbInfo: { edit } } } };
}

function qeIdentity(edit: (document: Record<string, unknown>) => object): {
  platform: Omit<PlatformOptions, 'at'>;
} {
  return {
    platform: { documents: { qeIdentity: { edit: (document) => edit({ ...document }) } } },
  };
}

/** A certificate whose outer length is written in more bytes than DER allows. */
function longForm(der: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0x30, 0x83, 0x00, ...der.subarray(2)]);
}

const exception = (advisory: string, until: string): string =>
  `\n[[exception]]\nadvisory = "${advisory}"\nuntil = ${until}\nreason = "test"\n`;

/** What is accepted of either TEE. */
export function dcapAccepted(entry: string): Readonly<Record<string, Described<DcapFlaw>>> {
  return {
    'up-to-date': { about: 'Genuine evidence of a platform that is up to date.' },
    'first-moment': {
      about: 'Certificates, CRLs and documents all begin at this very moment.',
      platform: {
        validity: { from: at, to: new Date(at.getTime() + dayMs) },
        certificates: Object.fromEntries(
          (['intermediate', 'pck', 'tcbSigning'] as const).map((name) => [
            name,
            { validity: { from: at, to: new Date(at.getTime() + dayMs) } },
          ]),
        ),
      },
    },
    'last-moment': {
      about: 'Certificates, CRLs and documents all end at this very moment.',
      platform: {
        validity: { from: new Date(at.getTime() - dayMs), to: at },
        certificates: Object.fromEntries(
          (['intermediate', 'pck', 'tcbSigning'] as const).map((name) => [
            name,
            { validity: { from: new Date(at.getTime() - dayMs), to: at } },
          ]),
        ),
      },
    },
    'collateral-as-served': {
      about: 'The collateral has the form in which a server sends it: PEM CRLs, wrapped documents.',
      map: (collateral) => collateral,
    },
    'status-in-the-set': {
      about: 'The platform is at SWHardeningNeeded, a status that the manifest lists.',
      platform: { tcbStatus: 'SWHardeningNeeded' },
      manifest:
        entry +
        '[intel]\nmin_tcb_evaluation_data_number = 17\ntcb_statuses = ["UpToDate", "SWHardeningNeeded"]\n',
      weakened: ['tcb-status'],
    },
  };
}

/**
 * The cases that SGX and TDX evidence share: everything that Intel signs about a platform, and what binds the
 * quote to it.
 *
 * @param entry - A manifest without `[intel]`.
 */
export function dcapCases(
  tee: 'SGX' | 'TDX',
  entry: string,
  offsets: QuoteOffsets,
): CaseTable<DcapFlaw> {
  const manifestWith = (intel: string): { manifest: string } => ({ manifest: entry + intel });
  return {
    layout: {
      'cut-off': { about: 'The quote is one byte too short.', evidence: cutOff(1) },
      'trailing-byte': {
        about: 'A byte that is not zero follows the quote.',
        evidence: append(0x01),
      },
      'unknown-version': { about: 'The header says version 9.', quote: { header: { version: 9 } } },
    },
    endorsements: {
      'no-pck-crl': { about: 'The CRL of the PCK CA is absent.', file: without('pck_crl') },
      'doubled-member': {
        about: 'The JSON text has one member twice.',
        file: (members) =>
          JSON.stringify(members).replace('{', `{"pck_crl":"${anotherFile['pck_crl']}",`),
      },
      'pck-of-another-platform': {
        about: 'The PCK certificate beside the quote is not the one inside it.',
        map: (collateral) => ({
          ...collateral,
          pck_certificate: anotherPlatform.collateral.pck_certificate,
        }),
      },
    },
    certificate: {
      ...each(['pck'], 'cut-off', (title, name) => ({
        about: `The ${title} is one byte too short.`,
        platform: { certificates: { [name]: { tamper: (der: Bytes) => der.slice(0, -1) } } },
      })),
      'pck-unknown-critical': {
        about: 'The PCK certificate has a critical extension that nobody knows.',
        ...extended('pck', (extensions) => [...extensions, unknownCritical]),
      },
      'pck-length-not-der': {
        about: 'A length in the PCK certificate is written in more bytes than needed.',
        platform: { certificates: { pck: { tamper: longForm } } },
      },
    },
    crl: {
      'pck-unknown-critical': {
        about: 'The CRL of the PCK CA has a critical extension that nobody knows.',
        ...crlExtended((extensions) => [...extensions, unknownCritical]),
      },
      'pck-delta': {
        about: 'The CRL of the PCK CA is a delta, which does not list what an earlier one lists.',
        ...crlExtended((extensions) => [
          ...extensions,
          new Extension(deltaCrlIndicator, true, Buffer.from('020101', 'hex')),
        ]),
      },
    },
    'trust-anchor': {
      'another-root': {
        about: "A root that bears the vendor's name and has another key.",
        platform: { certificates: { root: { keys: someoneElse } } },
      },
    },
    'certificate-chain': {
      ...each(leaves, 'signed-by-someone-else', (title, name) => ({
        about: `The ${title} is not signed by its issuer's key.`,
        platform: { certificates: { [name]: { signedBy: someoneElse.privateKey } } },
      })),
      'pck-names-another-issuer': {
        about: 'The PCK certificate names itself as its issuer.',
        ...edited('pck', (pck) => ({ ...pck, issuer: pck.subject })),
      },
      'intermediate-no-ca': {
        about: 'The certificate of the PCK CA says that it is no CA.',
        ...withExtension('intermediate', basicConstraints, '3000'),
      },
      'root-path-too-short': {
        about: 'The root allows no CA below it, and there is one.',
        ...withExtension('root', basicConstraints, '30060101ff020100'),
      },
      'tcb-signing-of-another-purpose': {
        about: 'The certificate that signs TCB info does not bear the name of one that may.',
        ...edited('tcbSigning', (certificate) => ({ ...certificate, subject: certificate.issuer })),
      },
    },
    'certificate-validity': {
      ...each(['pck', 'intermediate'], 'expired', (title, name) => ({
        about: `The ${title} ended one second ago.`,
        platform: { certificates: { [name]: { validity: past } } },
      })),
      ...each(['pck'], 'not-yet-valid', (title, name) => ({
        about: `The ${title} begins in one second.`,
        platform: { certificates: { [name]: { validity: future } } },
      })),
    },
    'crl-signature': {
      'root-signed-by-someone-else': {
        about: "The root's CRL is not signed by the root's key.",
        platform: { crls: { root: { signedBy: someoneElse.privateKey } } },
      },
      'pck-crl-of-another-ca': {
        about:
          'A genuine CRL of another CA of the same name stands in place of that of the PCK CA.',
        file: (members) => ({ ...members, pck_crl: anotherFile['pck_crl'] }),
      },
      'pck-crl-and-chain-of-another-ca': {
        about: 'The CRL of the PCK CA and its issuer chain are those of another CA.',
        file: (members) => ({
          ...members,
          pck_crl: anotherFile['pck_crl'],
          pck_crl_issuer_chain: anotherFile['pck_crl_issuer_chain'],
        }),
      },
    },
    'crl-validity': {
      'pck-expired': {
        about: 'The CRL of the PCK CA should have been replaced one second ago.',
        platform: { crls: { pck: { validity: past } } },
      },
      'pck-not-yet-valid': {
        about: 'The CRL of the PCK CA is of one second in the future.',
        platform: { crls: { pck: { validity: future } } },
      },
    },
    'certificate-revoked': {
      pck: {
        about: 'The PCK certificate is on the CRL of its CA.',
        platform: { revoked: ['pck'] },
      },
      intermediate: {
        about: "The certificate of the PCK CA is on the root's CRL.",
        platform: { revoked: ['intermediate'] },
      },
      'tcb-signing': {
        about: "The TCB signing certificate is on the root's CRL.",
        platform: { revoked: ['tcbSigning'] },
      },
    },
    'tcb-info-signature': {
      'status-upgraded': {
        about: 'A platform out of date whose level was changed to UpToDate after signing.',
        platform: { tcbStatus: 'OutOfDate' },
        file: alter('tcb_info', /"OutOfDate"/, '"UpToDate"'),
      },
      'white-space': {
        about: 'White space was added to the signed text, which means the same.',
        file: alter('tcb_info', '{', '{ '),
      },
    },
    'tcb-info': {
      'of-another-tee': {
        about: 'Genuine TCB info for the other TEE.',
        ...tcbInfo((document) => ({ ...document, id: tee === 'SGX' ? 'TDX' : 'SGX' })),
      },
    },
    'tcb-info-validity': {
      expired: {
        about: 'The TCB info should have been replaced one second ago.',
        platform: { documents: { tcbInfo: { validity: past } } },
      },
      'not-yet-valid': {
        about: 'The TCB info is of one second in the future.',
        platform: { documents: { tcbInfo: { validity: future } } },
      },
    },
    'qe-identity-signature': {
      'isvsvn-lowered': {
        about: 'A quoting enclave out of date, for which a level was lowered after signing.',
        platform: { qeStatus: 'OutOfDate' },
        file: alter('qe_identity', '"isvsvn":8', '"isvsvn":6'),
      },
    },
    'qe-identity-document': {
      'of-another-tee': {
        about: "Genuine identity of the other TEE's quoting enclave.",
        ...qeIdentity((document) => ({ ...document, id: tee === 'SGX' ? 'TD_QE' : 'QE' })),
      },
    },
    'qe-identity-validity': {
      expired: {
        about: 'The QE identity should have been replaced one second ago.',
        platform: { documents: { qeIdentity: { validity: past } } },
      },
    },
    'platform-match': {
      'other-fmspc': {
        about: 'Genuine TCB info for another FMSPC.',
        ...tcbInfo((document) => ({ ...document, fmspc: '00906EA10000' })),
      },
      'other-pceid': {
        about: 'Genuine TCB info for another PCEID.',
        ...tcbInfo((document) => ({ ...document, pceId: '0100' })),
      },
    },
    'qe-vendor': {
      'not-intel': {
        about: 'The quote names another vendor of its quoting enclave than Intel.',
        quote: { header: { qeVendorId: new Uint8Array(16) } },
      },
    },
    'qe-report-signature': {
      'mrsigner-flipped': {
        about: "One bit of MRSIGNER in the quoting enclave's report was changed after signing.",
        evidence: flip(offsets.qeReport + 128),
      },
    },
    'qe-report-binding': {
      'another-attestation-key': {
        about: "The quoting enclave's report vouches for no attestation key.",
        quote: { qeReport: { reportData: new Uint8Array(64) } },
      },
      'other-authentication-data': {
        about: 'One bit of the authentication data was changed, over which the report vouches too.',
        evidence: flip(offsets.qeAuthData),
      },
    },
    'qe-identity': {
      'other-signer': {
        about: 'The quoting enclave was signed by somebody else than Intel.',
        quote: { qeReport: { mrSigner: new Uint8Array(32) } },
      },
      debug: {
        about: 'The quoting enclave is a debug enclave.',
        quote: {
          qeReport: { flags: flags.init | flags.mode64Bit | flags.provisionKey | flags.debug },
        },
      },
    },
    'quote-signature': {
      'signed-by-someone-else': {
        about: 'The quote is not signed by the attestation key that it names.',
        quote: { signedBy: someoneElse.privateKey },
      },
      'measurement-flipped': {
        about: 'One bit of the measurement was changed after signing.',
        evidence: flip(offsets.measurement),
      },
      'header-flipped': {
        about: "One bit of the header's user data was changed after signing.",
        evidence: flip(28),
      },
    },
    'tcb-status': {
      ...Object.fromEntries(
        (['SWHardeningNeeded', 'OutOfDate', 'Revoked'] as const).map((tcbStatus) => [
          tcbStatus.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase(),
          {
            about: `Genuine evidence of a platform at ${tcbStatus}; only UpToDate is accepted.`,
            platform: { tcbStatus },
          },
        ]),
      ),
      'no-level': {
        about: 'Genuine evidence of a platform below every level.',
        platform: { tcbStatus: 'unmatched' },
      },
      'qe-out-of-date-but-hardened': {
        about:
          'SWHardeningNeeded is accepted, but with a quoting enclave out of date it counts as OutOfDate.',
        platform: { tcbStatus: 'SWHardeningNeeded', qeStatus: 'OutOfDate' },
        ...manifestWith('[intel]\ntcb_statuses = ["UpToDate", "SWHardeningNeeded"]\n'),
      },
      'exception-ended': {
        about: 'The exception for the only advisory ends at this very moment.',
        platform: { tcbStatus: 'SWHardeningNeeded' },
        ...manifestWith(exception('INTEL-SA-00615', '2026-01-15T12:00:00Z')),
      },
    },
    'tcb-evaluation-number': {
      'below-the-floor': {
        about: 'Freshly dated documents of evaluation number 16, where 17 is demanded.',
        platform: { evaluationDataNumber: 16 },
      },
      'qe-identity-below-the-floor': {
        about: 'TCB info has number 17 as demanded, QE identity 16.',
        ...qeIdentity((document) => ({ ...document, tcbEvaluationDataNumber: 16 })),
      },
    },
    'collateral-age': {
      'a-day-old': {
        about: 'The collateral is a day old, where 23 hours are demanded.',
        ...manifestWith('[intel]\nmax_collateral_age = "23h"\n'),
      },
    },
  };
}

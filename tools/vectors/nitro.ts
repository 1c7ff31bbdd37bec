import {
  cborArray,
  cborBytes,
  cborHead,
  cborIndefinite,
  cborInteger,
  cborMap,
  cborText,
  createNitroEnclave,
  expired,
  Extension,
  generateP384Keys,
  notYetValid,
} from '@blindai/simulator';
import type {
  CertificateTemplate,
  NitroCertificateName,
  NitroDocumentOptions,
  NitroEnclaveOptions,
  NitroMembers,
} from '@blindai/simulator';
import { append, cutOff, flip } from './bytes.ts';
import { at, base64, type CaseTable, dayMs, type FormatCases, later, reportData } from './case.ts';
import { another, boot, bootReportData, connection, nonceReportData } from './connection.ts';

/** What is wrong with a Nitro document. */
interface NitroFlaw {
  readonly enclave?: Omit<NitroEnclaveOptions, 'at'>;
  readonly document?: NitroDocumentOptions;
  /** Changes the document after it was signed. */
  readonly evidence?: (document: Uint8Array) => Uint8Array;
  readonly endorsements?: unknown;
}

/** PCR 0 to 2, and 4 of the parent instance. */
const pcrs: Readonly<Record<number, Uint8Array>> = {
  0: new Uint8Array(48).fill(0xa0),
  1: new Uint8Array(48).fill(0xa1),
  2: new Uint8Array(48).fill(0xa2),
  4: new Uint8Array(48).fill(0xa4),
};

function nitroEntry(demands = '', more = ''): string {
  const demanded = ['a0', 'a1', 'a2'].map((byte, index) => `${index} = "${byte.repeat(48)}"`);
  return `version = 1

[[nitro]]
pcrs = { ${demanded.join(', ')}${more} }
${demands}`;
}

const manifest = nitroEntry();
const nonce = Uint8Array.from(Buffer.from(connection.nonce, 'base64'));
const answering: NitroDocumentOptions = { userData: nonceReportData, nonce };

const someoneElse = await generateP384Keys();
const past = expired(at);
const future = notYetValid(at);
const basicConstraints = '2.5.29.19';
const keyUsage = '2.5.29.15';
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));

const titles: Readonly<Record<NitroCertificateName, string>> = {
  root: 'root certificate',
  regional: "region's certificate",
  zonal: "zone's certificate",
  instance: "instance's certificate",
  leaf: "enclave's certificate",
};

function edited(
  name: NitroCertificateName,
  edit: (template: CertificateTemplate) => Partial<CertificateTemplate>,
): Pick<NitroFlaw, 'enclave'> {
  const whole = (template: CertificateTemplate): CertificateTemplate => ({
    ...template,
    ...edit(template),
  });
  return { enclave: { certificates: { [name]: { edit: whole } } } };
}

function withExtension(
  name: NitroCertificateName,
  type: string,
  value: string,
): Pick<NitroFlaw, 'enclave'> {
  const replacement = new Extension(type, true, Buffer.from(value, 'hex'));
  return edited(name, ({ extensions }) => ({
    extensions: extensions.map((extension) => (extension.type === type ? replacement : extension)),
  }));
}

/** Changes one member of the payload, encoded as it is. */
function member(name: string, value: Uint8Array): Pick<NitroFlaw, 'document'> {
  const edit = (members: NitroMembers): NitroMembers =>
    members.map((each) => (each[0] === name ? [name, value] : each));
  return { document: { edit } };
}

const others = (...names: readonly string[]): ((members: NitroMembers) => NitroMembers) => {
  return (members) => members.filter(([name]) => !names.includes(name));
};

const day = { before: new Date(at.getTime() - dayMs), after: new Date(at.getTime() + dayMs) };
const all = ['regional', 'zonal', 'instance', 'leaf'] as const;

const table: CaseTable<NitroFlaw> = {
  accept: {
    'up-to-date': { about: 'A document of an enclave, with report data for user data.' },
    'first-moment': {
      about: 'All certificates but the root begin at this very moment.',
      enclave: {
        certificates: Object.fromEntries(
          all.map((name) => [name, { validity: { from: at, to: day.after } }]),
        ),
      },
    },
    'last-moment': {
      about: 'All certificates but the root end at this very moment.',
      enclave: {
        certificates: Object.fromEntries(
          all.map((name) => [name, { validity: { from: day.before, to: at } }]),
        ),
      },
    },
    tagged: {
      about: 'The document has the tag of a COSE_Sign1.',
      evidence: (document) => Uint8Array.from([0xd2, ...document]),
    },
    'members-absent': {
      about: 'The members public_key and nonce are absent instead of null.',
      document: { edit: others('public_key', 'nonce') },
    },
    'public-key': {
      about: 'The document has a public key, which nobody trusts.',
      document: { publicKey: new Uint8Array(32).fill(0x70) },
    },
    'indefinite-map': {
      about: 'The map of the payload is of indefinite length, as it is in real documents.',
      document: {
        editPayload: (payload) => Uint8Array.from([0xbf, ...payload.subarray(1), 0xff]),
      },
    },
    'nonce-answered': {
      about: 'User data for the TLS certificate, the keyset and the nonce, and the nonce itself.',
      document: answering,
      reportData: connection,
    },
    'made-at-boot': {
      about: 'The document was made at boot and has no nonce, which the caller accepts.',
      document: { userData: bootReportData },
      reportData: boot,
      weakenings: ['acceptBootEvidence'],
      weakened: ['report-data'],
    },
    'debug-allowed': {
      about: 'An enclave with a console, whose PCRs are zeros; the caller accepts it.',
      document: { debug: true },
      manifest: null,
      weakenings: ['allowDebug', 'anyMeasurement'],
      weakened: ['debug', 'measurement'],
    },
    'more-registers': {
      about: 'The PCRs of the role, the parent instance and the signer are demanded and found.',
      document: {
        pcrs: { ...pcrs, 3: new Uint8Array(48).fill(0xa3), 8: new Uint8Array(48).fill(0xa8) },
      },
      manifest: nitroEntry(
        '',
        `, 3 = "${'a3'.repeat(48)}", 4 = "${'a4'.repeat(48)}", 8 = "${'a8'.repeat(48)}"`,
      ),
    },
  },
  layout: {
    'cut-off': { about: 'The document is one byte too short.', evidence: cutOff(1) },
    'trailing-byte': { about: 'A byte follows the document.', evidence: append(0) },
    'other-algorithm': {
      about: 'The protected header names ES256.',
      document: { protectedHeader: cborMap([[cborInteger(1), cborInteger(-7)]]) },
    },
    'unprotected-header': {
      about: 'The unprotected header, which no signature covers, has a member.',
      document: { unprotectedHeader: cborMap([[cborInteger(1), cborInteger(-35)]]) },
    },
    'doubled-member': {
      about: 'The payload has user_data twice.',
      document: { edit: (members) => [...members, ['user_data', cborBytes(new Uint8Array(64))]] },
    },
    'unknown-member': {
      about: 'The payload has a member that nobody knows.',
      document: { edit: (members) => [...members, ['debug', cborText('no')]] },
    },
    'no-pcr2': { about: 'PCR2 is absent.', document: { pcrs: { ...pcrs, 2: null } } },
    'other-digest': { about: 'The digest is SHA-256.', document: { digest: 'SHA256' } },
    'length-not-shortest': {
      about: 'The length of a text is written in more bytes than needed.',
      ...member('digest', Uint8Array.from([...cborHead(3, 6, 2), ...Buffer.from('SHA384')])),
    },
    'indefinite-text': {
      about: 'A text is written in parts.',
      ...member('digest', cborIndefinite(3, [cborText('SHA'), cborText('384')])),
    },
    'no-ca-certificates': {
      about: 'The bundle of CA certificates is empty.',
      ...member('cabundle', cborArray([])),
    },
  },
  endorsements: {
    some: {
      about: 'There are endorsements, of which Nitro has none.',
      endorsements: { ek: 'none' },
    },
  },
  certificate: {
    'leaf-cut-off': {
      about: "The enclave's certificate is one byte too short.",
      enclave: { certificates: { leaf: { tamper: (der) => der.slice(0, -1) } } },
    },
    'leaf-unknown-critical': {
      about: "The enclave's certificate has a critical extension that nobody knows.",
      ...edited('leaf', ({ extensions }) => ({ extensions: [...extensions, unknownCritical] })),
    },
  },
  'trust-anchor': {
    'another-root': {
      about: "A root that bears AWS's name and has another key.",
      enclave: { certificates: { root: { keys: someoneElse } } },
    },
  },
  'certificate-chain': {
    ...Object.fromEntries(
      (['leaf', 'zonal'] as const).map((name) => [
        `${name}-signed-by-someone-else`,
        {
          about: `The ${titles[name]} is not signed by its issuer's key.`,
          enclave: { certificates: { [name]: { signedBy: someoneElse.privateKey } } },
        },
      ]),
    ),
    'instance-no-ca': {
      about: "The instance's certificate says that it is no CA.",
      ...withExtension('instance', basicConstraints, '3000'),
    },
    'zonal-not-for-certificates': {
      about: "The zone's key is not for signing certificates.",
      ...withExtension('zonal', keyUsage, '03020780'),
    },
    'regional-path-too-short': {
      about: 'The region allows no CA below its own, and there are two.',
      ...withExtension('regional', basicConstraints, '30060101ff020100'),
    },
    'leaf-a-ca': {
      about: "The enclave's certificate says that it is a CA.",
      ...withExtension('leaf', basicConstraints, '30030101ff'),
    },
  },
  'certificate-validity': {
    ...Object.fromEntries(
      all.map((name) => [
        `${name}-expired`,
        {
          about: `The ${titles[name]} ended one second ago.`,
          enclave: { certificates: { [name]: { validity: past } } },
          document: { timestamp: later(-60) },
        },
      ]),
    ),
    'leaf-not-yet-valid': {
      about: "The enclave's certificate begins in one second.",
      enclave: { certificates: { leaf: { validity: future } } },
    },
    'document-before-its-certificate': {
      about: "The document is of a day before the enclave's certificate began.",
      document: { timestamp: day.before },
    },
  },
  'document-signature': {
    'signed-by-someone-else': {
      about: "The document is not signed by the key of the enclave's certificate.",
      document: { signedBy: someoneElse.privateKey },
    },
    'signature-flipped': {
      about: 'One bit of the signature is another.',
      evidence: (document) => flip(document.length - 1)(document),
    },
    'pcr-flipped': {
      about: 'One bit of PCR0 was changed after signing.',
      evidence: (document) => flip(Buffer.from(document).indexOf(Buffer.from(pcrs[0]!)))(document),
    },
  },
  debug: {
    'pcrs-zero': {
      about: 'An enclave with a console: PCR 0 to 2 are zeros.',
      document: { debug: true },
    },
    'pcrs-zero-any-measurement': {
      about: 'The same, compared with no entry.',
      document: { debug: true },
      manifest: null,
      weakenings: ['anyMeasurement'],
    },
  },
  measurement: {
    'other-image': {
      about: 'Genuine evidence of another image: PCR0 is another.',
      document: { pcrs: { ...pcrs, 0: new Uint8Array(48).fill(0x66) } },
    },
  },
  registers: Object.fromEntries(
    [1, 2].map((index) => [
      `other-pcr${index}`,
      {
        about: `PCR${index} is not the one that is demanded.`,
        document: { pcrs: { ...pcrs, [index]: new Uint8Array(48).fill(0x66) } },
      },
    ]),
  ),
  entry: {
    ended: {
      about: 'The entry ends at this very moment.',
      manifest: nitroEntry('until = 2026-01-15T12:00:00Z\n'),
    },
  },
  platform: {
    'another-instance': {
      about: 'The entry demands a parent instance (PCR4), and this is another.',
      manifest: nitroEntry('', `, 4 = "${'66'.repeat(48)}"`),
    },
  },
  'report-data': {
    'other-bytes': {
      about: 'Other 64 bytes than demanded.',
      reportData: { exact: base64(flip(63)(reportData)) },
    },
    'no-user-data': { about: 'The document has no user data.', document: { userData: null } },
    'another-nonce': {
      about: 'User data and nonce are of another connection: the document is old.',
      document: answering,
      reportData: { ...connection, nonce: another },
    },
    'nonce-absent': {
      about: 'The user data answer the nonce, and the nonce is not beside them.',
      document: { userData: nonceReportData },
      reportData: connection,
    },
    'nonce-differs': {
      about: 'The user data answer the nonce, and another stands beside them.',
      document: { userData: nonceReportData, nonce: new Uint8Array(32) },
      reportData: connection,
    },
    'boot-with-a-nonce': {
      about: 'The user data are those made at boot, and there is a nonce beside them.',
      document: { userData: bootReportData, nonce },
      reportData: boot,
      weakenings: ['acceptBootEvidence'],
    },
  },
};

/** The cases of AWS Nitro documents. */
export const nitroCases: FormatCases<NitroFlaw> = {
  format: 'aws-nitro',
  manifest,
  table,
  make: async (flaw) => {
    const enclave = await createNitroEnclave({ at, ...flaw.enclave });
    const measured = flaw.document?.debug === true ? {} : { pcrs };
    const document = await enclave.document({
      userData: reportData,
      ...measured,
      ...flaw.document,
    });
    return {
      evidence: flaw.evidence?.(document) ?? document,
      endorsements: flaw.endorsements ?? null,
    };
  },
};

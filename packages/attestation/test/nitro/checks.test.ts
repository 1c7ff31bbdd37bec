import { createHash } from 'node:crypto';
import {
  cborArray,
  cborBytes,
  cborHead,
  cborInteger,
  cborMap,
  cborText,
  Extension,
  expired,
  generateKeys,
  generateP384Keys,
  notYetValid,
} from '@blindai/simulator';
import type { CertificateTemplate, NitroCertificateName, NitroMembers } from '@blindai/simulator';
import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../src/index.ts';
import { awsNitro } from '../../src/nitro/nitro.ts';
import { simulationAnchors } from '../../src/simulation.ts';
import { type Flaws, testFlaws } from '../flaws.ts';
import { at, type Flaw, judge, manifestOf, pcrs, reportData } from './enclave.ts';

const someoneElse = await generateP384Keys();
const someoneWithAnotherCurve = await generateKeys();
const other = new Uint8Array(48).fill(0x77);
const zeros = new Uint8Array(48);

const certificateNames = ['root', 'regional', 'zonal', 'instance', 'leaf'] as const;
const keyUsage = '2.5.29.15';
const basicConstraints = '2.5.29.19';
const unknownCritical = new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'));

function cutOff(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, -1);
}

function edit(
  name: NitroCertificateName,
  change: (template: CertificateTemplate) => CertificateTemplate,
): Flaw {
  return { enclave: { certificates: { [name]: { edit: change } } } };
}

/** Puts another value into one extension of a certificate. */
function replaceExtension(name: NitroCertificateName, type: string, value: string): Flaw {
  const replacement = new Extension(type, true, Buffer.from(value, 'hex'));
  return edit(name, (template) => ({
    ...template,
    extensions: template.extensions.map((each) => (each.type === type ? replacement : each)),
  }));
}

function withoutExtension(name: NitroCertificateName, type: string): Flaw {
  return edit(name, (template) => ({
    ...template,
    extensions: template.extensions.filter((each) => each.type !== type),
  }));
}

const editMembers = (change: (members: NitroMembers) => NitroMembers): Flaw => ({
  document: { edit: change },
});

/** Puts another value into one member of the document. */
const member = (name: string, value: Uint8Array): Flaw =>
  editMembers((members) => members.map((each) => (each[0] === name ? [name, value] : each)));

const nonce = new Uint8Array(32).fill(0x33);
const connection = {
  certificate: Uint8Array.of(1, 2, 3),
  keyset: Uint8Array.of(4, 5, 6),
  nonce,
};
const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const bound = new Uint8Array([
  ...sha256(connection.certificate),
  ...sha256('blindai keyset v1\0', sha256(connection.keyset), nonce),
]);

const flaws: Flaws<Flaw> = {
  layout: {
    'cut off': { document: { tamper: cutOff } },
    'a byte too many': { document: { tamper: (bytes) => Uint8Array.from([...bytes, 0]) } },
    'longer than any document': {
      document: { tamper: (bytes) => Uint8Array.from([...bytes, ...new Uint8Array(32 * 1024)]) },
    },
    'another tag': { document: { tamper: (bytes) => Uint8Array.from([0xd1, ...bytes]) } },
    'an array of indefinite length around it': {
      document: { tamper: (bytes) => Uint8Array.from([0x9f, ...bytes.subarray(1), 0xff]) },
    },
    'an array of three': {
      document: { tamper: () => cborArray([cborBytes(null), cborMap([]), cborBytes(null)]) },
    },
    'another algorithm': {
      document: { protectedHeader: cborMap([[cborInteger(1), cborInteger(-7)]]) },
    },
    'an algorithm and something more': {
      document: {
        protectedHeader: cborMap([
          [cborInteger(1), cborInteger(-35)],
          [cborInteger(4), cborBytes(nonce)],
        ]),
      },
    },
    'something unprotected': {
      document: { unprotectedHeader: cborMap([[cborInteger(4), cborBytes(nonce)]]) },
    },
    'no header at all where the unprotected one stands': {
      document: { unprotectedHeader: cborBytes(null) },
    },
    'an empty payload': { document: { editPayload: () => new Uint8Array() } },
    'a payload beyond 16 KiB': { document: { editPayload: () => new Uint8Array(16_385) } },
    'a payload that is no map': { document: { editPayload: () => cborArray([]) } },
    'a payload with a byte too many': {
      document: { editPayload: (payload) => Uint8Array.from([...payload, 0]) },
    },
    'a signature of another length': {
      document: {
        tamper: (bytes) =>
          Uint8Array.from([...bytes.subarray(0, -98), 0x58, 95, ...bytes.subarray(-95)]),
      },
    },
    ...Object.fromEntries(
      ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'].flatMap((name) => [
        [`no ${name}`, editMembers((members) => members.filter((each) => each[0] !== name))],
        [`a ${name} that is null`, member(name, cborBytes(null))],
      ]),
    ),
    'a doubled member': editMembers((members) => [...members, ...members.slice(-1)]),
    'an unknown member': editMembers((members) => [...members, ['more', cborBytes(null)]]),
    'PCRs of a NitroTPM': editMembers((members) =>
      members.map(([name, value]) => [name === 'pcrs' ? 'nitrotpm_pcrs' : name, value]),
    ),
    'an empty module id': { document: { moduleId: '' } },
    'another digest': { document: { digest: 'SHA512' } },
    'a time of zero': member('timestamp', cborInteger(0)),
    'a time before 1970': member('timestamp', cborInteger(-1)),
    'a time that no date has': member('timestamp', cborHead(0, 8_640_000_000_000_001n)),
    'a time longer than needed': member('timestamp', cborHead(0, 1, 8)),
    'a time that is a text': member('timestamp', cborText('now')),
    ...Object.fromEntries(
      [0, 1, 2].map((index) => [`no PCR${index}`, { document: { pcrs: { [index]: null } } }]),
    ),
    'a PCR of SHA-256': { document: { pcrs: { 5: new Uint8Array(32) } } },
    'a PCR of SHA-512': { document: { pcrs: { 5: new Uint8Array(64) } } },
    'a PCR beyond 31': { document: { pcrs: { 32: zeros } } },
    'a PCR before 0': member('pcrs', cborMap([[cborInteger(-1), cborBytes(zeros)]])),
    'a PCR by name': member('pcrs', cborMap([[cborText('0'), cborBytes(zeros)]])),
    'a doubled PCR': member(
      'pcrs',
      cborMap([0, 1, 2, 2].map((index) => [cborInteger(index), cborBytes(pcrs[index]!)])),
    ),
    'a certificate beyond 1024 bytes': member('certificate', cborBytes(new Uint8Array(1025))),
    'an empty certificate': member('certificate', cborBytes(new Uint8Array())),
    'no CA certificate': member('cabundle', cborArray([])),
    'too many CA certificates': member(
      'cabundle',
      cborArray(Array.from({ length: 9 }, () => cborBytes(Uint8Array.of(1)))),
    ),
    'a CA certificate beyond 1024 bytes': member(
      'cabundle',
      cborArray([cborBytes(new Uint8Array(1025))]),
    ),
    'a public key beyond 1024 bytes': { document: { publicKey: new Uint8Array(1025) } },
    'user data beyond 1024 bytes': { document: { userData: new Uint8Array(1025) } },
    'a nonce beyond 1024 bytes': { document: { nonce: new Uint8Array(1025) } },
    'a nonce that is a text': member('nonce', cborText('nonce')),
  },
  endorsements: {
    'a member': { endorsements: { ek: '' } },
    'a map with a member': { endorsements: new Map([['ek', '']]) },
    'a text': { endorsements: 'none' },
    bytes: { endorsements: new Uint8Array(1) },
  },
  certificate: {
    ...Object.fromEntries(
      certificateNames.flatMap((name) => [
        [`${name}: cut off`, { enclave: { certificates: { [name]: { tamper: cutOff } } } }],
        [
          `${name}: an unknown critical extension`,
          edit(name, (template) => ({
            ...template,
            extensions: [...template.extensions, unknownCritical],
          })),
        ],
        [`${name}: no key usage`, withoutExtension(name, keyUsage)],
        [`${name}: no basic constraints`, withoutExtension(name, basicConstraints)],
      ]),
    ),
    'leaf: a P-256 key': {
      enclave: { certificates: { leaf: { keys: someoneWithAnotherCurve } } },
      document: { signedBy: someoneElse.privateKey },
    },
  },
  'trust-anchor': {
    'a root of someone else': { enclave: { certificates: { root: { keys: someoneElse } } } },
    'the bundle the other way round': editMembers((members) => {
      const [, bundle] = members.find(([name]) => name === 'cabundle')!;
      return members.map(([name, value]) => [
        name,
        name === 'cabundle' ? reversedBundle(bundle) : value,
      ]);
    }),
    'a bundle without the root': editMembers((members) => {
      const [, bundle] = members.find(([name]) => name === 'cabundle')!;
      return members.map(([name, value]) => [
        name,
        name === 'cabundle' ? cborArray(itemsOf(bundle).slice(1)) : value,
      ]);
    }),
  },
  'certificate-chain': {
    ...Object.fromEntries(
      certificateNames.map((name) => [
        `${name}: signed by someone else`,
        { enclave: { certificates: { [name]: { signedBy: someoneElse.privateKey } } } },
      ]),
    ),
    ...Object.fromEntries(
      (['regional', 'zonal', 'instance', 'leaf'] as const).map((name) => [
        `${name}: an issuer of another name`,
        edit(name, (template) => ({ ...template, issuer: template.subject })),
      ]),
    ),
    ...Object.fromEntries(
      (['root', 'regional', 'zonal', 'instance'] as const).flatMap((name) => [
        [`${name}: no CA`, replaceExtension(name, basicConstraints, '3000')],
        [`${name}: not for certificates`, replaceExtension(name, keyUsage, '03020780')],
      ]),
    ),
    'root: fewer CAs allowed than there are': replaceExtension(
      'root',
      basicConstraints,
      '30060101ff020101',
    ),
    'regional: fewer CAs allowed than there are': replaceExtension(
      'regional',
      basicConstraints,
      '30060101ff020101',
    ),
    'leaf: a CA': replaceExtension('leaf', basicConstraints, '30030101ff'),
    'leaf: not for signatures': replaceExtension('leaf', keyUsage, '03020640'),
    'a certificate left out of the bundle': editMembers((members) => {
      const [, bundle] = members.find(([name]) => name === 'cabundle')!;
      const [root, regional, , instance] = itemsOf(bundle);
      return members.map(([name, value]) => [
        name,
        name === 'cabundle' ? cborArray([root!, regional!, instance!]) : value,
      ]);
    }),
  },
  'certificate-validity': {
    ...Object.fromEntries(
      certificateNames.flatMap((name) => [
        [`${name}: expired`, { enclave: { certificates: { [name]: { validity: expired(at) } } } }],
        [
          `${name}: not yet valid`,
          { enclave: { certificates: { [name]: { validity: notYetValid(at) } } } },
        ],
      ]),
    ),
    'a document made before its certificate': {
      document: { timestamp: new Date(at.getTime() - 61 * 60 * 1000) },
    },
    'a document made after its certificate': {
      document: { timestamp: new Date(at.getTime() + 121 * 60 * 1000) },
    },
  },
  'document-signature': {
    'of someone else': { document: { signedBy: someoneElse.privateKey } },
    'a bit of it': {
      document: {
        tamper: (bytes) =>
          bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)),
      },
    },
    zeros: {
      document: {
        tamper: (bytes) => Uint8Array.from([...bytes.subarray(0, -96), ...new Uint8Array(96)]),
      },
    },
    'a bit of a PCR': {
      document: {
        tamper: (bytes) => {
          const found = Buffer.from(bytes).indexOf(Buffer.from(pcrs[0]!));
          return bytes.map((byte, index) => (index === found ? byte ^ 1 : byte));
        },
      },
    },
  },
  debug: {
    'a debug enclave': { document: { debug: true, pcrs: { 0: zeros, 1: zeros, 2: zeros } } },
    'only PCR0 is zero': { document: { pcrs: { 0: zeros } } },
    'only PCR2 is zero': { document: { pcrs: { 2: zeros } } },
  },
  measurement: {
    'of another image': { document: { pcrs: { 0: other } } },
    'of no image that the manifest could accept': { manifest: 'version = 1' },
  },
  registers: Object.fromEntries(
    [1, 2, 3, 8].flatMap((index) => [
      [`another PCR${index}`, { document: { pcrs: { [index]: other } } }],
      ...(index > 2 ? [[`no PCR${index}`, { document: { pcrs: { [index]: null } } }]] : []),
    ]),
  ),
  entry: {
    'an entry that has ended': { manifest: manifestOf({}, 'until = 2026-11-23T12:00:00Z\n') },
  },
  platform: {
    'another parent instance': { enclave: { instanceId: 'i-0fedcba9876543210' } },
    'none named': { document: { pcrs: { 4: zeros } } },
    'none named, and zeros demanded': {
      document: { pcrs: { 4: zeros } },
      manifest: manifestOf({ 4: zeros }),
    },
    'no PCR4': { document: { pcrs: { 4: null } } },
  },
  'report-data': {
    'of other bytes': { expected: { reportData: new Uint8Array(64) } },
    'no user data': { document: { userData: null } },
    'user data and something after it': {
      document: { userData: Uint8Array.from([...reportData, 0]) },
    },
    'of another connection': {
      document: { userData: bound, nonce },
      expected: { ...connection, certificate: Uint8Array.of(9) },
    },
    'of another keyset': {
      document: { userData: bound, nonce },
      expected: { ...connection, keyset: Uint8Array.of(9) },
    },
    'no nonce beside the user data': {
      document: { userData: bound },
      expected: connection,
    },
    'another nonce beside the user data': {
      document: { userData: bound, nonce: new Uint8Array(32) },
      expected: connection,
    },
    'the nonce, and user data of another one': {
      document: { userData: reportData, nonce },
      expected: connection,
    },
    'the public key in place of the user data': {
      document: { userData: null, publicKey: reportData },
    },
  },
};

/** The items of an encoded array, each a byte string with a length of two bytes. */
function itemsOf(array: Uint8Array): Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let start = 1; start < array.length; start += items.at(-1)!.length) {
    const length = (array[start + 1]! << 8) | array[start + 2]!;
    items.push(array.subarray(start, start + 3 + length));
  }
  return items;
}

function reversedBundle(bundle: Uint8Array): Uint8Array {
  return cborArray(itemsOf(bundle).toReversed());
}

describe('a document without a flaw', () => {
  test.each<[string, Flaw]>([
    ['as it is', {}],
    ['bound to a connection', { document: { userData: bound, nonce }, expected: connection }],
    ['with its tag', { document: { tamper: (bytes) => Uint8Array.from([0xd2, ...bytes]) } }],
    [
      'with a map of indefinite length, as those of 2025 and later have it',
      {
        document: {
          editPayload: (payload) => Uint8Array.from([0xbf, ...payload.subarray(1), 0xff]),
        },
      },
    ],
    [
      'without the members that are optional',
      editMembers((members) =>
        members.filter(([name]) => name !== 'nonce' && name !== 'public_key'),
      ),
    ],
    ['with members in another order', editMembers((members) => members.toReversed())],
    ['with empty endorsements', { endorsements: {} }],
    ['with endorsements that are an empty map', { endorsements: new Map() }],
    ['in the first second of its certificate', { at: new Date(at.getTime() - 60 * 60 * 1000) }],
    ['in the last one', { at: new Date(at.getTime() + 2 * 60 * 60 * 1000) }],
    ['of any role, parent and signer', { manifest: manifestOf({ 3: null, 4: null, 8: null }) }],
  ])('%s', async (_, flaw) => {
    const { report } = await judge(flaw);
    expect(report).toMatchObject({ verdict: 'accept', check: null });
    expect(report.checks.map(({ result }) => result)).not.toContain('refused');
  });
});

testFlaws(
  flaws,
  awsNitro.plan({ anchors: simulationAnchors, manifest: parseManifest(manifestOf()) }),
  judge,
);

import { readdirSync, readFileSync } from 'node:fs';
import {
  createSnpPlatform,
  publicAmdPrivateKeys,
  type SimulatedSnpPlatform,
  type SnpPlatformOptions,
} from '@blindai/simulator';
import { sharedFolder } from '../../../../../test/support/optional.ts';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { simulationAnchors } from '../../../src/roots/simulation.ts';
import { vendorAnchors } from '../../../src/roots/vendor.ts';
import { parseEkExtensions } from '../../../src/snp/ek-extensions.ts';
import { parseSnpReport } from '../../../src/snp/report.ts';
import { parseCertificate } from '../../../src/x509/certificate.ts';
import { parseCrl } from '../../../src/x509/crl.ts';
import { pemOf } from '../../pem-der.ts';
import { haveVectors } from '../../vectors.ts';
import { endorsementsAsText } from '../dcap/parts.ts';
import { bytesWith, concat, type NumberField, plainBytes } from '../mutate/bytes.ts';
import { der } from '../mutate/der.ts';
import { pem } from '../mutate/pem.ts';
import {
  bytesMember,
  textMember,
  evidence,
  inside,
  type Lens,
  jsonParts,
  memberParts,
  part,
  pemParts,
} from '../part.ts';
import { reader, type Reader, type Seed, type SignedPart } from '../seed.ts';
import { signBytes } from '../sign.ts';
import { signedDer } from '../signed-der.ts';
import type { Submission } from '../submission.ts';

const at = new Date('2026-01-15T12:00:00Z');
const year = 365 * 24 * 60 * 60 * 1000;
const signedLength = 0x2a0;
export const reportLength = 1184;
const rsaPss = { name: 'RSA-PSS', hash: 'SHA-384' } as const;
const profile = { kinds: ['P-384', 'RSA-4096'], required: [] } as const;

/** Simulated reports of every version under keys of both kinds, and the real ones that are accepted. */
export async function findSnpSeeds(): Promise<readonly Seed[]> {
  const kinds: readonly (readonly [2 | 3 | 5, Omit<SnpPlatformOptions, 'at'>])[] = [
    [3, { product: 'Milan', key: 'vcek' }],
    [2, { product: 'Genoa', key: 'vcek', revoked: ['asvk'] }],
    [5, { product: 'Turin', key: 'vcek' }],
    [3, { product: 'Milan', key: 'vlek', certificate: { trailerField: true } }],
  ];
  const simulated = kinds.map(async ([version, options], index): Promise<Seed> => {
    // A year apart: else the CRL of one would be as genuine as that of another.
    const time = new Date(at.getTime() + index * year);
    const platform = await createSnpPlatform({ at: time, ...options });
    const measurement = new Uint8Array(48).fill(0x5a);
    const reportData = Uint8Array.from({ length: 64 }, (_, byte) => byte);
    const report = await platform.report({ version, measurement, reportData });
    const { ek, crl } = platform;
    const isPem = index % 2 === 1;
    return {
      name: `simulated v${version} ${options.product} ${options.key}`,
      submission: {
        evidence: report,
        endorsements: isPem ? { ek: platform.ekPem, crl: platform.crlPem } : { ek, crl },
      },
      anchors: simulationAnchors,
      at: time,
      parts: [part('report', bytesWith(numbersInReport), evidence), ...endorsementParts(isPem)],
      signed: index === 0 ? await signedParts(platform) : [],
      readers: readersOf(report, ek, crl),
    };
  });
  return [...(await Promise.all(simulated)), ...realSeeds()];
}

function number(name: string, offset: number): NumberField {
  return { name, offset, size: 4, order: 'little-endian' };
}

/** Numbers of a report that say of which kind something is. */
export function numbersInReport(): readonly NumberField[] {
  return [
    number('version', 0),
    number('policy', 0x08),
    number('vmpl', 0x30),
    number('signature algorithm', 0x34),
    number('keys', 0x48),
  ];
}

function endorsementParts(isPem: boolean): Seed['parts'] {
  const certificates = isPem
    ? [...pemParts('ek, PEM', textMember('ek'), 1), ...pemParts('crl, PEM', textMember('crl'), 1)]
    : [part('ek', der, bytesMember('ek')), part('crl', der, bytesMember('crl'))];
  return [...certificates, memberParts('members'), ...jsonParts('endorsements as text', asText)];
}

/** As JSON text, DER in base64. */
const asText: Lens<string> = {
  ...endorsementsAsText,
  read: ({ endorsements }) =>
    typeof endorsements === 'object' && endorsements !== null && !(endorsements instanceof Map)
      ? JSON.stringify(endorsements, (_, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
        )
      : null,
};

/** A certificate that is all of the endorsements, DER. */
const alone: Lens<Bytes> = {
  read: ({ endorsements }) =>
    endorsements instanceof Uint8Array ? new Uint8Array(endorsements) : null,
  write: (submission, ek) => ({ ...submission, endorsements: ek }),
};

/** The same in PEM, which it then is. */
const alonePem: Lens<string> = {
  read: (submission) => {
    const ek = alone.read(submission);
    return ek && pemOf('CERTIFICATE', ek);
  },
  write: (submission, text) => ({ ...submission, endorsements: text }),
};

async function signedParts(platform: SimulatedSnpPlatform): Promise<SignedPart[]> {
  const key = platform.certificate.keys.privateKey;
  const resign = async (submission: Submission): Promise<Submission> => ({
    ...submission,
    evidence: await resignReport(submission.evidence, key),
  });
  return [
    {
      ...part('signed region of the report', bytesWith(numbersInReport), signedRegion(evidence)),
      resign,
    },
    signedDer('endorsement key certificate', bytesMember('ek'), await amdKey('ask')),
    signedDer('CRL', bytesMember('crl'), await amdKey('ark')),
  ];
}

/** What of a report is signed. */
export function signedRegion(report: Lens<Bytes>): Lens<Bytes> {
  return inside(
    report,
    (bytes) => bytes.slice(0, signedLength),
    (bytes, signed) => concat(signed, bytes.subarray(signedLength)),
  );
}

/** Signs a report again; one of another length stays as it is. */
export async function resignReport(report: Bytes, key: CryptoKey): Promise<Bytes> {
  if (report.length !== reportLength) return report;
  const signed = report.slice(0, signedLength);
  const signature = await signBytes(key, signed);
  const scalar = (start: number): Uint8Array =>
    concat(signature.slice(start, start + 48).toReversed(), new Uint8Array(24));
  const rest = report.slice(signedLength + 144);
  return concat(signed, scalar(0), scalar(48), rest);
}

/** The private key of one of the fake AMD's own certificates. */
export async function amdKey(name: 'ark' | 'ask'): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', publicAmdPrivateKeys[name], rsaPss, true, ['sign']);
}

function realSeeds(): Seed[] {
  if (!haveVectors) return [];
  const folder = `${sharedFolder}/vectors/snp`;
  return readdirSync(folder)
    .filter((name) => !/TAMPERED|TRUNCATED|WRONGCERT|vlek/.test(name)) // the VLEK's is of VMPL 1
    .map((name, index) => {
      const isBare = index % 2 === 0;
      const read = (file: string): Bytes =>
        new Uint8Array(readFileSync(`${folder}/${name}/${file}`));
      const { observed } = JSON.parse(Buffer.from(read('expected.json')).toString()) as {
        observed: { ekValid: readonly [string, string] };
      };
      const report = read('report.bin');
      const ek = read('ek.der');
      return {
        name,
        submission: {
          evidence: report,
          endorsements: isBare ? ek : { ek: pemOf('CERTIFICATE', ek) },
        },
        anchors: vendorAnchors,
        at: new Date(Date.parse(observed.ekValid[0]) + 24 * 60 * 60 * 1000),
        lacksCrl: true,
        parts: [
          part('report', bytesWith(numbersInReport), evidence),
          ...(isBare
            ? [part('ek alone', der, alone), part('ek alone, PEM', pem, alonePem)]
            : [
                ...pemParts('ek, PEM', textMember('ek'), 1),
                ...jsonParts('endorsements as text', asText),
              ]),
        ],
        signed: [],
        readers: readersOf(report, ek, null),
      };
    });
}

function readersOf(report: Bytes, ek: Bytes, crl: Bytes | null): readonly Reader[] {
  const certificate = parseCertificate('ek', ek, profile);
  return [
    reader('report', plainBytes, report, parseSnpReport),
    reader('certificate', der, ek, (bytes) => parseCertificate('ek', bytes, profile)),
    reader('extensions', der, ek, (bytes) =>
      parseEkExtensions(parseCertificate('ek', bytes, profile)),
    ),
    ...[...certificate.extensions].map(([id, extension]) =>
      reader(`extension ${id}`, der, extension.value, (value) => {
        const extensions = new Map([
          ...certificate.extensions,
          [id, { ...extension, value }] as const,
        ]);
        return parseEkExtensions({ ...certificate, extensions });
      }),
    ),
    ...(crl ? [reader('CRL', der, crl, (bytes) => parseCrl('CRL', bytes))] : []),
  ];
}

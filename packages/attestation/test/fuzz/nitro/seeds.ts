import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createNitroEnclave, type SimulatedNitroEnclave } from '@blindai/simulator';
import { sharedFolder } from '../../../../../test/support/optional.ts';
import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { parseCbor } from '../../../src/encoding/cbor.ts';
import { parseCoseSign1 } from '../../../src/nitro/cose-sign1.ts';
import { parseNitroDocument } from '../../../src/nitro/document.ts';
import { simulationAnchors } from '../../../src/roots/simulation.ts';
import { vendorAnchors } from '../../../src/roots/vendor.ts';
import { parseCertificate } from '../../../src/x509/certificate.ts';
import { concat } from '../mutate/bytes.ts';
import { cbor, cborString, contentOf } from '../mutate/cbor.ts';
import { der } from '../mutate/der.ts';
import { part } from '../part.ts';
import { reader, type Reader, type Seed, type SignedPart } from '../seed.ts';
import { signBytes } from '../sign.ts';
import { signedDer } from '../signed-der.ts';
import type { Submission } from '../submission.ts';
import { authority, documentParts, itemsOf, leaf, payload, withItem } from './parts.ts';

const at = new Date('2026-01-15T12:00:00Z');
const profile = { kinds: ['P-384'], required: [] } as const;
const byteString = 2;
const signatureIndex = 3;

/** Simulated documents with and without what is optional, and the real ones that are accepted. */
export async function findNitroSeeds(): Promise<readonly Seed[]> {
  const kinds = [
    { userData: filled(1), nonce: filled(2).slice(32), publicKey: filled(3) },
    { userData: filled(4) },
  ];
  const simulated = kinds.map(async (options, index): Promise<Seed> => {
    const enclave = await createNitroEnclave({ at });
    const document = await enclave.document(options);
    const tagged = index === 0 ? document : concat(Uint8Array.of(0xd2), document);
    return {
      name: `simulated ${index}`,
      submission: { evidence: tagged, endorsements: undefined },
      anchors: simulationAnchors,
      at,
      parts: documentParts(4),
      signed: signedParts(enclave),
      readers: readersOf(tagged),
    };
  });
  return [...(await Promise.all(simulated)), ...realSeeds()];
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(64).fill(byte);
}

function signedParts({ certificates }: SimulatedNitroEnclave): SignedPart[] {
  const { root, regional, zonal, instance } = certificates;
  const resign = async (submission: Submission): Promise<Submission> => ({
    ...submission,
    evidence: await resignDocument(submission.evidence, certificates.leaf.keys.privateKey),
  });
  const issuers = [root, root, regional, zonal];
  return [
    { ...part('signed payload', cbor, payload), resign },
    signedDer('certificate', leaf, instance.keys.privateKey, resign),
    ...issuers.map(({ keys }, index) =>
      signedDer(`certificate ${index} of the bundle`, authority(index), keys.privateKey, resign),
    ),
  ];
}

/** Signs a document again; one in which the payload is not found stays as it is. */
async function resignDocument(document: Bytes, key: CryptoKey): Promise<Bytes> {
  const signed = payload.read({ evidence: document, endorsements: undefined });
  if (!signed) return document;
  const header = contentOf(itemsOf(document).children[0]!.encoding)!;
  const structure = concat(
    Uint8Array.of(0x84),
    cborString(3, new TextEncoder().encode('Signature1')),
    cborString(byteString, header),
    cborString(byteString, new Uint8Array()),
    cborString(byteString, signed),
  );
  const signature = await signBytes(key, structure);
  return withItem(document, signatureIndex, cborString(byteString, signature));
}

function realSeeds(): Seed[] {
  const folder = `${sharedFolder}/vectors/nitro`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^(?:prod|DEBUG)-/.test(name))
    .map((name) => {
      const document = new Uint8Array(readFileSync(`${folder}/${name}/doc.cbor`));
      const expected = readFileSync(`${folder}/${name}/expected.json`, 'utf8');
      return {
        name,
        submission: { evidence: document, endorsements: undefined },
        anchors: vendorAnchors,
        at: new Date((JSON.parse(expected) as { verifyAt: string }).verifyAt),
        parts: documentParts(4),
        signed: [],
        readers: readersOf(document),
      };
    });
}

function readersOf(document: Bytes): readonly Reader[] {
  const parsed = parseNitroDocument(document);
  const inDocument = { evidence: document, endorsements: undefined };
  return [
    reader('COSE_Sign1', cbor, document, parseCoseSign1),
    reader('payload', cbor, payload.read(inDocument)!, (bytes) => parseCbor('payload', bytes)),
    reader('document', cbor, payload.read(inDocument)!, (bytes) =>
      parseNitroDocument(payload.write(inDocument, bytes).evidence),
    ),
    reader('certificate', der, parsed.certificate, readCertificate),
    ...parsed.caBundle.map((each, index) => reader(`bundle ${index}`, der, each, readCertificate)),
  ];
}

function readCertificate(bytes: Bytes): unknown {
  return parseCertificate('c', bytes, profile);
}

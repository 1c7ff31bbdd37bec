import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { bytesWith } from '../mutate/bytes.ts';
import { der } from '../mutate/der.ts';
import { json } from '../mutate/json.ts';
import { pem } from '../mutate/pem.ts';
import { plainText } from '../mutate/text.ts';
import {
  textMember,
  hexBytes,
  inside,
  jsonParts,
  type Lens,
  memberParts,
  part,
  type Part,
  pemBlock,
  pemParts,
} from '../part.ts';
import type { Submission } from '../submission.ts';
import { numbersInQuote, pckChainOf, withPckChain } from './quote-layout.ts';

/** The PCK chain in a quote, PEM. */
export function pckChain(quote: Lens<Bytes>): Lens<string> {
  return inside(quote, pckChainOf, withPckChain);
}

/** A quote, and the certificates in it. */
export function quoteParts(quote: Lens<Bytes>): Part[] {
  return [
    part('quote', bytesWith(numbersInQuote), quote),
    ...pemParts('PCK chain', pckChain(quote), 3),
  ];
}

const chains = ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'];
const crls = ['root_ca_crl', 'pck_crl'];
const documents = ['tcb_info', 'qe_identity'];

/** Collateral in the form of a file: hexadecimal CRLs, bare documents, signatures apart. */
export function fileParts(): Part[] {
  return [
    ...chains.flatMap((name) => pemParts(name, textMember(name), 2)),
    ...crls.flatMap((name) => [
      part(`${name}, hex`, plainText, textMember(name)),
      part(name, der, hexBytes(textMember(name))),
    ]),
    ...documents.map((name) => part(name, json, textMember(name))),
    ...documents.map((name) =>
      part(`${name}_signature`, plainText, textMember(`${name}_signature`)),
    ),
    ...common(),
  ];
}

/** Collateral in the form of `/collateral`: PEM throughout, documents with their signatures. */
export function mapParts(): Part[] {
  return [
    ...chains.flatMap((name) => pemParts(name, textMember(name), 2)),
    ...crls.flatMap((name) => [
      part(`${name}, PEM`, pem, textMember(name)),
      part(name, der, pemBlock(textMember(name), 0)),
    ]),
    ...documents.map((name) => part(name, json, textMember(name))),
    ...pemParts('pck_certificate', textMember('pck_certificate'), 1),
    ...pemParts('pck_signing_chain', textMember('pck_signing_chain'), 2),
    ...common(),
  ];
}

function common(): Part[] {
  return [memberParts('members'), ...jsonParts('collateral as text', endorsementsAsText)];
}

/** Endorsements as JSON text, which they then are. */
export const endorsementsAsText: Lens<string> = {
  read: ({ endorsements }) =>
    typeof endorsements === 'object' && endorsements !== null && !(endorsements instanceof Map)
      ? JSON.stringify(endorsements)
      : null,
  write: (submission: Submission, text) => ({ ...submission, endorsements: text }),
};

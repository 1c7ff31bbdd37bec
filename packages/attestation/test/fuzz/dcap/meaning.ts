import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { derOf } from '../../pem-der.ts';
import type { Submission } from '../submission.ts';
import { hex } from '../x509-objection.ts';
import { layOut, pckChainOf } from './quote-layout.ts';

/** What a quote and its collateral say, but for what {@link quoteMeaning} and {@link collateralMeaning} leave out. */
export function dcapMeaning({ evidence, endorsements }: Submission): string {
  return JSON.stringify([quoteMeaning(evidence), collateralMeaning(endorsements)]);
}

/** A quote without zeros after it, without line ends in its PCK chain, and the lengths that these change. */
export function quoteMeaning(quote: Bytes): unknown {
  const { authLength, outerCertification, pckCertification } = layOut(quote)!;
  const outer = outerCertification === null ? [] : [outerCertification + 2];
  const lengths = [authLength, ...outer, pckCertification + 2];
  const between = lengths.map((end, index) =>
    hex(quote.subarray(index === 0 ? 0 : lengths[index - 1]! + 4, end)),
  );
  return [between, derOf(pckChainOf(quote)!).map(hex)];
}

/**
 * Collateral without line ends, without the case of unsigned hexadecimal digits, white space around signed
 * documents, or the form: object or text, map or file.
 */
export function collateralMeaning(endorsements: unknown): unknown {
  const members = membersOf(endorsements);
  const text = (name: string): string => String(members[name]);
  const chain = (name: string): string[] => derOf(text(name)).map(hex);
  const crl = (name: string): string =>
    text(name).includes('BEGIN') ? chain(name).join() : text(name).toLowerCase();
  const document = (name: string, inner: string): string[] => {
    if (members[`${name}_signature`] !== undefined)
      return [text(name), text(`${name}_signature`).toLowerCase()];
    const wrapped = text(name);
    const parsed = JSON.parse(wrapped) as Record<string, unknown>;
    // The exact text, if it still is what the parsed value says: the original has no white space.
    const exact = JSON.stringify(parsed[inner]);
    return [wrapped.includes(exact) ? exact : wrapped, String(parsed['signature']).toLowerCase()];
  };
  return [
    ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'].map(chain),
    ['root_ca_crl', 'pck_crl'].map(crl),
    document('tcb_info', 'tcbInfo'),
    document('qe_identity', 'enclaveIdentity'),
  ];
}

function membersOf(endorsements: unknown): Readonly<Record<string, unknown>> {
  if (endorsements instanceof Map)
    return Object.fromEntries(endorsements) as Record<string, unknown>;
  if (endorsements instanceof Uint8Array) return membersOf(Buffer.from(endorsements).toString());
  return (typeof endorsements === 'string' ? JSON.parse(endorsements) : endorsements) as Readonly<
    Record<string, unknown>
  >;
}

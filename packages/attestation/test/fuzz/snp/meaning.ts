import type { Bytes } from '../../../src/encoding/byte-reader.ts';
import { derOf } from '../../pem-der.ts';
import type { Submission } from '../submission.ts';
import { hex } from '../x509-objection.ts';

/**
 * A report, every byte of it; and its endorsements without their form: alone or a member, object or JSON text, DER,
 * PEM or base64, with line ends of either kind.
 */
export function snpMeaning({ evidence, endorsements }: Submission): string {
  return JSON.stringify([hex(evidence), endorsementsMeaning(endorsements)]);
}

/** @param ekBeside - What vouches for a report where the endorsements bring no certificate. */
export function endorsementsMeaning(endorsements: unknown, ekBeside: Bytes | null = null): unknown {
  const { ek, crl } = membersOf(endorsements);
  return [
    isAbsent(ek) ? ekBeside && hex(ekBeside) : derHex(ek),
    isAbsent(crl) ? null : derHex(crl),
  ];
}

function isAbsent(member: unknown): boolean {
  return member === undefined || member === null;
}

function membersOf(endorsements: unknown): { readonly ek?: unknown; readonly crl?: unknown } {
  if (isAbsent(endorsements)) return {};
  if (endorsements instanceof Map) return Object.fromEntries(endorsements) as { ek?: unknown };
  if (endorsements instanceof Uint8Array && endorsements[0] === 0x30) return { ek: endorsements };
  if (typeof endorsements !== 'string' && !(endorsements instanceof Uint8Array)) {
    return endorsements as { ek?: unknown };
  }
  const text =
    typeof endorsements === 'string' ? endorsements : Buffer.from(endorsements).toString();
  return text.trimStart().startsWith('{') ? (JSON.parse(text) as { ek?: unknown }) : { ek: text };
}

function derHex(member: unknown): string {
  if (member instanceof Uint8Array && member[0] === 0x30) return hex(member);
  const text = member instanceof Uint8Array ? Buffer.from(member).toString() : String(member);
  return text.includes('-----BEGIN')
    ? derOf(text).map(hex).join()
    : Buffer.from(text, 'base64').toString('hex');
}

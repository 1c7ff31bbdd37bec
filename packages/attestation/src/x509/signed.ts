import type { Bytes } from '../encoding/byte-reader.ts';
import { contextTag, DerReader, tags } from '../encoding/der.ts';
import { type KeyKind, rawSignature } from './signature.ts';

const ids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const;
const pssSaltLength = 48;

/** What certificates and CRLs have in common: a body, and a signature of its exact bytes. */
export interface Signed {
  readonly body: DerReader;
  /** The bytes that are signed. */
  readonly bodyBytes: Bytes;
  /** The algorithm, exact DER: the body names it a second time, byte for byte the same. */
  readonly algorithm: Bytes;
  /** The kind of key that signed. */
  readonly signedWith: KeyKind;
  /** As `verifySignature` takes it. */
  readonly signature: Bytes;
}

/**
 * Takes `SEQUENCE { body, algorithm, signature }` apart (RFC 5280 §4.1.1 and §5.1.1).
 *
 * @throws {FormatError} for another algorithm than those of {@link KeyKind}, or bytes left over.
 */
export function parseSigned(what: string, der: Bytes): Signed {
  const outer = new DerReader(what, der);
  const read = outer.inside('signed');
  outer.end();
  const { content, encoding } = read.element('body', tags.sequence);
  const { encoding: algorithm } = read.peek('signatureAlgorithm');
  const signedWith = parseSignatureAlgorithm(read);
  const encoded = read.bitString('signatureValue');
  const signature = rawSignature(`${what}.signature`, signedWith, encoded);
  read.end();
  const body = new DerReader(what, content, 1);
  return { body, bodyBytes: encoding, algorithm, signedWith, signature };
}

function parseSignatureAlgorithm(read: DerReader): KeyKind {
  const algorithm = read.inside('signatureAlgorithm');
  const id = algorithm.oid('algorithm');
  if (id === ids.rsassaPss) parsePssParameters(algorithm);
  algorithm.end();
  if (id === ids.rsassaPss) return 'RSA-4096';
  if (id === ids.ecdsaWithSha256) return 'P-256';
  if (id === ids.ecdsaWithSha384) return 'P-384';
  return read.fail('signatureAlgorithm', 'ECDSA with SHA-256 or SHA-384, or RSASSA-PSS expected');
}

/** RSASSA-PSS-params (RFC 4055 §3.1), of which only SHA-384, MGF1 with SHA-384 and 48 bytes of salt will do. */
function parsePssParameters(algorithm: DerReader): void {
  const read = algorithm.inside('parameters');
  const part = (number: number): DerReader =>
    read.inside(`parameter ${number}`, contextTag(number, 'constructed'));
  const hash = part(0);
  parseSha384(hash);
  hash.end();
  const mask = part(1);
  const generation = mask.inside('maskGenAlgorithm');
  if (generation.oid('algorithm') !== ids.mgf1) generation.fail('algorithm', 'MGF1 expected');
  parseSha384(generation);
  generation.end();
  mask.end();
  const salt = part(2);
  if (salt.uint('saltLength', 512) !== pssSaltLength) salt.fail('saltLength', '48 expected');
  salt.end();
  if (read.nextTag !== null) {
    const trailer = part(3);
    if (trailer.uint('trailerField', 1) !== 1) trailer.fail('trailerField', '1 expected');
    trailer.end();
  }
  read.end();
}

/** Its parameters are absent or NULL (RFC 4055 §2.1). */
function parseSha384(read: DerReader): void {
  const algorithm = read.inside('hashAlgorithm');
  if (algorithm.oid('algorithm') !== ids.sha384) algorithm.fail('algorithm', 'SHA-384 expected');
  if (algorithm.nextTag !== null) algorithm.null('parameters');
  algorithm.end();
}

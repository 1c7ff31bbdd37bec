import type { Bytes } from '../encoding/byte-reader.ts';
import { DerReader, tags } from '../encoding/der.ts';
import { rawSignature } from './ecdsa.ts';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** What certificates and CRLs have in common: a body, and an ECDSA P-256 signature of its exact bytes. */
export interface Signed {
  readonly body: DerReader;
  /** The bytes that are signed. */
  readonly bodyBytes: Bytes;
  /** r ‖ s, 64 bytes. */
  readonly signature: Bytes;
}

/**
 * Takes `SEQUENCE { body, algorithm, signature }` apart (RFC 5280 §4.1.1 and §5.1.1).
 *
 * @throws {FormatError} for another algorithm than ECDSA with SHA-256, or bytes left over.
 */
export function parseSigned(what: string, der: Bytes): Signed {
  const outer = new DerReader(what, der);
  const read = outer.inside('signed');
  outer.end();
  const { content, encoding } = read.element('body', tags.sequence);
  parseSignatureAlgorithm(read);
  const signature = rawSignature(`${what}.signature`, read.bitString('signatureValue'));
  read.end();
  return { body: new DerReader(what, content, 1), bodyBytes: encoding, signature };
}

/** The algorithm, which a body names a second time. */
export function parseSignatureAlgorithm(read: DerReader): void {
  const algorithm = read.inside('signatureAlgorithm');
  if (algorithm.oid('algorithm') !== ecdsaWithSha256) {
    read.fail('signatureAlgorithm', 'ECDSA with SHA-256 expected');
  }
  algorithm.end();
}

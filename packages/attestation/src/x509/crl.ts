import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { contextTag, type DerReader, tags } from '../encoding/der.ts';
import { encodeHex } from '../encoding/hex.ts';
import { parseAuthorityKeyId, parseExtensions, readExtension } from './extensions.ts';
import { type Name, parseName } from './name.ts';
import type { Period } from './period.ts';
import type { KeyKind } from './signature.ts';
import { parseSigned } from './signed.ts';

const crlNumberId = '2.5.29.20';
const authorityKeyIdentifierId = '2.5.29.35';
const reasonCodeId = '2.5.29.21';
const maxRevoked = 100_000;

/** An X.509 v2 certificate revocation list, complete (no delta, not indirect). Nothing in it is verified yet. */
export interface Crl {
  /** What it is, for messages, e.g. `PCK CRL`. */
  readonly what: string;
  readonly issuer: Name;
  /** From thisUpdate to nextUpdate. */
  readonly validity: Period;
  /** Serial numbers, hex without leading zeros. */
  readonly revoked: ReadonlySet<string>;
  /** Hex. */
  readonly authorityKeyId: string;
  readonly bodyBytes: Bytes;
  /** The kind of key that signed it. */
  readonly signedWith: KeyKind;
  readonly signature: Bytes;
}

/**
 * Reads a CRL (RFC 5280 §5.1), strictly. nextUpdate, the CRL number and the authority key identifier must be
 * there; an unknown critical extension, of the list or of an entry, refuses.
 *
 * @param what - What it is, for messages.
 * @throws {FormatError}
 */
export function parseCrl(what: string, der: Bytes): Crl {
  const { body: read, algorithm, ...signed } = parseSigned(what, der);
  if (read.uint('version', 1) !== 1) read.fail('version', 'X.509 v2 expected');
  if (!equalBytes(read.any('signature').encoding, algorithm)) {
    read.fail('signature', 'another algorithm');
  }
  const issuer = parseName(read, 'issuer');
  const validity = { from: read.time('thisUpdate'), to: read.time('nextUpdate') };
  const revoked = read.nextTag === tags.sequence ? parseRevoked(read) : new Set<string>();
  const wrapper = read.inside('extensions', contextTag(0, 'constructed'));
  const extensions = parseExtensions(wrapper, [crlNumberId, authorityKeyIdentifierId]);
  wrapper.end();
  read.end();
  const number = readExtension(extensions, crlNumberId, 'cRLNumber');
  number.unsigned('cRLNumber');
  number.end();
  const authorityKeyId = encodeHex(
    parseAuthorityKeyId(
      readExtension(extensions, authorityKeyIdentifierId, 'authorityKeyIdentifier'),
    ),
  );
  return { what, issuer, validity, revoked, authorityKeyId, ...signed };
}

function parseRevoked(read: DerReader): ReadonlySet<string> {
  const list = read.inside('revokedCertificates');
  const revoked = new Set<string>();
  while (list.nextTag !== null) {
    const entry = list.inside('entry');
    revoked.add(encodeHex(entry.unsigned('userCertificate')));
    entry.time('revocationDate');
    if (entry.nextTag !== null) parseExtensions(entry, [reasonCodeId]);
    entry.end();
    if (revoked.size > maxRevoked) list.fail('entry', `more than ${maxRevoked} of them`);
  }
  return revoked;
}

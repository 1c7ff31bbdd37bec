import type { Bytes } from '../encoding/byte-reader.ts';
import { contextTag, DerReader, tags } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';

/** An X.509 extension: what stands inside its OCTET STRING. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Bytes;
}

/** Extensions by object identifier. */
export type Extensions = ReadonlyMap<string, Extension>;

/**
 * Reads `SEQUENCE OF Extension` (RFC 5280 §4.1.2.9).
 *
 * @throws {FormatError} for a doubled extension, or a critical one that is not among `known`.
 */
export function parseExtensions(read: DerReader, known: readonly string[]): Extensions {
  const list = read.inside('extensions');
  const extensions = new Map<string, Extension>();
  if (list.nextTag === null) list.fail('extension', 'at least one expected');
  while (list.nextTag !== null) {
    const extension = list.inside('extension');
    const id = extension.oid('id');
    const critical = extension.nextTag === tags.boolean && extension.boolean('critical');
    const value = extension.octets('value');
    extension.end();
    if (extensions.has(id)) list.fail('extension', 'a doubled extension');
    if (critical && !known.includes(id)) list.fail('extension', 'an unknown critical extension');
    extensions.set(id, { critical, value });
  }
  return extensions;
}

/** A reader of one extension. @throws {FormatError} if it is missing. */
export function readExtension(extensions: Extensions, id: string, field: string): DerReader {
  const extension = extensions.get(id);
  if (!extension) throw new FormatError(field, 'missing');
  return new DerReader(field, extension.value);
}

/** The key identifier inside an authority key identifier (RFC 5280 §4.2.1.1). */
export function parseAuthorityKeyId(read: DerReader): Bytes {
  const authority = read.inside('authorityKeyIdentifier');
  read.end();
  const keyId = authority.element('keyIdentifier', contextTag(0, 'primitive')).content;
  if (authority.nextTag === contextTag(1, 'constructed')) authority.any('authorityCertIssuer');
  if (authority.nextTag === contextTag(2, 'primitive')) authority.any('authorityCertSerialNumber');
  authority.end();
  return keyId;
}

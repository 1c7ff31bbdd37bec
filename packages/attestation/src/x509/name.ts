import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { DerReader, tags } from '../encoding/der.ts';

/** A distinguished name, compared as its exact DER. */
export interface Name {
  readonly encoding: Bytes;
  /** Empty if it has none. */
  readonly commonName: string;
  /** Its attributes in order, such as `2.5.4.6=US,2.5.4.3=SEV-Milan`: to compare with names that are pinned. */
  readonly text: string;
}

const commonNameOid = '2.5.4.3';
const stringTags: readonly number[] = [tags.utf8String, tags.printableString, tags.ia5String];

/** @throws {FormatError} for another kind of string than UTF8String, PrintableString and IA5String, or invalid UTF-8. */
export function parseName(read: DerReader, field: string): Name {
  const { content, encoding } = read.element(field, tags.sequence);
  const names = new DerReader(field, content, 2);
  const attributes: string[] = [];
  let commonName = '';
  while (names.nextTag !== null) {
    const set = names.inside('relativeName', tags.set);
    const attribute = set.inside('attribute');
    const type = attribute.oid('type');
    const tag = attribute.nextTag ?? 0;
    if (!stringTags.includes(tag)) attribute.fail('value', 'a string expected');
    const value = decodeText(attribute, attribute.element('value', tag).content);
    attribute.end();
    set.end();
    attributes.push(`${type}=${value}`);
    if (type === commonNameOid) commonName = value;
  }
  return { encoding, commonName, text: attributes.join(',') };
}

function decodeText(attribute: DerReader, bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return attribute.fail('value', 'valid UTF-8 expected');
  }
}

export function equalNames(a: Name, b: Name): boolean {
  return equalBytes(a.encoding, b.encoding);
}

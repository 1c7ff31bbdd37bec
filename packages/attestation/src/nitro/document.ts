import type { Bytes } from '../encoding/byte-reader.ts';
import { type CborItem, type CborMap, parseCbor } from '../encoding/cbor.ts';
import { FormatError } from '../encoding/format-error.ts';
import { parseCoseSign1 } from './cose-sign1.ts';

const what = 'document';
const members = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle'];
const optionalMembers = ['public_key', 'user_data', 'nonce'];
const maxDocumentLength = 32 * 1024;
const pcrCount = 32;
const pcrLength = 48;
const maxCertificateLength = 1024;
/** Real documents have four; each costs a verification. */
const maxCaCertificates = 8;
/** What AWS specifies of `public_key`, `user_data` and `nonce` alike; its text on validation, with 512, is older. */
const maxDataLength = 1024;
/** The last moment that a `Date` holds. */
const maxTimestamp = 8.64e15;

/** An attestation document of an AWS Nitro enclave. Nothing in it is verified yet. */
export interface NitroDocument {
  /** Of the enclave: id of the parent instance, `-enc`, and an id of its own. */
  readonly moduleId: string;
  /** When it was made. */
  readonly timestamp: Date;
  /** By number, 48 bytes each; 0, 1 and 2 are always there. */
  readonly pcrs: ReadonlyMap<number, Bytes>;
  /** DER, of the key that signs the document. */
  readonly certificate: Bytes;
  /** DER, the root first and the issuer of the certificate last. */
  readonly caBundle: readonly Bytes[];
  /** What the enclave gave along; `null` where it gave nothing. */
  readonly publicKey: Bytes | null;
  readonly userData: Bytes | null;
  readonly nonce: Bytes | null;
  /** What the signature covers. */
  readonly signedBytes: Bytes;
  /** r ‖ s, ES384. */
  readonly signature: Bytes;
}

/**
 * Reads an attestation document, strictly. Members that AWS calls optional may be absent or null. A document of a
 * NitroTPM, which the same keys sign, has other PCRs and is none.
 *
 * @throws {FormatError}
 * @see AWS Nitro Enclaves user guide, "Verifying the root of trust", "Attestation document specification"
 */
export function parseNitroDocument(bytes: Bytes): NitroDocument {
  if (bytes.length > maxDocumentLength) throw new FormatError(what, 'longer than 32 KiB');
  const { payload, signedBytes, signature } = parseCoseSign1(bytes);
  const document = mapOf(what, parseCbor(what, payload));
  const absent = members.find((name) => !document.has(name));
  if (absent !== undefined) throw new FormatError(`${what}.${absent}`, 'absent');
  for (const name of document.keys()) {
    if (![...members, ...optionalMembers].includes(String(name))) {
      throw new FormatError(what, 'an unknown member');
    }
  }
  const bytesIn = (name: string, min: number, max: number): Bytes =>
    bytesOf(`${what}.${name}`, document.get(name), min, max);
  const dataIn = (name: string): Bytes | null =>
    (document.get(name) ?? null) === null ? null : bytesIn(name, 0, maxDataLength);
  if (document.get('digest') !== 'SHA384')
    throw new FormatError(`${what}.digest`, 'SHA384 expected');
  return {
    moduleId: parseModuleId(document.get('module_id')),
    timestamp: parseTimestamp(document.get('timestamp')),
    pcrs: parsePcrs(document.get('pcrs')),
    certificate: bytesIn('certificate', 1, maxCertificateLength),
    caBundle: parseCaBundle(document.get('cabundle')),
    publicKey: dataIn('public_key'),
    userData: dataIn('user_data'),
    nonce: dataIn('nonce'),
    signedBytes,
    signature,
  };
}

function parseModuleId(item: CborItem | undefined): string {
  if (typeof item === 'string' && item !== '') return item;
  throw new FormatError(`${what}.module_id`, 'a text expected');
}

function parseTimestamp(item: CborItem | undefined): Date {
  if (typeof item === 'number' && item > 0 && item <= maxTimestamp) return new Date(item);
  throw new FormatError(`${what}.timestamp`, 'milliseconds since 1970 expected');
}

function parsePcrs(item: CborItem | undefined): ReadonlyMap<number, Bytes> {
  const where = `${what}.pcrs`;
  const pcrs = new Map<number, Bytes>();
  for (const [index, pcr] of mapOf(where, item)) {
    if (typeof index !== 'number' || index < 0 || index >= pcrCount) {
      throw new FormatError(where, `numbers from 0 to ${pcrCount - 1} expected`);
    }
    pcrs.set(index, bytesOf(`${where}.${index}`, pcr, pcrLength, pcrLength));
  }
  const absent = [0, 1, 2].find((index) => !pcrs.has(index));
  if (absent !== undefined) throw new FormatError(`${where}.${absent}`, 'absent');
  return pcrs;
}

function parseCaBundle(item: CborItem | undefined): readonly Bytes[] {
  const where = `${what}.cabundle`;
  if (!Array.isArray(item) || item.length === 0 || item.length > maxCaCertificates) {
    throw new FormatError(where, `1 to ${maxCaCertificates} certificates expected`);
  }
  return item.map((each: CborItem, index) =>
    bytesOf(`${where}[${index}]`, each, 1, maxCertificateLength),
  );
}

function mapOf(where: string, item: CborItem | undefined): CborMap {
  if (item instanceof Map) return item as CborMap;
  throw new FormatError(where, 'a map expected');
}

function bytesOf(where: string, item: CborItem | undefined, min: number, max: number): Bytes {
  if (item instanceof Uint8Array && item.length >= min && item.length <= max) return item;
  throw new FormatError(
    where,
    min === max ? `${max} bytes expected` : `${min} to ${max} bytes expected`,
  );
}

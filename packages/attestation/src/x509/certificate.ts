import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { contextTag, DerReader } from '../encoding/der.ts';
import { encodeHex } from '../encoding/hex.ts';
import {
  type Extensions,
  parseAuthorityKeyId,
  parseExtensions,
  readExtension,
} from './extensions.ts';
import { type Name, parseName } from './name.ts';
import type { Period } from './period.ts';
import { type KeyKind, modulusLength, type PublicKey, scalarLengths } from './signature.ts';
import { parseSigned } from './signed.ts';

const ecPublicKey = '1.2.840.10045.2.1';
const rsaEncryption = '1.2.840.113549.1.1.1';
const curves: ReadonlyMap<string, 'P-256' | 'P-384'> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
]);
const rsaExponent = 65_537;
const ids = {
  authorityKeyIdentifier: '2.5.29.35',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
} as const;
const keyUsageBits = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;
const maxSerialBytes = 20;
const maxPathLength = 16;

/** What certificates of one vendor must have; the rest of RFC 5280 is the same for all. */
export interface CertificateProfile {
  /** The kinds of key and signature that the vendor uses. */
  readonly kinds: readonly KeyKind[];
  /** Extensions that no certificate of the vendor lacks. */
  readonly required: readonly (keyof typeof ids)[];
}

/** An X.509 v3 certificate. Nothing in it is verified yet. */
export interface Certificate {
  /** What it is, for messages, e.g. `PCK certificate`. */
  readonly what: string;
  readonly encoding: Bytes;
  /** Hex, without leading zeros. */
  readonly serialNumber: string;
  readonly issuer: Name;
  readonly subject: Name;
  readonly validity: Period;
  /** SubjectPublicKeyInfo, the exact DER. */
  readonly publicKeyInfo: Bytes;
  readonly key: PublicKey;
  /** Hex; `null` if it has none. */
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  /** All false if the certificate does not say. */
  readonly usage: {
    readonly digitalSignature: boolean;
    readonly keyCertSign: boolean;
    readonly crlSign: boolean;
  };
  /** `null` if it is no CA; `Infinity` if it is one without a limit. */
  readonly pathLength: number | null;
  readonly extensions: Extensions;
  readonly bodyBytes: Bytes;
  /** The kind of key that signed it. */
  readonly signedWith: KeyKind;
  readonly signature: Bytes;
}

/**
 * Reads a certificate (RFC 5280 §4.1), strictly.
 *
 * @param what - What it is, for messages.
 * @throws {FormatError} for anything unknown (another version or algorithm, a critical extension), and for
 *   what the profile does not allow.
 */
export function parseCertificate(
  what: string,
  der: Bytes,
  profile: CertificateProfile,
): Certificate {
  const { body: read, algorithm, ...signed } = parseSigned(what, der);
  const version = read.inside('version', contextTag(0, 'constructed'));
  if (version.uint('version', 2) !== 2) read.fail('version', 'X.509 v3 expected');
  version.end();
  const serial = read.unsigned('serialNumber');
  if (serial.length > maxSerialBytes) read.fail('serialNumber', 'longer than 20 bytes');
  if (!equalBytes(read.any('signature').encoding, algorithm)) {
    read.fail('signature', 'another algorithm');
  }
  const issuer = parseName(read, 'issuer');
  const period = read.inside('validity');
  const validity = { from: period.time('notBefore'), to: period.time('notAfter') };
  period.end();
  const subject = parseName(read, 'subject');
  const key = parsePublicKey(read);
  for (const kind of [signed.signedWith, key.key.kind]) {
    if (!profile.kinds.includes(kind)) read.fail('key', `no ${kind} key expected`);
  }
  const wrapper = read.inside('extensions', contextTag(3, 'constructed'));
  const extensions = parseExtensions(wrapper, Object.values(ids));
  wrapper.end();
  read.end();
  for (const name of profile.required) {
    if (!extensions.has(ids[name])) read.fail(name, 'missing');
  }
  return {
    what,
    encoding: der,
    serialNumber: encodeHex(serial),
    issuer,
    subject,
    validity,
    ...key,
    subjectKeyId: parseExtension(extensions, 'subjectKeyIdentifier', parseSubjectKeyId),
    authorityKeyId: parseExtension(extensions, 'authorityKeyIdentifier', (value) =>
      encodeHex(parseAuthorityKeyId(value)),
    ),
    usage: parseKeyUsage(parseExtension(extensions, 'keyUsage', parseUsageBits) ?? new Set()),
    pathLength: parseExtension(extensions, 'basicConstraints', parsePathLength),
    extensions,
    ...signed,
  };
}

function parsePublicKey(read: DerReader): { publicKeyInfo: Bytes; key: PublicKey } {
  const { encoding } = read.peek('subjectPublicKeyInfo');
  const info = read.inside('subjectPublicKeyInfo');
  const algorithm = info.inside('algorithm');
  const id = algorithm.oid('algorithm');
  const curve = id === ecPublicKey ? curves.get(algorithm.oid('curve')) : undefined;
  if (id === rsaEncryption) algorithm.null('parameters');
  algorithm.end();
  const bytes = info.bitString('subjectPublicKey');
  info.end();
  if (id === rsaEncryption) {
    return { publicKeyInfo: encoding, key: { kind: 'RSA-4096', modulus: parseModulus(bytes) } };
  }
  if (curve === undefined) return info.fail('algorithm', 'a P-256, P-384 or RSA key expected');
  if (bytes.length !== 1 + 2 * scalarLengths[curve] || bytes[0] !== 0x04) {
    info.fail('subjectPublicKey', 'an uncompressed point expected');
  }
  return { publicKeyInfo: encoding, key: { kind: curve, point: bytes } };
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
function parseModulus(bytes: Bytes): Bytes {
  const outer = new DerReader('subjectPublicKey', bytes);
  const read = outer.inside('key');
  outer.end();
  const modulus = read.unsigned('modulus');
  if (modulus.length !== modulusLength || modulus[0]! < 0x80) {
    read.fail('modulus', '4096 bits expected');
  }
  if (read.uint('publicExponent', 0xffff_ffff) !== rsaExponent) {
    read.fail('publicExponent', `${rsaExponent} expected`);
  }
  read.end();
  return modulus;
}

/** What stands in one extension, `null` if the certificate has none. */
function parseExtension<T>(
  extensions: Extensions,
  name: keyof typeof ids,
  parse: (value: DerReader) => T,
): T | null {
  if (!extensions.has(ids[name])) return null;
  return parse(readExtension(extensions, ids[name], name));
}

function parseSubjectKeyId(value: DerReader): string {
  const keyId = value.octets('subjectKeyIdentifier');
  value.end();
  return encodeHex(keyId);
}

function parseUsageBits(value: DerReader): ReadonlySet<number> {
  const bits = value.namedBits('keyUsage');
  value.end();
  return bits;
}

function parseKeyUsage(bits: ReadonlySet<number>): Certificate['usage'] {
  return {
    digitalSignature: bits.has(keyUsageBits.digitalSignature),
    keyCertSign: bits.has(keyUsageBits.keyCertSign),
    crlSign: bits.has(keyUsageBits.crlSign),
  };
}

function parsePathLength(value: DerReader): number | null {
  const constraints = value.inside('basicConstraints');
  value.end();
  const isCa = constraints.nextTag !== null && constraints.boolean('cA');
  const pathLength =
    isCa && constraints.nextTag !== null
      ? constraints.uint('pathLenConstraint', maxPathLength)
      : Infinity;
  constraints.end();
  return isCa ? pathLength : null;
}

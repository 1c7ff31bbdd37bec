import type { Bytes } from '../encoding/byte-reader.ts';
import { contextTag, type DerReader } from '../encoding/der.ts';
import { encodeHex } from '../encoding/hex.ts';
import { publicKeyLength } from './ecdsa.ts';
import {
  type Extensions,
  parseAuthorityKeyId,
  parseExtensions,
  readExtension,
} from './extensions.ts';
import { type Name, parseName } from './name.ts';
import type { Period } from './period.ts';
import { parseSignatureAlgorithm, parseSigned } from './signed.ts';

const ecPublicKey = '1.2.840.10045.2.1';
const p256 = '1.2.840.10045.3.1.7';
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

/** An X.509 v3 certificate whose key and signature are ECDSA P-256. Nothing in it is verified yet. */
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
  /** 0x04 ‖ x ‖ y. */
  readonly publicKey: Bytes;
  /** Hex. */
  readonly subjectKeyId: string;
  readonly authorityKeyId: string;
  readonly usage: {
    readonly digitalSignature: boolean;
    readonly keyCertSign: boolean;
    readonly crlSign: boolean;
  };
  /** `null` if it is no CA; `Infinity` if it is one without a limit. */
  readonly pathLength: number | null;
  readonly extensions: Extensions;
  readonly bodyBytes: Bytes;
  /** r ‖ s. */
  readonly signature: Bytes;
}

/**
 * Reads a certificate (RFC 5280 §4.1), strictly. Both key identifiers, key usage, basic constraints and the
 * distribution points of CRLs must be there, as in every certificate that Intel issues.
 *
 * @param what - What it is, for messages.
 * @throws {FormatError} for anything unknown: another version or algorithm, a critical extension.
 */
export function parseCertificate(what: string, der: Bytes): Certificate {
  const { body: read, bodyBytes, signature } = parseSigned(what, der);
  const version = read.inside('version', contextTag(0, 'constructed'));
  if (version.uint('version', 2) !== 2) read.fail('version', 'X.509 v3 expected');
  version.end();
  const serial = read.unsigned('serialNumber');
  if (serial.length > maxSerialBytes) read.fail('serialNumber', 'longer than 20 bytes');
  parseSignatureAlgorithm(read);
  const issuer = parseName(read, 'issuer');
  const period = read.inside('validity');
  const validity = { from: period.time('notBefore'), to: period.time('notAfter') };
  period.end();
  const subject = parseName(read, 'subject');
  const key = parsePublicKey(read);
  const wrapper = read.inside('extensions', contextTag(3, 'constructed'));
  const extensions = parseExtensions(wrapper, Object.values(ids));
  wrapper.end();
  read.end();
  return {
    what,
    encoding: der,
    serialNumber: encodeHex(serial),
    issuer,
    subject,
    validity,
    ...key,
    subjectKeyId: encodeHex(parseSubjectKeyId(read, extensions)),
    authorityKeyId: encodeHex(
      parseAuthorityKeyId(
        readExtension(read, extensions, ids.authorityKeyIdentifier, 'authorityKeyIdentifier'),
      ),
    ),
    usage: parseKeyUsage(read, extensions),
    pathLength: parsePathLength(read, extensions),
    extensions: requireRevocationSource(read, extensions),
    bodyBytes,
    signature,
  };
}

function parsePublicKey(read: DerReader): { publicKeyInfo: Bytes; publicKey: Bytes } {
  const { encoding } = read.peek('subjectPublicKeyInfo');
  const info = read.inside('subjectPublicKeyInfo');
  const algorithm = info.inside('algorithm');
  if (algorithm.oid('algorithm') !== ecPublicKey || algorithm.oid('curve') !== p256) {
    info.fail('algorithm', 'a P-256 key expected');
  }
  algorithm.end();
  const publicKey = info.bitString('subjectPublicKey');
  info.end();
  if (publicKey.length !== publicKeyLength || publicKey[0] !== 0x04) {
    info.fail('subjectPublicKey', 'an uncompressed point expected');
  }
  return { publicKeyInfo: encoding, publicKey };
}

function parseSubjectKeyId(read: DerReader, extensions: Extensions): Bytes {
  const value = readExtension(read, extensions, ids.subjectKeyIdentifier, 'subjectKeyIdentifier');
  const keyId = value.octets('subjectKeyIdentifier');
  value.end();
  return keyId;
}

function parseKeyUsage(read: DerReader, extensions: Extensions): Certificate['usage'] {
  const value = readExtension(read, extensions, ids.keyUsage, 'keyUsage');
  const bits = value.namedBits('keyUsage');
  value.end();
  return {
    digitalSignature: bits.has(keyUsageBits.digitalSignature),
    keyCertSign: bits.has(keyUsageBits.keyCertSign),
    crlSign: bits.has(keyUsageBits.crlSign),
  };
}

/** A certificate that names no CRL could never be revoked; what the extension says is not followed. */
function requireRevocationSource(read: DerReader, extensions: Extensions): Extensions {
  if (!extensions.has(ids.crlDistributionPoints)) read.fail('crlDistributionPoints', 'missing');
  return extensions;
}

function parsePathLength(read: DerReader, extensions: Extensions): number | null {
  const value = readExtension(read, extensions, ids.basicConstraints, 'basicConstraints');
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

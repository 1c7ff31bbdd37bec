import { createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import type { Bytes } from '../../src/encoding/byte-reader.ts';
import { type DerTree, parseDer } from './mutate/der.ts';

// What is known against certificates and CRLs that a verifier accepted, by OpenSSL and by looking at their elements:
// nothing here is the verifier's own reading.

/** Extensions that may be critical, as their object identifiers are encoded. */
const understood = new Set(['551d0e', '551d0f', '551d13', '551d14', '551d1f', '551d23']);
const context = { version: 0xa0, crlExtensions: 0xa0, certificateExtensions: 0xa3 } as const;
const tags = { integer: 0x02, sequence: 0x30, boolean: 0x01, utcTime: 0x17, generalizedTime: 0x18 };

/** Why a certificate must be refused. @param issuer - Its key; `null` if a verifier pins it otherwise. */
export function objectionToCertificate(
  der: Bytes,
  issuer: KeyObject | null,
  demands: { readonly isCa: boolean; readonly at: Date },
): string | null {
  const [body, algorithm] = parseDer(der)?.children ?? [];
  if (!body || !algorithm) return 'a certificate is not DER';
  const certificate = new X509Certificate(der);
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const at = demands.at.getTime();
  if (!(from <= at && at <= to)) return 'a certificate does not hold at this time';
  if (isCa(der) !== demands.isCa) return 'a certificate is a CA, or is none';
  if (issuer && !certificate.verify(issuer)) return 'a certificate is signed by another key';
  const [version, serial, innerAlgorithm] = body.children;
  if (version?.tag !== context.version || version.children[0]?.content[0] !== 2) {
    return 'a certificate is not of version 3';
  }
  if (!serial || serial.content.length > 21 || serial.content[0]! >= 0x80) {
    return 'a serial number is too long, or negative';
  }
  if (innerAlgorithm === undefined || !isSame(innerAlgorithm, algorithm)) {
    return 'a certificate names two signature algorithms';
  }
  return objectionToExtensions(body, context.certificateExtensions);
}

/** OpenSSL says no, too, where it cannot read an extension that nobody here needs. */
function isCa(der: Bytes): boolean {
  const [flag] = extensionOf(der, '551d13')?.children[0]?.children ?? [];
  return flag?.tag === tags.boolean && flag.content[0] !== 0;
}

/** Why a CRL must be refused. @param serials - Numbers that must not be on it, as INTEGERs hold them, hex. */
export function objectionToCrl(
  der: Bytes,
  issuer: KeyObject,
  demands: { readonly issuerName: string; readonly serials: readonly string[]; readonly at: Date },
): string | null {
  const [body, algorithm, signature] = parseDer(der)?.children ?? [];
  if (!body || !algorithm || !signature) return 'a CRL is not DER';
  const [version, innerAlgorithm, issuerName, from, to, revoked] = body.children;
  if (version?.tag !== tags.integer || version.content[0] !== 1) return 'a CRL is not of version 2';
  if (!innerAlgorithm || !isSame(innerAlgorithm, algorithm)) {
    return 'a CRL names two signature algorithms';
  }
  if (!issuerName || textOf(issuerName) !== demands.issuerName) return 'a CRL is of another CA';
  const at = demands.at.getTime();
  if (!from || !to || !(timeOf(from) <= at && at <= timeOf(to))) return 'a CRL is not current';
  const listed = revoked?.tag === tags.sequence ? revoked.children : [];
  const serials = listed.map((entry) => hex(entry.children[0]?.content ?? new Uint8Array()));
  if (serials.some((serial) => demands.serials.includes(serial))) return 'a certificate is revoked';
  const isRsa = issuer.asymmetricKeyType === 'rsa';
  const key = isRsa ? { key: issuer, padding: 6, saltLength: 48 } : issuer;
  const isP256 = issuer.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  const signed = Buffer.from(body.encoding);
  if (!verify(isP256 ? 'sha256' : 'sha384', signed, key, signature.content.slice(1))) {
    return 'a CRL is signed by another key';
  }
  const flaw = listed.map((entry) =>
    objectionToExtensionList(entry.children[2]?.children ?? [], ['551d15']),
  );
  return flaw.find((each) => each !== null) ?? objectionToExtensions(body, context.crlExtensions);
}

/** The subject of a certificate: types, hex, and values of its attributes, whatever the kind of string. */
export function subjectName(der: Bytes): string {
  return textOf(parseDer(der)!.children[0]!.children[5]!);
}

function textOf(name: DerTree): string {
  const attributes = name.children.flatMap(({ children }) => children);
  return attributes
    .map(
      ({ children: [type, value] }) =>
        `${hex(type!.content)}=${Buffer.from(value!.content).toString()}`,
    )
    .join();
}

/** The serial number of a certificate as its INTEGER holds it, hex. */
export function serialNumber(der: Bytes): string {
  return hex(parseDer(der)!.children[0]!.children[1]!.content);
}

/** The value of an extension, `null` if a certificate has none. @param id - Encoded, hex. */
export function extensionOf(der: Bytes, id: string): DerTree | null {
  const body = parseDer(der)!.children[0]!;
  const list = body.children.find(({ tag }) => tag === context.certificateExtensions)?.children[0];
  return (
    list?.children.find(({ children }) => hex(children[0]!.content) === id)?.children.at(-1) ?? null
  );
}

/** SHA-256 of some bytes. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  const hash = createHash('sha256');
  for (const each of parts) hash.update(each);
  return new Uint8Array(hash.digest());
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array | Uint16Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function objectionToExtensions(body: DerTree, tag: number): string | null {
  const list = body.children.find((child) => child.tag === tag)?.children[0]?.children ?? [];
  return list.length === 0 ? 'extensions are absent' : objectionToExtensionList(list, []);
}

function objectionToExtensionList(
  list: readonly DerTree[],
  alsoUnderstood: readonly string[],
): string | null {
  const ids = list.map(({ children }) => hex(children[0]?.content ?? new Uint8Array()));
  if (new Set(ids).size !== ids.length) return 'an extension is doubled';
  const critical = list.filter(({ children }) => {
    const [, flag] = children;
    return flag?.tag === tags.boolean && flag.content[0] !== 0;
  });
  const unknown = critical.find(({ children }) => {
    const id = hex(children[0]!.content);
    return !understood.has(id) && !alsoUnderstood.includes(id);
  });
  return unknown ? 'an unknown extension is critical' : null;
}

function isSame(a: DerTree, b: DerTree): boolean {
  return hex(a.encoding) === hex(b.encoding);
}

/** UTCTime or GeneralizedTime; NaN for what is none. */
function timeOf({ tag, content }: DerTree): number {
  const text = Buffer.from(content).toString('latin1');
  const century = tag === tags.generalizedTime ? '' : text < '5' ? '20' : '19';
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text);
  if (!match || (tag !== tags.utcTime && tag !== tags.generalizedTime)) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

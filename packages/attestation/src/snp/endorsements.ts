import type { Bytes } from '../encoding/byte-reader.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { FormatError } from '../encoding/format-error.ts';
import { JsonObject } from '../encoding/json.ts';
import { parsePem } from '../encoding/pem.ts';
import { decodeUtf8 } from '../encoding/utf8.ts';

const what = 'endorsements';
const maxLength = 1024 * 1024;
/** PEM's labels, by member. */
const labels = { ek: 'CERTIFICATE', crl: 'X509 CRL' } as const;

/** What AMD signed about a machine, DER. Nothing in it is verified yet. */
export interface SnpEndorsements {
  /** Certificate of the key that signs its reports: VCEK or VLEK. */
  readonly ek: Bytes;
  /** `null` if none is given. */
  readonly crl: Bytes | null;
}

/**
 * Reads endorsements: `{ ek, crl? }` as an object, a `Map` or JSON text, each member in DER, PEM or (in a text)
 * base64; or the certificate alone, DER or PEM.
 *
 * @param ekBeside - The certificate, if it came with the evidence: it counts where the endorsements bring none.
 * @throws {FormatError} for absent, doubled or unknown members, or one that is not what it must be.
 */
export function parseSnpEndorsements(
  endorsements: unknown,
  ekBeside: Bytes | null = null,
): SnpEndorsements {
  const members = toMembers(endorsements);
  for (const name of members.keys()) {
    if (!Object.hasOwn(labels, name)) throw new FormatError(what, 'an unknown member');
  }
  const member = (name: keyof typeof labels): Bytes | null => {
    const value = members.get(name) ?? null;
    return value === null ? null : decodeMember(name, value);
  };
  const ek = member('ek') ?? ekBeside;
  if (ek === null) {
    throw new FormatError(`${what}.ek`, 'the certificate of the VCEK or VLEK is absent');
  }
  return { ek, crl: member('crl') };
}

function toMembers(endorsements: unknown): ReadonlyMap<string, unknown> {
  if (endorsements === undefined || endorsements === null) return new Map();
  if (endorsements instanceof Map) return new Map<string, unknown>(endorsements);
  const given = endorsements instanceof Uint8Array ? decodeText(endorsements) : endorsements;
  if (typeof given === 'string' && given.length > 4 * maxLength) {
    throw new FormatError(what, 'more than 4 MiB');
  }
  if (typeof given === 'string' && /^\s*\{/.test(given)) {
    return JsonObject.parse(what, given).scalars();
  }
  if (typeof given === 'string' || given instanceof Uint8Array) return new Map([['ek', given]]);
  if (typeof given !== 'object' || given === null) throw new FormatError(what, 'a map expected');
  return new Map<string, unknown>(Object.entries(given));
}

/** DER, or a text that holds it. */
function decodeMember(name: keyof typeof labels, value: unknown): Bytes {
  const where = `${what}.${name}`;
  const given = value instanceof Uint8Array ? decodeText(value) : value;
  if (!(given instanceof Uint8Array) && typeof given !== 'string') {
    throw new FormatError(where, 'bytes or text expected');
  }
  if (given.length > maxLength) throw new FormatError(where, 'more than 1 MiB');
  if (typeof given !== 'string') return new Uint8Array(given);
  return /^\s*-----BEGIN/.test(given)
    ? parsePem(where, given, labels[name], 1)[0]!
    : decodeBase64(where, given);
}

/** The text, if the bytes begin like PEM or JSON and not like DER; else the bytes. */
function decodeText(bytes: Uint8Array): string | Uint8Array {
  const first = bytes.find((byte) => byte > 0x20);
  if (first !== 0x2d && first !== 0x7b) return bytes;
  return decodeUtf8(what, bytes);
}

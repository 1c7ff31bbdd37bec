import type { Bytes } from '../encoding/byte-reader.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { tags } from '../encoding/der.ts';
import { FormatError } from '../encoding/format-error.ts';
import { JsonObject } from '../encoding/json.ts';
import { parsePem } from '../encoding/pem.ts';

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
  const ek = members.has('ek') ? decodeMember('ek', members.get('ek')) : ekBeside;
  if (ek === null) {
    throw new FormatError(`${what}.ek`, 'the certificate of the VCEK or VLEK is absent');
  }
  return { ek, crl: members.has('crl') ? decodeMember('crl', members.get('crl')) : null };
}

function toMembers(endorsements: unknown): ReadonlyMap<string, unknown> {
  if (endorsements === undefined || endorsements === null) return new Map();
  if (endorsements instanceof Map) return new Map<string, unknown>(endorsements);
  const isBytes = endorsements instanceof Uint8Array;
  if (isBytes && isDer(endorsements)) return new Map([['ek', endorsements]]);
  const given = isBytes ? decodeText(what, endorsements) : endorsements;
  if (typeof given === 'string') {
    if (given.length > 4 * maxLength) throw new FormatError(what, 'more than 4 MiB');
    return given.startsWith('{')
      ? JsonObject.parse(what, given).scalars()
      : new Map([['ek', given]]);
  }
  if (typeof given !== 'object') throw new FormatError(what, 'a map expected');
  return new Map<string, unknown>(Object.entries(given));
}

/** DER, or a text that holds it. */
function decodeMember(name: keyof typeof labels, value: unknown): Bytes {
  const where = `${what}.${name}`;
  const isBytes = value instanceof Uint8Array;
  if ((isBytes || typeof value === 'string') && value.length > maxLength) {
    throw new FormatError(where, 'more than 1 MiB');
  }
  if (isBytes && isDer(value)) return new Uint8Array(value);
  const text = isBytes ? decodeText(where, value) : value;
  if (typeof text !== 'string') throw new FormatError(where, 'bytes or text expected');
  return text.startsWith('-----BEGIN')
    ? parsePem(where, text, labels[name], 1)[0]!
    : decodeBase64(where, text);
}

function isDer(bytes: Uint8Array): boolean {
  return bytes[0] === tags.sequence;
}

function decodeText(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(where, 'DER, or text in UTF-8 expected');
  }
}

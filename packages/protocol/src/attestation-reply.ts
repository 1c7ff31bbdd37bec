import { decodeBase64url, encodeBase64url } from './encoding/base64url.ts';
import { readFields, readWhole } from './encoding/cbor-message.ts';
import { CborWriter } from './encoding/cbor-writer.ts';
import { encodeJson, JsonFields, parseJson } from './encoding/json-message.ts';
import { readEndorsements, writeEndorsements, type Endorsements } from './endorsements.ts';
import { malformed, ProtocolError } from './errors.ts';
import { limits } from './limits.ts';

/** The formats of evidence (wire.md §2). */
export const evidenceFormats = [
  'sgx-dcap',
  'tdx-dcap',
  'sev-snp',
  'aws-nitro',
  'azure-snp-vtpm',
  'azure-tdx-vtpm',
] as const;

/**
 * One of {@link evidenceFormats}.
 *
 * @useDeclaredType
 */
export type EvidenceFormat = (typeof evidenceFormats)[number];

/** What `GET /attestation` answers. Nothing in it is proved until the evidence is verified. */
export interface AttestationReply {
  readonly format: EvidenceFormat;
  readonly evidence: Uint8Array;
  readonly endorsements: Endorsements;
  /** DER. */
  readonly certificate: Uint8Array;
  /** As encoded by `encodeKeyset`. */
  readonly keyset: Uint8Array;
}

/** How a reply is written: CBOR, or JSON with base64url for byte strings. */
export type ReplyEncoding = 'cbor' | 'json';

const keys = {
  format: true,
  evidence: true,
  endorsements: true,
  certificate: true,
  keyset: true,
} as const;

/** Encodes an answer to `GET /attestation`. */
export function encodeAttestationReply(reply: AttestationReply, as: ReplyEncoding): Uint8Array {
  if (as === 'json') return encodeAsJson(reply);
  const writer = new CborWriter().map(5);
  writer.text('format').text(reply.format);
  writer.text('evidence').bytes(reply.evidence);
  writeEndorsements(writer.text('endorsements'), reply.endorsements);
  writer.text('certificate').bytes(reply.certificate);
  writer.text('keyset').bytes(reply.keyset);
  return writer.whole();
}

/**
 * Decodes a reply, strictly: exactly its members, each once. In JSON the byte strings among the endorsements
 * come as the base64url texts they are, since nothing marks them.
 *
 * @throws {ProtocolError} `malformed` or `too-large`.
 */
export function decodeAttestationReply(bytes: Uint8Array, as: ReplyEncoding): AttestationReply {
  if (bytes.length > limits.maxAttestationReplyBytes) {
    throw new ProtocolError(
      'too-large',
      `an attestation reply must have at most ${limits.maxAttestationReplyBytes} bytes`,
    );
  }
  return as === 'json' ? decodeFromJson(bytes) : decodeFromCbor(bytes);
}

function decodeFromCbor(bytes: Uint8Array): AttestationReply {
  const max = limits.maxAttestationReplyBytes;
  return readWhole('an attestation reply', bytes, function* (reader) {
    let format: EvidenceFormat = 'sgx-dcap';
    let endorsements: Endorsements = {};
    const parts = { evidence: empty, certificate: empty, keyset: empty };
    yield* readFields(reader, 'an attestation reply', keys, function* (key) {
      if (key === 'format') format = yield* reader.choice('format', evidenceFormats);
      else if (key === 'endorsements') endorsements = yield* readEndorsements(reader);
      else parts[key] = yield* reader.bytes(key, max);
    });
    return { format, endorsements, ...parts };
  });
}

const empty: Uint8Array = new Uint8Array();

function encodeAsJson(reply: AttestationReply): Uint8Array {
  return encodeJson({
    format: reply.format,
    evidence: encodeBase64url(reply.evidence),
    endorsements: Object.fromEntries(
      Object.entries(reply.endorsements).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? encodeBase64url(value) : value,
      ]),
    ),
    certificate: encodeBase64url(reply.certificate),
    keyset: encodeBase64url(reply.keyset),
  });
}

function decodeFromJson(bytes: Uint8Array): AttestationReply {
  const what = 'an attestation reply';
  const reply = new JsonFields(what, parseJson(what, bytes), Object.keys(keys));
  const text = (key: keyof typeof keys): string => reply.text(key, limits.maxAttestationReplyBytes);
  return {
    format: reply.choice('format', evidenceFormats),
    evidence: decodeBase64url('evidence', text('evidence')),
    endorsements: checkEndorsements(reply.value('endorsements')),
    certificate: decodeBase64url('certificate', text('certificate')),
    keyset: decodeBase64url('keyset', text('keyset')),
  };
}

function checkEndorsements(value: unknown): Endorsements {
  if (!(value instanceof Map)) throw malformed('endorsements must be an object');
  for (const member of value.values()) {
    if (typeof member !== 'string' && !Number.isSafeInteger(member)) {
      throw malformed('an endorsement must be a text or an integer');
    }
  }
  return Object.fromEntries(value as Map<string, string | number>);
}

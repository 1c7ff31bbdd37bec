import { detectFormat, type Format } from '@blindai/attestation';
import { type AttestationReply, decodeAttestationReply } from '@blindai/protocol';

/** What a file of evidence holds. */
export interface RecordedEvidence {
  /** What the file is, as far as its bytes or the reply say; `null` if nobody recognises it. */
  readonly format: Format | null;
  /** Raw, as the hardware or the machine gave it. */
  readonly evidence: Uint8Array;
  /** `null` for raw evidence, and for what is nothing known. */
  readonly reply: AttestationReply | null;
}

/**
 * Reads a file: a reply of /attestation in CBOR or JSON, or else raw evidence. Never refuses; what it does not
 * recognise is the verifier's to refuse.
 */
export function parseRecorded(bytes: Uint8Array): RecordedEvidence {
  const reply = parseReply(bytes);
  return reply === null
    ? { format: detectFormat(bytes), evidence: bytes, reply }
    : { format: reply.format, evidence: reply.evidence, reply };
}

/** JSON may also be Azure's evidence, which is no reply; no raw evidence begins like a CBOR map. */
function parseReply(bytes: Uint8Array): AttestationReply | null {
  const form = mapForm(bytes);
  if (form === null) return null;
  try {
    return decodeAttestationReply(bytes, form);
  } catch {
    return null;
  }
}

/** How a file begins: like a JSON object, like a CBOR map, or like neither. */
export function mapForm(bytes: Uint8Array): 'json' | 'cbor' | null {
  const first = bytes.find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (first === 0x7b) return 'json';
  return bytes[0] !== undefined && bytes[0] >= 0xa0 && bytes[0] <= 0xbf ? 'cbor' : null;
}

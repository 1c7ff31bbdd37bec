import { type Bytes, equalBytes } from '../encoding/byte-reader.ts';
import { parseCbor } from '../encoding/cbor.ts';
import { FormatError } from '../encoding/format-error.ts';

const what = 'COSE_Sign1';
/** Tag 18, which a COSE_Sign1 may have (RFC 9052 §4.2). */
const tagByte = 0xd2;
const arrayOfFour = 0x84;
const signatureLength = 96;
const maxPayloadLength = 16_384;

/** { 1: -35 }: the algorithm is ES384 (RFC 9053 §2.1). */
const es384Header = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);

/** Head and first two of the four items of Sig_structure (RFC 9052 §4.4), and the empty third. */
const signedPrefix = [
  arrayOfFour,
  0x6a,
  ...new TextEncoder().encode('Signature1'),
  0x44,
  ...es384Header,
  0x40,
];

/** A signed payload. Nothing in it is verified yet. */
export interface CoseSign1 {
  readonly payload: Bytes;
  /** What the signature covers. */
  readonly signedBytes: Bytes;
  /** r ‖ s. */
  readonly signature: Bytes;
}

/**
 * Reads a COSE_Sign1 (RFC 9052 §4.2) as AWS makes it: ES384 in the protected header, nothing in the unprotected
 * one, a payload of 1 to 16,384 bytes. AWS sends it without its tag and documents it with one: both will do.
 *
 * @throws {FormatError}
 */
export function parseCoseSign1(bytes: Bytes): CoseSign1 {
  const untagged = bytes[0] === tagByte ? bytes.subarray(1) : bytes;
  if (untagged[0] !== arrayOfFour) throw new FormatError(what, 'an array of four items expected');
  const items = parseCbor(what, untagged);
  const [header, unprotectedHeader, payload, signature] = Array.isArray(items) ? items : [];
  if (!(header instanceof Uint8Array) || !equalBytes(header, es384Header)) {
    throw new FormatError(`${what}.protected`, 'exactly the algorithm ES384 expected');
  }
  if (!(unprotectedHeader instanceof Map) || unprotectedHeader.size !== 0) {
    throw new FormatError(`${what}.unprotected`, 'an empty map expected');
  }
  if (!isBytes(payload) || payload.length === 0 || payload.length > maxPayloadLength) {
    throw new FormatError(`${what}.payload`, `1 to ${maxPayloadLength} bytes expected`);
  }
  if (!isBytes(signature) || signature.length !== signatureLength) {
    throw new FormatError(`${what}.signature`, `${signatureLength} bytes expected`);
  }
  const signedBytes = new Uint8Array([...signedPrefix, ...bytesHead(payload.length), ...payload]);
  return { payload, signedBytes, signature };
}

/** The head of a byte string. */
function bytesHead(length: number): readonly number[] {
  if (length < 24) return [0x40 | length];
  return length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
}

function isBytes(item: unknown): item is Bytes {
  return item instanceof Uint8Array;
}

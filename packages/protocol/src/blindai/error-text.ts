import { readWhole } from '../encoding/cbor-message.ts';
import { CborWriter } from '../encoding/cbor-writer.ts';
import { formatErrorLine, parseErrorLine, type ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';

/** An error as BlindAI's routes send it: a CBOR text `code: sentence`. */
export function encodeErrorText(error: Pick<ProtocolError, 'code' | 'message'>): Uint8Array {
  return new CborWriter().text(formatErrorLine(error)).whole();
}

/**
 * The error that a body tells of.
 *
 * @throws {ProtocolError} `malformed` when it is no such text or its code is unknown.
 */
export function decodeErrorText(bytes: Uint8Array): ProtocolError {
  const text = readWhole('an error', bytes, (reader) =>
    reader.text('an error', limits.maxErrorTextBytes),
  );
  return parseErrorLine(text);
}

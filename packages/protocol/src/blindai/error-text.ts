import { readWhole } from '../encoding/cbor-message.ts';
import { CborWriter } from '../encoding/cbor-writer.ts';
import { isErrorCode, malformed, ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';

/** An error as BlindAI's routes send it: a CBOR text `code: sentence`. */
export function encodeErrorText(error: Pick<ProtocolError, 'code' | 'message'>): Uint8Array {
  return new CborWriter().text(`${error.code}: ${error.message}`).whole();
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
  const [, code, message] = /^([a-z-]+): (.*)$/s.exec(text) ?? [];
  if (code === undefined || message === undefined || !isErrorCode(code)) {
    throw malformed('an error must be a known code and a sentence');
  }
  return new ProtocolError(code, message);
}

import { encodeJson, JsonFields, parseJson } from '../encoding/json-message.ts';
import { formatErrorLine, parseErrorLine, type ProtocolError } from '../errors.ts';
import { limits } from '../limits.ts';

/** An error as the Open Inference Protocol's routes send it: `{"error": "code: sentence"}`. */
export function encodeErrorJson(error: Pick<ProtocolError, 'code' | 'message'>): Uint8Array {
  return encodeJson({ error: formatErrorLine(error) });
}

/**
 * The error that a body tells of.
 *
 * @throws {ProtocolError} `malformed` when it is no such object or its code is unknown.
 */
export function decodeErrorJson(bytes: Uint8Array): ProtocolError {
  const fields = new JsonFields('an error', parseJson('an error', bytes), ['error']);
  return parseErrorLine(fields.text('error', limits.maxErrorTextBytes));
}

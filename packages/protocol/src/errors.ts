/**
 * Every refusal that can cross the wire, with the HTTP status it travels under (wire.md, "Errors").
 * Both sides share the table: the server answers with it, the client maps it to its own errors.
 */
export const errorStatuses = {
  malformed: 400, // the bytes are not the message they should be
  'bad-input': 400, // well-formed, but a name, datatype, shape or value does not fit
  'credentials-refused': 400, // a credential came over the unattested port
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404, // absent or not yours: one answer
  'method-not-allowed': 405,
  'too-slow': 408,
  'ambiguous-name': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'wrong-surface': 421, // the route exists on another port
  'model-refused': 422, // the engine or the rules do not take this model
  'model-crashed': 422,
  'model-timeout': 422,
  'model-memory': 422,
  'too-many-requests': 429,
  internal: 500,
  'not-ready': 503,
  'going-down': 503,
} as const;

/** A stable name of a refusal; the keys of {@link errorStatuses}. */
export type ErrorCode = keyof typeof errorStatuses;

/** Whether a text is one of the closed set of codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorStatuses, text);
}

/**
 * A refusal with a code of the closed table. The message is one sentence that says what was expected and
 * what was found; it never holds content, keys, paths or ids.
 */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The bytes are not the message they should be. */
export function malformed(message: string): ProtocolError {
  return new ProtocolError('malformed', message);
}

/** Well-formed, but something in it does not fit. */
export function badInput(message: string): ProtocolError {
  return new ProtocolError('bad-input', message);
}

/** An error in one line: `code: sentence`. */
export function formatErrorLine({
  code,
  message,
}: Pick<ProtocolError, 'code' | 'message'>): string {
  return `${code}: ${message}`;
}

/**
 * The error that a line tells of.
 *
 * @throws {ProtocolError} `malformed` when it is no such line or its code is unknown.
 */
export function parseErrorLine(line: string): ProtocolError {
  const [, code, message] = /^([a-z-]+): (.*)$/s.exec(line) ?? [];
  if (code === undefined || message === undefined || !isErrorCode(code)) {
    throw malformed('an error must be a known code and a sentence');
  }
  return new ProtocolError(code, message);
}

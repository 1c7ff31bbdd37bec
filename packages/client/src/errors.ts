import { BlindAIError } from '@blindai/attestation';
import { ProtocolError, type ErrorCode } from '@blindai/protocol';

/** Why a server could not be reached, or could not or would not answer. Nothing is wrong with the request. */
export type ConnectionErrorCode =
  /** No connection over TLS 1.3, or none that stayed open until the server had proved what it is. */
  | 'unreachable'
  /** The connection is not one that data may go over: a resumed session, another protocol. */
  | 'bad-transport'
  /** What came back is no answer of this protocol, or is too long. */
  | 'bad-reply'
  /** The connection broke after the request had started: it may have been processed, so it is not repeated. */
  | 'connection-lost'
  /** `timeoutMs` passed. */
  | 'timeout'
  /** The caller's `signal` said so; its reason is the `cause`. */
  | 'aborted'
  /** This client was closed. */
  | 'closed'
  | Extract<
      ErrorCode,
      | 'too-slow'
      | 'too-many-requests'
      | 'internal'
      | 'not-ready'
      | 'going-down'
      | 'wrong-surface'
      | 'method-not-allowed'
    >;

/** Why a model could not be loaded, run, or deleted. */
export type ModelErrorCode = Extract<
  ErrorCode,
  | 'model-refused'
  | 'model-crashed'
  | 'model-timeout'
  | 'model-memory'
  | 'not-found'
  | 'ambiguous-name'
  | 'unauthorized'
  | 'forbidden'
>;

/** What is wrong with what the caller gave. */
export type InputErrorCode =
  /** A local file cannot be read, or changed while it was. */
  | 'unreadable'
  | Extract<
      ErrorCode,
      'bad-input' | 'malformed' | 'too-large' | 'unsupported-media-type' | 'credentials-refused'
    >;

/** What an error knows besides its code and sentence. */
export interface ConnectionErrorDetails {
  readonly cause?: unknown;
  /** How long the server asks to wait, for `too-many-requests`. */
  readonly retryAfterMs?: number | null;
}

/** The server could not be reached, or could not or would not answer. */
export class ConnectionError extends BlindAIError {
  declare readonly code: ConnectionErrorCode;
  /** How long the server asks to wait before another try; null where it says nothing. */
  readonly retryAfterMs: number | null;

  constructor(code: ConnectionErrorCode, message: string, details: ConnectionErrorDetails = {}) {
    super(code, message, { cause: details.cause });
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** A model could not be loaded, run or deleted. */
export class ModelError extends BlindAIError {
  declare readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, options);
  }
}

/** What the caller gave cannot be used. */
export class InputError extends BlindAIError {
  declare readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Every code that a server can send, with the error that a caller gets for it. */
const errorOfCode: Record<
  ErrorCode,
  (message: string, details: ConnectionErrorDetails) => BlindAIError
> = {
  malformed: (message) => new InputError('malformed', message),
  'bad-input': (message) => new InputError('bad-input', message),
  'credentials-refused': (message) => new InputError('credentials-refused', message),
  unauthorized: (message) => new ModelError('unauthorized', message),
  forbidden: (message) => new ModelError('forbidden', message),
  'not-found': (message) => new ModelError('not-found', message),
  'method-not-allowed': (message) => new ConnectionError('method-not-allowed', message),
  'too-slow': (message) => new ConnectionError('too-slow', message),
  'ambiguous-name': (message) => new ModelError('ambiguous-name', message),
  'too-large': (message) => new InputError('too-large', message),
  'unsupported-media-type': (message) => new InputError('unsupported-media-type', message),
  'wrong-surface': (message) => new ConnectionError('wrong-surface', message),
  'model-refused': (message) => new ModelError('model-refused', message),
  'model-crashed': (message) => new ModelError('model-crashed', message),
  'model-timeout': (message) => new ModelError('model-timeout', message),
  'model-memory': (message) => new ModelError('model-memory', message),
  'too-many-requests': (message, details) =>
    new ConnectionError('too-many-requests', message, details),
  internal: (message) => new ConnectionError('internal', message),
  'not-ready': (message, details) => new ConnectionError('not-ready', message, details),
  'going-down': (message, details) => new ConnectionError('going-down', message, details),
};

/** The error that a caller gets for a refusal of the server. */
export function errorOfServer(
  refusal: Pick<ProtocolError, 'code' | 'message'>,
  details: ConnectionErrorDetails = {},
): BlindAIError {
  return errorOfCode[refusal.code](refusal.message, details);
}

/** Runs `act` on what the caller gave; a refusal becomes an {@link InputError}. */
export function readingInput<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const code = error.code === 'too-large' ? 'too-large' : 'bad-input';
    throw new InputError(code, error.message, { cause: error });
  }
}

/** Runs `act` on what the server sent; a refusal becomes a {@link ConnectionError} `bad-reply`. */
export function readingReply<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ConnectionError('bad-reply', error.message, { cause: error });
  }
}

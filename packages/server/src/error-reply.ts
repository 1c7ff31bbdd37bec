import {
  encodeErrorJson,
  encodeErrorText,
  errorStatuses,
  headers as headerNames,
  ProtocolError,
  type ReplyEncoding,
} from '@blindai/protocol';
import { Refusal } from './errors.ts';
import { reply, type Reply } from './reply.ts';

/** What HTTP wants beside a status (RFC 9110 §11.6.1, §10.2.3), where the refusal does not say it itself. */
const headersOfStatus: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': 'Bearer' },
  429: { 'Retry-After': '1' },
  503: { 'Retry-After': '10' },
};

/** The refusal that an error is for the caller: itself, or `internal`, which tells nothing. */
export function asRefusal(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError('internal', 'the server failed; its log says where');
}

/**
 * The one mapping of errors to HTTP: the status of the code, `code: sentence` as CBOR text, or as
 * `{"error": …}` in JSON, and the code alone in `Blindai-Error` (wire.md, "Errors").
 */
export function errorReply(refusal: ProtocolError, as: ReplyEncoding): Reply {
  const status = errorStatuses[refusal.code];
  const bytes = as === 'cbor' ? encodeErrorText(refusal) : encodeErrorJson(refusal);
  return reply(bytes, as, {
    status,
    headers: {
      [headerNames.error]: refusal.code,
      ...headersOfStatus[status],
      ...(refusal instanceof Refusal && refusal.headers),
    },
  });
}

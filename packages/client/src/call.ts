import {
  decodeErrorJson,
  decodeErrorText,
  errorStatuses,
  headers,
  limits,
  ProtocolError,
  type ReplyEncoding,
} from '@blindai/protocol';
import { ConnectionError, errorOfServer } from './errors.ts';
import type { Transport, TransportReply, TransportRequest } from './transport.ts';

/** How a route writes what it takes and gives. */
const encodings = {
  cbor: { type: 'application/cbor', maxReplyBytes: limits.maxReplyBytes },
  json: { type: 'application/json', maxReplyBytes: limits.maxJsonReplyBytes },
} as const satisfies Record<ReplyEncoding, object>;

/** A request to one of the server's routes. */
export type Call = Omit<TransportRequest, 'headers' | 'maxReplyBytes'> & {
  readonly encoding: ReplyEncoding;
  readonly ownerToken: string;
  /** Of the model that alone may be run. */
  readonly modelHash?: string;
  /** Whether the server is told how long its answer is waited for. */
  readonly tellsTimeout?: boolean;
};

/**
 * Sends one request and returns the answer if it is a good one.
 *
 * @throws what the transport throws, and the error that the server tells of.
 */
export async function call(transport: Transport, request: Call): Promise<TransportReply> {
  const { encoding, ownerToken, modelHash, tellsTimeout = false, ...rest } = request;
  const { type, maxReplyBytes } = encodings[encoding];
  const reply = await transport.send({
    ...rest,
    headers: {
      accept: type,
      ...(request.body !== null && { 'content-type': type }),
      [headers.ownerToken]: ownerToken,
      ...(modelHash !== undefined && { [headers.modelHash]: modelHash }),
      ...(tellsTimeout &&
        rest.timeoutMs !== null && { [headers.timeout]: String(wholeMs(rest.timeoutMs)) }),
    },
    maxReplyBytes,
  });
  if (reply.status !== 200) throw readError(reply);
  return reply;
}

/** The server takes whole milliseconds below 2^31, and at least one. */
function wholeMs(timeoutMs: number): number {
  return Math.max(Math.floor(timeoutMs), 1);
}

/** The error that an answer other than 200 tells of. */
function readError(reply: TransportReply): Error {
  const refusal = decodeRefusal(reply);
  if (refusal === null || errorStatuses[refusal.code] !== reply.status) {
    return new ConnectionError(
      'bad-reply',
      `the server answered status ${reply.status} and no error of this protocol that fits it`,
    );
  }
  const seconds = reply.headers['retry-after'] ?? '';
  const retryAfterMs = /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null;
  // The sentence may end up on a terminal, where control characters act.
  const message = refusal.message.replace(/\p{Cc}/gu, ' ');
  return errorOfServer({ code: refusal.code, message }, { retryAfterMs });
}

function decodeRefusal({ headers: fields, body }: TransportReply): ProtocolError | null {
  try {
    // Whatever the route, a server that cannot read the request answers in CBOR.
    return fields['content-type'] === encodings.json.type
      ? decodeErrorJson(body)
      : decodeErrorText(body);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

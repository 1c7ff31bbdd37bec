import { errorStatuses, headers, isErrorCode, limits } from '@blindai/protocol';
import { ConnectionError, errorOfServer } from '../errors.ts';

/** What the head of a reply says. */
interface Head {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Reads the one HTTP/1.1 reply that a peer may send before it is trusted, and refuses whatever is not exactly
 * that: status 200, CBOR, a `Content-Length` of at most 1 MiB, no other framing, a connection that stays
 * open, and not one byte more.
 *
 * Every refusal is a {@link ConnectionError}: `bad-reply`, or the error that a server tells of which cannot
 * give evidence now. No text of the peer gets into a message.
 */
export class ReplyReader {
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  /** Of head and body, once the head is here. */
  #expectedBytes: number | null = null;
  #headBytes = 0;

  /** Takes the next bytes; true once the reply is complete. */
  push(bytes: Uint8Array): boolean {
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#expectedBytes === null) this.#lookForHead();
    if (this.#expectedBytes === null) return false;
    if (this.#receivedBytes > this.#expectedBytes) refuse('more bytes than Content-Length says');
    return this.#receivedBytes === this.#expectedBytes;
  }

  /** The body of a complete reply. */
  body(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#received).subarray(this.#headBytes));
  }

  #lookForHead(): void {
    const received = Buffer.concat(this.#received);
    this.#received = [received];
    const end = received.indexOf('\r\n\r\n');
    if (end === -1 ? received.length > limits.maxHeaderBytes : end > limits.maxHeaderBytes) {
      refuse(`a head of more than ${limits.maxHeaderBytes} bytes`);
    }
    if (end === -1) return;
    this.#headBytes = end + 4;
    this.#expectedBytes =
      this.#headBytes + bodyBytes(parseHead(received.toString('latin1', 0, end)));
  }
}

function parseHead(text: string): Head {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e]*$/.exec(statusLine)?.[1];
  if (status === undefined) refuse('no status line of HTTP/1.1');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] =
      /^([!#$%&'*+.^_`|~\w-]+):[\t ]*([\t\x20-\x7e]*?)[\t ]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) refuse('a header field that is none');
    if (fields.has(name.toLowerCase())) refuse('a header field twice');
    fields.set(name.toLowerCase(), value);
  }
  return { status: Number(status), fields };
}

/** The length of the body that may follow a head. */
function bodyBytes({ status, fields }: Head): number {
  if (status !== 200) throw errorOfStatus(status, fields);
  if (fields.has('transfer-encoding')) refuse('a Transfer-Encoding');
  if (fields.has('content-encoding')) refuse('a Content-Encoding');
  if (fields.get('content-type') !== 'application/cbor') refuse('another type than CBOR');
  if ((fields.get('connection') ?? 'keep-alive').toLowerCase() !== 'keep-alive') {
    refuse('a connection that does not stay open');
  }
  const length = fields.get('content-length') ?? '';
  if (!/^(?:0|[1-9]\d{0,9})$/.test(length)) refuse('no Content-Length');
  if (Number(length) > limits.maxAttestationReplyBytes) {
    refuse(`more than ${limits.maxAttestationReplyBytes} bytes`);
  }
  return Number(length);
}

/** A server that cannot give evidence now says why in a header; anything else is no answer of ours. */
function errorOfStatus(status: number, fields: Head['fields']): Error {
  const code = fields.get(headers.error.toLowerCase()) ?? '';
  if (isErrorCode(code) && errorStatuses[code] === status) {
    const seconds = fields.get('retry-after') ?? '';
    const retryAfterMs = /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null;
    return errorOfServer({ code, message: 'the server gives no evidence now' }, { retryAfterMs });
  }
  return badReply(`status ${status}`);
}

function refuse(found: string): never {
  throw badReply(found);
}

function badReply(found: string): ConnectionError {
  return new ConnectionError(
    'bad-reply',
    `expected evidence from the server, found an answer with ${found}`,
  );
}

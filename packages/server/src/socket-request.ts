import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ProtocolError } from '@blindai/protocol';
import { Cancellation, type CancellationSignal } from './cancellation.ts';
import { IncomingBody } from './incoming-body.ts';
import type { HttpRequest } from './request.ts';

/** A request as it came from a socket. */
export class SocketRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HttpRequest['headers'];
  readonly connection: object;
  readonly body: IncomingBody | null;
  readonly #left = new Cancellation();

  /** @throws {ProtocolError} `malformed` for a target or a host that is none. */
  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    const method = incoming.method!;
    this.method = method;
    this.url = readUrl(incoming);
    this.connection = incoming.socket;
    this.headers = new RawHeaders(incoming.rawHeaders);
    this.body = method === 'GET' || method === 'HEAD' ? null : new IncomingBody(incoming);
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) this.#left.abort(new Error('the client has left'));
    });
  }

  get signal(): CancellationSignal {
    return this.#left;
  }
}

/** Names and values as they came, in turn. */
class RawHeaders implements Pick<Headers, 'get' | 'has'> {
  readonly #raw: readonly string[];

  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  /** The values of a name that came several times are joined, as RFC 9110 §5.3 has it. */
  get(name: string): string | null {
    const raw = this.#raw;
    let found: string | null = null;
    for (let at = 0; at < raw.length; at += 2) {
      const other = raw[at]!;
      if (other.length !== name.length || other.toLowerCase() !== name.toLowerCase()) continue;
      found = found === null ? raw[at + 1]! : `${found}, ${raw[at + 1]!}`;
    }
    return found;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }
}

/** A name or an address, and perhaps a port (RFC 3986 §3.2.2, without what no host of ours has). */
const hostPattern = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** In origin form, or in absolute form (RFC 9112 §3.2). */
function readUrl({ url = '', headers: { host }, socket }: IncomingMessage): string {
  if (host === undefined || !hostPattern.test(host)) throw badTarget();
  const scheme = socket instanceof TLSSocket ? 'https' : 'http';
  const isOrigin = url.startsWith('/');
  if (!isOrigin && !/^https?:\/\//.test(url)) throw badTarget();
  // The web reads a backslash as a slash, others do not.
  if (/^[^?]*\\/.test(url)) throw badTarget();
  const base = `${scheme}://${host}`;
  try {
    // Both are looked at: the host has to be one even where the target names another.
    const origin = new URL(base);
    return isOrigin ? new URL(base + url).href : new URL(url, origin).href;
  } catch {
    throw badTarget();
  }
}

function badTarget(): ProtocolError {
  return new ProtocolError('malformed', 'the request target or its host is not valid');
}

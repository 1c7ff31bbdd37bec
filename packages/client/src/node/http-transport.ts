import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BlindAIError } from '@blindai/attestation';
import { errors, type Dispatcher } from 'undici';
import type { AttestedServer } from '../attested-server.ts';
import { ConnectionError } from '../errors.ts';
import type { ServerPolicy } from '../server-policy.ts';
import type { Transport, TransportReply, TransportRequest } from '../transport.ts';
import { AttestedConnections } from './attested-connections.ts';
import { AttestedPools } from './attested-pools.ts';
import { startDeadline } from './deadline.ts';
import { OutgoingBody } from './outgoing-body.ts';
import { RequestSlots } from './request-slots.ts';

/** Where a server listens, and what is demanded of it. */
export interface ServerAddress {
  readonly host: string;
  readonly ports: Readonly<Record<TransportRequest['surface'], number>>;
  readonly policy: ServerPolicy;
  readonly now: () => Date;
}

/** Requests at a time; each has a connection of its own, which later ones use again. */
const maxConcurrentRequests = 32;

/** A connection on which nothing moves for this long is given up. */
const stallTimeoutMs = 120_000;

/**
 * HTTP/1.1 over connections that are attested one by one.
 *
 * When the evidence ends, or after 24 hours, the connections that were let out for it are given up before the
 * next request, and new ones have to prove themselves. A request is repeated in one case only: no connection
 * could be opened, so that not one byte of it was written. Whether a request on a connection that breaks was
 * processed nobody can know, so it ends with `connection-lost`.
 */
export class HttpTransport implements Transport {
  readonly #address: ServerAddress;
  readonly #slots = new RequestSlots(maxConcurrentRequests);
  #pools: AttestedPools;
  #server: AttestedServer;
  /** Until the pools of earlier evidence are closed. */
  #retired: Promise<unknown> = Promise.resolve();
  #closing: Promise<unknown> | null = null;

  private constructor(address: ServerAddress, pools: AttestedPools, server: AttestedServer) {
    this.#address = address;
    this.#pools = pools;
    this.#server = server;
  }

  /**
   * Opens the first connection and keeps it for the first request.
   *
   * @throws {ConnectionError} and {@link AttestationError}.
   */
  static async open(address: ServerAddress, signal: AbortSignal): Promise<HttpTransport> {
    const { host, ports, policy, now } = address;
    const connections = new AttestedConnections(host, policy, now);
    const first = await connections.open(ports.attested, signal);
    return new HttpTransport(address, new AttestedPools(connections, ports, first), first.server);
  }

  get server(): AttestedServer {
    return this.#pools.connections.latest ?? this.#server;
  }

  async send(request: TransportRequest): Promise<TransportReply> {
    const deadline = startDeadline(request.timeoutMs, request.signal);
    const { signal } = deadline;
    try {
      return await this.#slots.run(signal, () => this.#sendOnce(request, signal));
    } finally {
      deadline.clear();
    }
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.all([this.#retired, this.#pools.close()]);
    await this.#closing;
  }

  /** Sends the request on one connection, and tries a second time to open it. */
  async #sendOnce(request: TransportRequest, signal: AbortSignal): Promise<TransportReply> {
    // Two turns of the event loop have a look at the network between them: a connection that the server
    // closed before this call is then known to be closed, and not used.
    await nextTurn();
    await nextTurn();
    if (this.#closing !== null) throw new ConnectionError('closed', 'this client was closed');
    this.#renewIfExpired();
    try {
      return await this.#exchange(request, signal);
    } catch (error) {
      if (!(error instanceof ConnectionError) || error.code !== 'unreachable') throw error;
      return await this.#exchange(request, signal);
    }
  }

  async #exchange(request: TransportRequest, signal: AbortSignal): Promise<TransportReply> {
    const timeoutMs = request.timeoutMs ?? stallTimeoutMs;
    const body = new OutgoingBody(request);
    try {
      const response = await this.#pools.pool(request.surface).request({
        method: request.method,
        path: request.path,
        headers: { ...request.headers, ...body.headers },
        // Any iterable of bytes is a body; the types leave that out.
        body: body.content as Readable,
        signal,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      return {
        status: response.statusCode,
        headers: singleHeaders(response.headers),
        body: await readBody(response.body, request.maxReplyBytes),
      };
    } catch (error) {
      throw body.failed ? body.failure : connectionErrorOf(error);
    }
  }

  #renewIfExpired(): void {
    const { connections } = this.#pools;
    if (!connections.expired) return;
    const { host, ports, policy, now } = this.#address;
    this.#server = this.server;
    // What runs may end: it was sent while the evidence held.
    this.#retired = Promise.all([this.#retired, this.#pools.close()]);
    this.#pools = new AttestedPools(new AttestedConnections(host, policy, now), ports, null);
  }
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop destroys the connection.
    if (bytes > maxBytes) {
      throw new ConnectionError('bad-reply', `the reply must have at most ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** A field that came more than once is none of ours. */
function singleHeaders(
  headers: Dispatcher.ResponseData['headers'],
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : undefined,
    ]),
  );
}

/** What a caller gets for a failure of the connection; errors of our own stay as they are. */
function connectionErrorOf(error: unknown): unknown {
  if (error instanceof BlindAIError || !(error instanceof Error)) return error;
  const details = { cause: error };
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new ConnectionError('timeout', 'the connection stalled', details);
  }
  if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError) {
    return new ConnectionError('closed', 'this client was closed', details);
  }
  if (
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.ResponseContentLengthMismatchError
  ) {
    return new ConnectionError('bad-reply', 'the reply is not HTTP as it should be', details);
  }
  return new ConnectionError(
    'connection-lost',
    'the connection broke; whether the request was processed is not known',
    details,
  );
}

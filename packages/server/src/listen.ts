import { constants, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  STATUS_CODES,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsOptions } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { encodeErrorText, errorStatuses, headers, ProtocolError } from '@blindai/protocol';
import type { App } from './app.ts';
import { errorReply } from './error-reply.ts';
import { ServerError } from './errors.ts';
import type { Identity } from './identity.ts';
import type { Config } from './settings.ts';
import type { Surface } from './surface.ts';

/** How long the last answers may take to reach their callers, once all work is done. */
const LAST_ANSWERS_MS = 1000;

/** One open port. */
export interface Listener {
  readonly surface: Surface;
  /** Where it listens, as `host:port`, with the port that was really given. */
  readonly address: string;
  readonly port: number;
  /** Takes no more connections, and lets each open one end with its present answer. */
  readonly stop: () => void;
  /** Lets answers that are on their way arrive, for a second, and ends every connection. */
  readonly close: () => Promise<void>;
}

/** What a listener needs. */
export interface ListenOptions {
  readonly surface: Surface;
  readonly host: string;
  readonly port: number;
  readonly app: App;
  readonly config: Config;
  readonly identity: Identity;
}

/**
 * Opens the port of one surface around the application: plain HTTP for the unattested one, TLS 1.3 with the
 * attested certificate for the others.
 *
 * @throws {ServerError} `port-in-use` or `address-unavailable`, naming the address.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { app, surface } = options;
  const server = createServer(options);
  const connections = new Set<Socket>();
  const answers = new WeakMap<Duplex, ServerResponse>();
  const answering = new Set<Socket>();
  let stopping = false;

  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const handle = getRequestListener(
    async (request, { incoming }) =>
      app(request, surface, incoming.socket.remoteAddress ?? 'unknown'),
    { overrideGlobalObjects: false, errorHandler: refuseBadTarget },
  );
  server.on('request', (incoming, outgoing) => {
    const { socket } = incoming;
    answers.set(socket, outgoing);
    answering.add(socket);
    outgoing.once('close', () => {
      if (stopping) socket.destroySoon();
      else answering.delete(socket);
    });
    void handle(incoming, outgoing);
  });
  server.on('timeout', (socket) => {
    // Until an answer begins, the application watches the time: it says why it gives up.
    if (answers.get(socket)?.headersSent !== false) socket.destroy();
  });
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    const isAnswering = answers.get(socket)?.writableFinished === false;
    const isHttp = /^(?:HPE|ERR_HTTP)_/.test(code);
    if (isHttp && !isAnswering && socket.writable) socket.end(badHeadReply(code));
    else socket.destroy();
  });
  await open(server, options);

  const closed = once(server, 'close');
  const { address, family, port } = server.address() as AddressInfo;
  return {
    surface,
    port,
    address: formatAddress(address, family, port),
    stop: () => {
      stopping = true;
      server.close();
    },
    close: async () => {
      if (!stopping) server.close();
      const sent = [...answering].map(async (socket) => finished(socket).catch(() => {}));
      await Promise.race([Promise.all(sent), sleep(LAST_ANSWERS_MS, undefined, { ref: false })]);
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

function createServer({ surface, config, identity }: ListenOptions): Server {
  const limits = {
    maxHeaderSize: config.maxHeaderBytes,
    headersTimeout: config.headersTimeoutMs,
    // A body is timed where it is read, because an upload may take longer.
    requestTimeout: 0,
    keepAliveTimeout: config.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(config.headersTimeoutMs, 1000),
    noDelay: true,
  };
  const server =
    surface === 'unattested'
      ? createHttpServer(limits)
      : createHttpsServer({ ...limits, ...tlsOptions(config, identity) });
  server.timeout = config.idleTimeoutMs;
  server.maxConnections = config.maxConnections;
  return server;
}

/** Nothing older than TLS 1.3, and no session that a client could resume without checking again. */
function tlsOptions(config: Config, { certificate, privateKeyPem }: Identity): TlsOptions {
  return {
    key: privateKeyPem,
    cert: new X509Certificate(certificate).toString(),
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: config.headersTimeoutMs,
  };
}

async function open(server: Server, { surface, host, port }: ListenOptions): Promise<void> {
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const where = `${formatAddress(host, isIPv6(host) ? 'IPv6' : 'IPv4', port)} (${surface} port)`;
    const { code } = cause as NodeJS.ErrnoException;
    throw code === 'EADDRINUSE'
      ? new ServerError('port-in-use', `another program listens at ${where}`, { cause })
      : new ServerError('address-unavailable', `cannot listen at ${where}: ${code}`, { cause });
  }
}

function formatAddress(host: string, family: string, port: number): string {
  return family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Answers what is no request for the application, which itself never rejects. */
function refuseBadTarget(): Response {
  return errorReply(
    new ProtocolError('malformed', 'the request target or its host is not valid'),
    'cbor',
  );
}

/** The whole answer to a head that could not be read, as bytes: there is no request to answer. */
function badHeadReply(code: string): Buffer {
  const refusal =
    code === 'HPE_HEADER_OVERFLOW'
      ? new ProtocolError('too-large', 'the head of the request is too large')
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new ProtocolError('too-slow', 'the head of the request must arrive faster')
        : new ProtocolError('malformed', 'the request is not valid HTTP');
  const status = errorStatuses[refusal.code];
  const body = encodeErrorText(refusal);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/cbor',
    `Content-Length: ${body.length}`,
    `${headers.error}: ${refusal.code}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

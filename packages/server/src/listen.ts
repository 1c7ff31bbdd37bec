import { constants, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsOptions } from 'node:tls';
import { encodeErrorText, errorStatuses, headers, ProtocolError } from '@blindai/protocol';
import type { App } from './app.ts';
import { errorReply } from './error-reply.ts';
import { ServerError } from './errors.ts';
import type { Identity } from './identity.ts';
import { QueuedAnswers } from './queued-answers.ts';
import type { Reply } from './reply.ts';
import { enforceHead } from './request-head.ts';
import { sendReply } from './send-reply.ts';
import type { Config } from './settings.ts';
import { SocketRequest } from './socket-request.ts';
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
  const { app, config, surface } = options;
  const server = createServer(options);
  const connections = new Set<Socket>();
  const answers = new WeakMap<Duplex, ServerResponse>();
  const answering = new Set<Socket>();
  const queued = new QueuedAnswers();
  let stopping = false;

  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<Reply> => {
    let request: SocketRequest;
    try {
      enforceHead(incoming, config.maxHeaderBytes);
      request = new SocketRequest(incoming, outgoing);
    } catch (error) {
      // What is no request for the application, which itself never rejects.
      return errorReply(error as ProtocolError, 'cbor');
    }
    return app(request, surface, incoming.socket.remoteAddress ?? 'unknown');
  };
  const answerRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { socket } = incoming;
    answers.set(socket, outgoing);
    answering.add(socket);
    queued.add(socket, outgoing);
    outgoing.once('close', () => {
      if (queued.areOn(socket)) return;
      if (stopping) socket.destroySoon();
      else answering.delete(socket);
    });
    void handle(incoming, outgoing).then(async (reply) => sendReply(reply, incoming, outgoing));
  };
  server.on('request', answerRequest);
  // Whatever else a client expects, an answer is what it gets (RFC 9110 §10.1.1).
  server.on('checkExpectation', answerRequest);
  server.on('connect', (_incoming, socket) => {
    // The server no longer watches such a socket.
    socket.on('error', () => {});
    socket.end(wholeReply(noTunnel), () => socket.destroy());
  });
  server.on('timeout', (socket) => {
    // Until an answer begins, the application watches the time: it says why it gives up.
    if (answers.get(socket)?.headersSent !== false) socket.destroy();
  });
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    const isHttp = /^(?:HPE|ERR_HTTP)_/.test(code);
    const mayAnswer = isHttp && isNextAnswer(answers.get(socket)) && socket.writable;
    if (mayAnswer) socket.end(wholeReply(refusalOfHttp(code)));
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
    // A missing host is refused where all others are, with a code.
    requireHostHeader: false,
  };
  const server =
    surface === 'unattested'
      ? createHttpServer(limits)
      : createHttpsServer({ ...limits, ...tlsOptions(config, identity) });
  server.timeout = config.idleTimeoutMs;
  // Their bytes are limited; beyond a number of its own Node would drop headers and say nothing.
  server.maxHeadersCount = 0;
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

const noTunnel = new ProtocolError('method-not-allowed', 'this server is no proxy');

/** Whether an answer to what is no HTTP cannot be taken for that to an earlier request. */
function isNextAnswer(last: ServerResponse | undefined): boolean {
  if (last === undefined || last.writableFinished) return true;
  // The body of the last request is what is no HTTP, and nothing is due before its own answer.
  return !last.headersSent && !last.req.complete && last.socket !== null;
}

/** Why the parser gave up. */
function refusalOfHttp(code: string): ProtocolError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new ProtocolError('too-large', 'the head of the request is too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProtocolError('too-slow', 'the head of the request must arrive faster');
    default:
      return new ProtocolError('malformed', 'the request is not valid HTTP');
  }
}

/** A whole answer as bytes, where there is no request that the application could answer. */
function wholeReply(refusal: ProtocolError): Buffer {
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

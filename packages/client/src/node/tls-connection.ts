import { connect, type TLSSocket } from 'node:tls';
import { ConnectionError } from '../errors.ts';

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A TLS connection to a peer that has proved nothing but that it holds the certificate's key. */
export interface TlsConnection {
  readonly socket: TLSSocket;
  /** The peer's certificate, exactly as it sent it, DER. */
  readonly certificate: Uint8Array;
  /** The key exchange's group, "unknown" where the library names none. */
  readonly group: string;
}

/**
 * Opens a TLS 1.3 connection without trusting it.
 *
 * The certificate is not verified here: no authority vouches for it, the evidence does. So nothing may be
 * sent on the connection but the request for that evidence until it was judged. All that matters is said
 * explicitly, because defaults can be changed from outside the program.
 *
 * @throws {ConnectionError} `unreachable`, `bad-transport`, or the signal's reason.
 */
export async function openTls(endpoint: Endpoint, signal: AbortSignal): Promise<TlsConnection> {
  signal.throwIfAborted();
  const socket = connect({
    ...endpoint,
    servername: 'blindai-srv',
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
    ALPNProtocols: ['http/1.1'],
    ca: [],
    rejectUnauthorized: false,
  });
  // Errors after the handshake reach whoever holds the socket by its being destroyed.
  socket.on('error', () => {});
  socket.setNoDelay(true);
  try {
    await handshake(socket, endpoint, signal);
    return inspectTls(socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * What there is to know of a connection after its handshake.
 *
 * @throws {ConnectionError} `bad-transport` for a resumed session, whose peer has shown no certificate, or
 * for another protocol.
 */
export function inspectTls(socket: TLSSocket): TlsConnection {
  if (socket.isSessionReused()) {
    throw new ConnectionError('bad-transport', 'the TLS session must not be a resumed one');
  }
  if (socket.getProtocol() !== 'TLSv1.3') {
    throw new ConnectionError('bad-transport', 'the connection must be TLS 1.3');
  }
  if (socket.alpnProtocol !== false && socket.alpnProtocol !== 'http/1.1') {
    throw new ConnectionError('bad-transport', 'the server must speak HTTP/1.1');
  }
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    throw new ConnectionError('bad-transport', 'the server must show a certificate');
  }
  return { socket, certificate: new Uint8Array(certificate.raw), group: groupOf(socket) };
}

async function handshake(
  socket: TLSSocket,
  { host, port }: Endpoint,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    const fail = (cause?: NodeJS.ErrnoException): void => {
      const reason = cause?.code ?? 'closed';
      const message = `could not open a TLS connection to ${host}, port ${port} (${reason})`;
      reject(new ConnectionError('unreachable', message, { cause }));
    };
    const close = (): void => fail();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('secureConnect', resolve).once('error', fail).once('close', close);
  });
}

function groupOf(socket: TLSSocket): string {
  const exchange = socket.getEphemeralKeyInfo();
  return (exchange !== null && 'name' in exchange ? exchange.name : undefined) ?? 'unknown';
}

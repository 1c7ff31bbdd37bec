import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import type { Identity } from './identity.ts';

/** What a server saw of one connection. */
export interface RecordedConnection {
  /** Every byte that came through TLS. */
  received: string;
  readonly resumed: boolean;
}

/** A TLS server that keeps all that it is sent. */
export interface RecordingServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly RecordedConnection[];
  /** How many TCP connections there were, with those that came to nothing. */
  readonly accepted: () => number;
  /** From now on another certificate is shown. */
  show(identity: Identity): void;
  /** Ends the open connections, not the server. */
  drop(): void;
  /** The next connections are reset before the handshake. */
  refuseNext(count: number): void;
}

/** What to do with a connection, right after its handshake. */
export type HandleConnection = (socket: TLSSocket, connection: RecordedConnection) => void;

/**
 * Starts one on a free port of this machine.
 */
export async function startRecordingServer(
  identity: Identity,
  handle: HandleConnection,
  tlsOptions: TlsOptions = {},
): Promise<RecordingServer> {
  const connections: RecordedConnection[] = [];
  const sockets = new Set<TLSSocket>();
  let accepted = 0;
  let refusals = 0;
  const server = createServer(
    { ALPNProtocols: ['http/1.1'], ...tlsOptions, key: identity.key, cert: identity.cert },
    (socket) => {
      const connection = { received: '', resumed: socket.isSessionReused() };
      connections.push(connection);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
      handle(socket, connection);
      // Last, so that an HTTP server that handles the connection lets others listen too.
      socket.on('data', (bytes: Buffer) => (connection.received += bytes.toString('latin1')));
    },
  );
  server.on('tlsClientError', () => {});
  server.prependListener('connection', (socket) => {
    accepted += 1;
    if (refusals === 0) return;
    refusals -= 1;
    socket.resetAndDestroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    accepted: () => accepted,
    show: ({ key, cert }) => server.setSecureContext({ ...tlsOptions, key, cert }),
    drop,
    refuseNext: (count) => {
      refusals = count;
    },
    [Symbol.asyncDispose]: async () => {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request's head with the same bytes, whatever was asked. */
export function answering(reply: (head: string) => string | Uint8Array): HandleConnection {
  return (socket) => {
    let head = '';
    socket.on('data', (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.write(reply(head));
      head = '';
    });
  };
}

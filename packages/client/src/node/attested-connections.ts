import type { TLSSocket } from 'node:tls';
import { limits } from '@blindai/protocol';
import { verifyFurtherConnection, type AttestedServer } from '../attested-server.ts';
import { ConnectionError } from '../errors.ts';
import type { ServerPolicy } from '../server-policy.ts';
import { attestConnection } from './attest-connection.ts';
import { startDeadline } from './deadline.ts';
import { openTls, type TlsConnection } from './tls-connection.ts';

/** A connection that data may go over, and the server at its end. */
export interface ReadyConnection {
  readonly server: AttestedServer;
  readonly socket: TLSSocket;
  /** To be called right before the connection is used; see `AttestedConnection.release`. */
  readonly release: () => void;
}

/** However long evidence holds, it is asked for again after this time. */
const maxAgeMs = 24 * 60 * 60 * 1000;

/**
 * Opens connections to a host, and lets none out whose peer did not prove what it is: a certificate that was
 * accepted before is taken again by its exact bytes, any other one has to be proved on its own connection.
 */
export class AttestedConnections {
  readonly #host: string;
  readonly #policy: ServerPolicy;
  readonly #now: () => Date;
  /** By certificate. Promises, so that connections opened together ask for one quote, not one each. */
  readonly #accepted = new Map<string, Promise<AttestedServer>>();
  #expiresAtMs = Infinity;
  #latest: AttestedServer | null = null;

  constructor(host: string, policy: ServerPolicy, now: () => Date) {
    this.#host = host;
    this.#policy = policy;
    this.#now = now;
  }

  /** The server that was verified last; null before the first. */
  get latest(): AttestedServer | null {
    return this.#latest;
  }

  /** Whether evidence that connections were let out for is too old to be believed. */
  get expired(): boolean {
    return this.#now().getTime() >= this.#expiresAtMs;
  }

  /** @throws {ConnectionError} and {@link AttestationError}; the connection is closed then. */
  async open(port: number, signal?: AbortSignal): Promise<ReadyConnection> {
    const deadline = startDeadline(limits.attestationTimeoutMs, signal);
    try {
      const connection = await openTls({ host: this.#host, port }, deadline.signal);
      deadline.clear();
      return await this.#admit(connection, signal);
    } finally {
      deadline.clear();
    }
  }

  async #admit(connection: TlsConnection, signal?: AbortSignal): Promise<ReadyConnection> {
    const { socket } = connection;
    try {
      const certificate = Buffer.from(connection.certificate).toString('base64');
      const accepted = this.#accepted.get(certificate);
      if (accepted === undefined) return await this.#attest(connection, certificate, signal);
      const server = await accepted;
      verifyFurtherConnection(server, connection.group, this.#policy);
      return { server, socket, release: () => refuseIfClosed(socket) };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  async #attest(
    connection: TlsConnection,
    certificate: string,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ReadyConnection> {
    const attested = attestConnection(connection, this.#policy, this.#now, signal);
    const accepted = attested.then(({ server }) => this.#accept(server));
    this.#accepted.set(certificate, accepted);
    try {
      return {
        server: await accepted,
        socket: connection.socket,
        release: (await attested).release,
      };
    } catch (error) {
      this.#accepted.delete(certificate);
      throw error;
    }
  }

  #accept(server: AttestedServer): AttestedServer {
    const expiresAtMs = Math.min(
      server.claims.validUntil.getTime(),
      this.#now().getTime() + maxAgeMs,
    );
    this.#expiresAtMs = Math.min(this.#expiresAtMs, expiresAtMs);
    this.#latest = server;
    return server;
  }
}

function refuseIfClosed(socket: TLSSocket): void {
  if (socket.destroyed) {
    throw new ConnectionError('unreachable', 'the server closed the connection');
  }
}

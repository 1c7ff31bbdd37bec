import type { TLSSocket } from 'node:tls';
import { limits } from '@blindai/protocol';
import { Pool, type buildConnector } from 'undici';
import type { TransportRequest } from '../transport.ts';
import type { AttestedConnections, ReadyConnection } from './attested-connections.ts';

/** The listener that a request goes to. */
type Surface = TransportRequest['surface'];

/** Shorter than the server's, so that it is this side that closes what is idle. */
const idleTimeoutMs = limits.idleTimeoutMs / 2;

/** Pools whose every connection comes from {@link AttestedConnections}, so that no other way out exists. */
export class AttestedPools {
  readonly connections: AttestedConnections;
  readonly #ports: Readonly<Record<Surface, number>>;
  readonly #pools: Readonly<Record<Surface, Pool>>;
  /** The attested connection that is open already, until a request takes it. */
  #spare: ReadyConnection | null;

  constructor(
    connections: AttestedConnections,
    ports: Readonly<Record<Surface, number>>,
    spare: ReadyConnection | null,
  ) {
    this.connections = connections;
    this.#ports = ports;
    this.#pools = {
      attested: this.#createPool('attested'),
      management: this.#createPool('management'),
    };
    this.#spare = spare;
    // An idle connection must not keep the process alive.
    spare?.socket.unref();
  }

  pool(surface: Surface): Pool {
    return this.#pools[surface];
  }

  /** Lets running requests end and closes the connections. */
  async close(): Promise<void> {
    this.#spare?.socket.destroy();
    this.#spare = null;
    await Promise.all([this.#pools.attested.close(), this.#pools.management.close()]);
  }

  #createPool(surface: Surface): Pool {
    // The origin names the server for HTTP only; where to connect is decided below.
    return new Pool('https://blindai-srv', {
      connect: (_options, callback) => {
        void this.#answer(surface, callback);
      },
      pipelining: 1,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
    });
  }

  async #answer(surface: Surface, callback: buildConnector.Callback): Promise<void> {
    let socket: TLSSocket;
    try {
      socket = await this.#connect(surface);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    callback(null, socket);
  }

  async #connect(surface: Surface): Promise<TLSSocket> {
    const connection =
      this.#takeSpare(surface) ?? (await this.connections.open(this.#ports[surface]));
    connection.release();
    return connection.socket.ref();
  }

  #takeSpare(surface: Surface): ReadyConnection | null {
    const spare = this.#spare;
    if (surface !== 'attested' || spare === null) return null;
    this.#spare = null;
    return spare.socket.destroyed ? null : spare;
  }
}

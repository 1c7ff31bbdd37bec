import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { Pool } from 'undici';
import { processorMs } from '../../test/support/process-watch.ts';
import { Worker } from '../worker.ts';
import type { TransportOrder } from './transport-order.ts';

/** Requests of some size to a server that does nothing with them, over TLS 1.3 with the HTTP library that the client uses. */
export class BareTransport implements AsyncDisposable {
  readonly #worker: Worker<TransportOrder>;
  readonly #pool: Pool;
  readonly #port: number;

  private constructor(worker: Worker<TransportOrder>, port: number) {
    this.#worker = worker;
    this.#port = port;
    this.#pool = new Pool(`https://127.0.0.1:${port}`, {
      connections: 1,
      connect: { ...tlsOptions, noDelay: true },
    });
  }

  static async start(): Promise<BareTransport> {
    const worker = new Worker<TransportOrder>('transport-process.js', import.meta.url);
    return new BareTransport(worker, (await worker.ready()) as number);
  }

  /** The processor time that its server has used so far, in milliseconds. */
  processorMs(): number {
    return processorMs(this.#worker.pid);
  }

  /** How long round trips take, each after a gap, in milliseconds. */
  async paced(
    body: Uint8Array,
    replyBytes: number,
    count: number,
    gapMs: number,
  ): Promise<number[]> {
    await this.#worker.ask({ kind: 'answer-with', bytes: replyBytes });
    const times: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      await sleep(gapMs);
      const started = performance.now();
      const reply = await this.#pool.request({ path: '/', method: 'POST', body });
      await reply.body.arrayBuffer();
      times.push(performance.now() - started);
    }
    return times;
  }

  /** How long it takes to open a connection, in milliseconds. */
  async handshakes(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      const started = performance.now();
      const socket = await handshake(this.#port);
      times.push(performance.now() - started);
      socket.destroy();
    }
    return times;
  }

  /** How long it takes to send so many bytes in pieces, in milliseconds. */
  async send(pieces: () => AsyncIterable<Uint8Array>, bytes: number): Promise<number> {
    await this.#worker.ask({ kind: 'answer-with', bytes: 0 });
    const started = performance.now();
    const reply = await this.#pool.request({
      path: '/',
      method: 'POST',
      headers: { 'content-length': `${bytes}` },
      body: Readable.from(pieces()),
    });
    await reply.body.arrayBuffer();
    return performance.now() - started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
    await this.#worker[Symbol.asyncDispose]();
  }
}

/** Its certificate is made when it starts; nothing is sent to it that matters. */
const tlsOptions = { minVersion: 'TLSv1.3', rejectUnauthorized: false } as const;

async function handshake(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...tlsOptions });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

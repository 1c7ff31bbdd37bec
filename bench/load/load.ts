import type { Served } from '../serving/served.ts';
import type { ServedModel } from '../serving/served-model.ts';
import { Worker } from '../worker.ts';
import type { Arrivals, LoadOrder, Saturation } from './load-order.ts';

/** Load on one model of a server, from a process of its own. */
export class Load implements AsyncDisposable {
  readonly #worker = new Worker<LoadOrder>('load-process.js', import.meta.url);

  private constructor() {}

  /** Opens connections to a server that was verified over the model's own. */
  static async start(served: Served, model: ServedModel, connections: number): Promise<Load> {
    const load = new Load();
    await load.#worker.ask({
      kind: 'aim',
      host: served.host,
      port: served.options.attestedPort,
      certificate: model.client.certificate,
      request: requestOf(model.body),
      connections,
    });
    return load;
  }

  async saturate(durationMs: number): Promise<Saturation> {
    return (await this.#worker.ask({ kind: 'saturate', durationMs })) as Saturation;
  }

  async arrivals(gapMs: number, durationMs: number): Promise<Arrivals> {
    return (await this.#worker.ask({ kind: 'arrivals', gapMs, durationMs })) as Arrivals;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }
}

function requestOf(body: Uint8Array): Uint8Array {
  const head = [
    'POST /run HTTP/1.1',
    'Host: blindai-srv',
    'Accept: application/cbor',
    'Content-Type: application/cbor',
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

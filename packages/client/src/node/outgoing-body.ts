import type { TransportRequest } from '../transport.ts';

/** A small body goes out in one piece with its head. */
const smallBodyBytes = 65_536;

/** A request's body on its way out, which tells its own failure from that of the connection. */
export class OutgoingBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | null;
  /** Whether reading the body failed. */
  failed = false;
  /** What reading it threw. */
  failure: unknown;

  constructor({ body, bodyBytes }: Pick<TransportRequest, 'body' | 'bodyBytes'>) {
    this.headers = bodyBytes === null ? {} : { 'content-length': `${bodyBytes}` };
    if (body === null) this.content = null;
    else if (!Array.isArray(body)) this.content = this.#watch(body);
    else if (bodyBytes !== null && bodyBytes > smallBodyBytes) this.content = body;
    else this.content = Buffer.concat(body as readonly Uint8Array[]);
  }

  async *#watch(
    body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      this.failed = true;
      this.failure = error;
      throw error;
    }
  }
}

import type { IncomingMessage } from 'node:http';
import type { BodyReader, BodySource } from './request.ts';

/** As much as may wait to be read, in bytes, before the sender has to wait. */
const MOST_WAITING_BYTES = 256 * 1024;

type ReadResult = Awaited<ReturnType<BodyReader['read']>>;

/** Somebody who waits for a chunk. */
interface Waiting {
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: Error) => void;
}

const end: ReadResult = { done: true };

/**
 * The body of a request on its way in. Chunks are handed on as the socket gives them, neither copied nor
 * joined: a large body comes in dozens, and streams of the web would cost more than all else that is done to
 * them.
 */
export class IncomingBody implements BodySource, BodyReader {
  readonly #incoming: IncomingMessage;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isOver = false;
  #failure: Error | null = null;
  /** Who waits for the next chunk. */
  #reader: Waiting | null = null;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  /** Nothing is read from the socket before this. */
  getReader(): BodyReader {
    const incoming = this.#incoming;
    if (incoming.destroyed && !incoming.complete) this.#fail();
    incoming.on('data', this.#take).once('end', this.#end);
    incoming.once('error', this.#fail).once('close', this.#fail);
    return this;
  }

  async read(): Promise<ReadResult> {
    const chunk = this.#waiting.shift();
    if (chunk !== undefined) {
      this.#waitingBytes -= chunk.length;
      if (this.#waiting.length === 0) this.#incoming.resume();
      return { done: false, value: chunk };
    }
    if (this.#isOver) return end;
    if (this.#failure !== null) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  async cancel(): Promise<void> {
    this.#waiting.length = 0;
    this.#isOver = true;
    this.#settle((reader) => reader.resolve(end));
    this.#incoming.off('data', this.#take);
    // Once the answer is sent, somebody else reads past the rest.
    if (this.#incoming.listenerCount('data') === 0) this.#incoming.pause();
  }

  readonly #take = (chunk: Uint8Array): void => {
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader.resolve({ done: false, value: chunk });
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.#incoming.pause();
  };

  readonly #end = (): void => {
    this.#isOver = true;
    this.#settle((reader) => reader.resolve(end));
  };

  /** The connection is gone; after the end of the body that is no failure. */
  readonly #fail = (): void => {
    if (this.#isOver) return;
    const failure = (this.#failure ??= new Error('the connection ended before the body did'));
    this.#settle((reader) => reader.reject(failure));
  };

  #settle(how: (reader: Waiting) => void): void {
    const reader = this.#reader;
    this.#reader = null;
    if (reader !== null) how(reader);
  }
}

import type { CancellationSignal } from './cancellation.ts';

/**
 * What the application looks at of a request. A `Request` of the web has all of it, and so has what comes from
 * a socket, without the cost of one.
 */
export interface HttpRequest {
  readonly method: string;
  /** Absolute; host and scheme mean nothing. */
  readonly url: string;
  readonly headers: Pick<Headers, 'get' | 'has'>;
  /** What the request came over, the same for all that came over it; undefined where there is none. */
  readonly connection?: object;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: CancellationSignal;
  /** Null where there is none. */
  readonly body: BodySource | null;
}

/** Where a body's chunks come from, to be read once. A `ReadableStream` is one. */
export interface BodySource {
  getReader(): BodyReader;
}

/** Takes the chunks one by one. */
export interface BodyReader {
  /** Rejects when the connection ends before the body does. */
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** No more of them are wanted. */
  cancel(): Promise<void>;
}

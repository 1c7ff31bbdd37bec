/** What the measured server is asked for, besides what everybody may ask it over the network. */
export type ServerOrder =
  /** Begins to measure how late its event loop is. */
  | { readonly kind: 'watch-loop' }
  /** Answers a {@link LoopDelay} since then. */
  | { readonly kind: 'loop-delay' }
  /** Begins to note when runs pass what they pass. */
  | { readonly kind: 'watch-stages' }
  /** Answers {@link Stages} of every run since the last answer. */
  | { readonly kind: 'stages' };

/** How late the event loop was, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** When a run passed what it passed, in milliseconds since its request's head was read. */
export interface Stages {
  /** The last byte of its body was there. */
  readonly received: number;
  /** Its inputs were handed to a runner. */
  readonly started: number;
  /** Its outputs were there. */
  readonly finished: number;
  /** The first byte of the answer was handed to the connection. */
  readonly firstByte: number;
  /** The last one was. */
  readonly answered: number;
}

/** What a process that makes load is asked for. */
export type LoadOrder =
  /** Opens connections, over which the same request will be sent again and again. */
  | {
      readonly kind: 'aim';
      readonly host: string;
      readonly port: number;
      /** What the server must show, DER: it was verified by somebody else. */
      readonly certificate: Uint8Array;
      /** Head and body as they go over the wire. */
      readonly request: Uint8Array;
      readonly connections: number;
    }
  /** On each connection one request after the other. Answers {@link Saturation}. */
  | { readonly kind: 'saturate'; readonly durationMs: number }
  /** Requests at equal gaps, however long those before take. Answers {@link Arrivals}. */
  | { readonly kind: 'arrivals'; readonly gapMs: number; readonly durationMs: number };

/** What a server did under as much load as there were connections. */
export interface Saturation {
  readonly answers: number;
  /** Answers a second. */
  readonly rate: number;
  /** Cores that making the load kept busy. */
  readonly ownCores: number;
}

/** What a server did under load at a given rate. */
export interface Arrivals {
  /** From when each request was due until its answer was there, in milliseconds. */
  readonly times: readonly number[];
  /** Requests that were refused, or lost. */
  readonly unanswered: number;
  /** How late the requests were sent themselves, 99 of 100, in milliseconds. */
  readonly latenessMs: number;
}

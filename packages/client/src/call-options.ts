/** What every call takes. */
export interface CallOptions {
  /** Gives up after this long, with `timeout`. Each call says its default. */
  readonly timeoutMs?: number | undefined;
  /** Gives up when it says so, with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

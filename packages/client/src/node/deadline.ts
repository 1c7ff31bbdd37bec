import { ConnectionError } from '../errors.ts';

/** A signal that fires when a time has passed or the caller's signal does, whichever is first. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the clock and lets go of the caller's signal. */
  clear(): void;
}

/**
 * Starts a deadline. The signal's reason is a {@link ConnectionError}: `timeout`, or `aborted` with the
 * caller's reason as its cause.
 *
 * @param timeoutMs - Null: none but the caller's signal.
 * @throws {TypeError} for a time that a timer cannot keep.
 */
export function startDeadline(timeoutMs: number | null, signal?: AbortSignal): Deadline {
  // A timer takes anything else for one millisecond.
  if (timeoutMs !== null && !(timeoutMs > 0 && timeoutMs < 2 ** 31)) {
    throw new TypeError('timeoutMs must be above 0 and below 2^31');
  }
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(
      new ConnectionError('aborted', 'the call was aborted', { cause: signal?.reason }),
    );
  };
  const expire = (): void => {
    controller.abort(new ConnectionError('timeout', `no answer within ${timeoutMs} ms`));
  };
  const timer = timeoutMs === null ? undefined : setTimeout(expire, timeoutMs);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    },
  };
}

import { Cancellation, type CancellationSignal } from '../cancellation.ts';

/** A moment at which something is given up; its signal is aborted with the error that says why. */
export class Deadline {
  readonly #cancellation = new Cancellation();
  #timer: NodeJS.Timeout | undefined;

  /** Aborted when the time is up, or by `giveUp`. */
  get signal(): CancellationSignal {
    return this.#cancellation;
  }

  /** Sets or moves the moment. The reason is made when it has come. */
  expireIn(timeoutMs: number, reason: () => Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(reason()), timeoutMs);
  }

  giveUp(reason: Error): void {
    clearTimeout(this.#timer);
    this.#cancellation.abort(reason);
  }

  /** It was in time: nothing expires any more. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Waits for a promise, but not beyond a signal; the promise itself goes on.
 *
 * @throws the signal's reason, if it is aborted first.
 */
export async function waitUntil<Value>(
  promise: Promise<Value>,
  until: CancellationSignal,
): Promise<Value> {
  until.throwIfAborted();
  let giveUp: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(until.reason);
    until.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    until.removeEventListener('abort', giveUp!);
  }
}

import { ProtocolError } from '@blindai/protocol';
import { Cancellation, type CancellationSignal } from './cancellation.ts';

interface Running {
  readonly done: Promise<unknown>;
  readonly giveUp: (reason: ProtocolError) => void;
}

/**
 * What the server is doing, so that it can stop in order: first no new work, then an end to what still runs
 * (wire.md, "Limits": SIGTERM).
 */
export class Work {
  readonly #running = new Set<Running>();
  #draining = false;

  /** Is new work refused? */
  get draining(): boolean {
    return this.#draining;
  }

  /**
   * Does a piece of work. It is given up, and its signal aborted, when the caller is gone or the server ends
   * what runs.
   *
   * @param caller - Aborted when nobody waits for the result any more.
   * @throws {ProtocolError} `going-down` if new work is refused or this was ended, `malformed` if the caller
   *   is gone, else what the work throws.
   */
  async run<T>(
    work: (signal: CancellationSignal) => Promise<T>,
    caller: CancellationSignal,
  ): Promise<T> {
    if (this.#draining) throw goingDown();
    const end = new Cancellation();
    const givenUp = new Promise<never>((_, reject) => {
      end.addEventListener('abort', () => reject(end.reason));
    });
    const onCallerGone = (): void =>
      end.abort(new ProtocolError('malformed', 'the connection ended before the answer'));
    if (caller.aborted) onCallerGone();
    else caller.addEventListener('abort', onCallerGone);
    const done = Promise.race([work(end), givenUp]);
    const running = { done, giveUp: (reason: ProtocolError) => end.abort(reason) };
    this.#running.add(running);
    try {
      return await done;
    } finally {
      caller.removeEventListener('abort', onCallerGone);
      this.#running.delete(running);
    }
  }

  /** Refuses new work at once; resolves when none runs any more, and ends what does after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(() => {
      for (const { giveUp } of this.#running) giveUp(goingDown());
    }, timeoutMs);
    await Promise.allSettled([...this.#running].map(({ done }) => done));
    clearTimeout(timer);
  }
}

function goingDown(): ProtocolError {
  return new ProtocolError('going-down', 'the server is going down');
}

/** Tells that something is given up, and why. An `AbortSignal` is one. */
export interface CancellationSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Gives something up, for what every request needs. Node keeps an `AbortSignal` until all of its memory is
 * collected, with whatever its listeners hold: three for each request meant such a collection every second
 * under load, and answers that came tens of milliseconds late.
 */
export class Cancellation implements CancellationSignal {
  readonly #listeners = new Set<() => void>();
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** What it was given up with; undefined before. */
  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  /** The listener is called once, and never if it comes too late. It must not throw. */
  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#aborted) this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Gives up. Whatever comes after the first call changes nothing. */
  abort(reason: Error): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    // One may remove another, which is not called then.
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener);
      listener();
    }
  }
}

/** Is given up with the first of several signals, for as long as it is not disposed of. */
export class FirstOf extends Cancellation implements Disposable {
  readonly #signals: readonly CancellationSignal[];
  readonly #follow = (): void => {
    const first = this.#signals.find(({ aborted }) => aborted)!;
    this[Symbol.dispose]();
    this.abort(first.reason as Error);
  };

  constructor(signals: readonly CancellationSignal[]) {
    super();
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener('abort', this.#follow);
    if (signals.some(({ aborted }) => aborted)) this.#follow();
  }

  /** Follows the signals no more: one that lives longer would keep it. */
  [Symbol.dispose](): void {
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#follow);
  }
}

import { ProtocolError, type TensorBytes } from '@blindai/protocol';
import { Deadline } from './deadline.ts';
import type { NamedTensorBytes } from './signature.ts';

/**
 * How long a run goes on whose caller has left. The engine can only be stopped by killing its process, which
 * costs the next caller a load: most runs are over sooner, and those that are not waste a core for nobody.
 */
const abandonedMs = 1000;

/** How a caller bounds a run. */
export interface RunOptions {
  /** From the call to the answer, waiting included. */
  readonly timeoutMs: number;
  /** Aborted when the caller has left. */
  readonly signal?: AbortSignal;
  /**
   * Asks for room for the outputs, in bytes, before they are taken from the model's process. May throw
   * {@link ProtocolError}, which is the run's answer then; the process goes on. Default: there is room.
   */
  readonly hold?: (bytes: number) => void;
}

/** A run from the call to its answer: it waits, is started, and settles once. */
export class PendingRun {
  readonly inputs: readonly NamedTensorBytes[];
  readonly hold: RunOptions['hold'];
  /** What the caller waits for. */
  readonly answer: Promise<TensorBytes[]>;
  readonly #deadline = new Deadline();
  readonly #signal: AbortSignal | undefined;
  readonly #leave = (): void => this.#abandon();
  #isStarted = false;
  #resolve!: (outputs: TensorBytes[]) => void;
  #reject!: (error: unknown) => void;

  constructor(inputs: readonly NamedTensorBytes[], { timeoutMs, signal, hold }: RunOptions) {
    signal?.throwIfAborted();
    this.inputs = inputs;
    this.hold = hold;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.#leave);
    // A run that never started can be tried again: that is another answer than one that hangs.
    this.#deadline.expireIn(timeoutMs, () =>
      this.#isStarted
        ? new ProtocolError('model-timeout', `the model did not answer within ${timeoutMs} ms`)
        : new ProtocolError(
            'too-many-requests',
            `the model was busy or starting for all of ${timeoutMs} ms`,
          ),
    );
    // A run that waits is answered at once; one that runs is answered when its process is gone.
    this.until.addEventListener('abort', () => {
      if (!this.#isStarted) this.fail(this.until.reason);
    });
  }

  /** Aborted when the run is to be given up; the reason is what its caller gets. */
  get until(): AbortSignal {
    return this.#deadline.signal;
  }

  /** From here on the engine works on it. */
  start(): void {
    this.#isStarted = true;
  }

  cancel(reason: ProtocolError): void {
    this.#deadline.giveUp(reason);
  }

  succeed(outputs: TensorBytes[]): void {
    this.#settle();
    this.#resolve(outputs);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#deadline.clear();
    this.#signal?.removeEventListener('abort', this.#leave);
  }

  /** The caller hears at once; the process gets a little longer. */
  #abandon(): void {
    const reason = this.#signal?.reason as Error;
    this.#reject(reason);
    if (this.#isStarted) this.#deadline.expireIn(abandonedMs, () => abandoned);
    else this.#deadline.giveUp(reason);
  }
}

const abandoned = new ProtocolError('model-timeout', 'nobody waits for the answer any more');

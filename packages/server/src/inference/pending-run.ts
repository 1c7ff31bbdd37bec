import { ProtocolError, type TensorBytes } from '@blindai/protocol';
import type { CancellationSignal } from '../cancellation.ts';
import { Deadline } from './deadline.ts';
import { rowsOf } from './rows.ts';
import type { NamedTensorBytes } from './signature.ts';

/**
 * How long a run goes on that nobody waits for any more. The engine can only be stopped by killing its process,
 * which costs the next caller a load: most runs are over sooner, and those that are not waste a core for nobody.
 */
const abandonedMs = 1000;

/** How a caller bounds a run. */
export interface RunOptions {
  /** From the call to the answer, waiting included: then the process of a run that computes is killed. */
  readonly timeoutMs: number;
  /** When the caller gives up, if sooner. A run that computes then goes on for at most a second. */
  readonly callerTimeoutMs?: number | undefined;
  /** Who asks: callers share a model evenly. Default: somebody else each time. */
  readonly caller?: unknown;
  /** Aborted when the caller has left. */
  readonly signal?: CancellationSignal;
  /**
   * Asks for room for the outputs, in bytes, before they are taken from the model's process. May throw
   * {@link ProtocolError}, which is the run's answer then; the process goes on. Default: there is room.
   */
  readonly hold?: (bytes: number) => void;
}

/** A run from the call to its answer: it waits, is started, and settles once. */
export class PendingRun {
  readonly inputs: readonly NamedTensorBytes[];
  /** How many rows all inputs have; null if they have none, or not equally many. */
  readonly rows: number | null;
  readonly caller: unknown;
  readonly hold: RunOptions['hold'];
  /** What the caller waits for. */
  readonly answer: Promise<TensorBytes[]>;
  readonly #deadline = new Deadline();
  readonly #callerDeadline: NodeJS.Timeout | undefined;
  readonly #signal: CancellationSignal | undefined;
  readonly #leave = (): void => this.#abandon(this.#signal?.reason as Error);
  #startedAt: number | null = null;
  #hung = false;
  #resolve!: (outputs: TensorBytes[]) => void;
  #reject!: (error: unknown) => void;

  constructor(inputs: readonly NamedTensorBytes[], options: RunOptions) {
    const { timeoutMs, signal, callerTimeoutMs = timeoutMs } = options;
    signal?.throwIfAborted();
    this.inputs = inputs;
    this.rows = rowsOf(inputs);
    this.caller = options.caller ?? Symbol('somebody else');
    this.hold = options.hold;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = signal;
    signal?.addEventListener('abort', this.#leave);
    this.#deadline.expireIn(timeoutMs, () => {
      const computedMs = this.#startedAt === null ? 0 : performance.now() - this.#startedAt;
      this.#hung = computedMs >= timeoutMs / 2;
      return this.#tooLate(timeoutMs);
    });
    if (callerTimeoutMs < timeoutMs) {
      this.#callerDeadline = setTimeout(
        () => this.#abandon(this.#tooLate(callerTimeoutMs)),
        callerTimeoutMs,
      );
    }
    // A run that waits is answered at once; one that runs is answered when its process is gone.
    this.until.addEventListener('abort', () => {
      if (!this.isStarted) this.fail(this.until.reason);
    });
  }

  /** Aborted when the run is to be given up; the reason is what its caller gets. */
  get until(): CancellationSignal {
    return this.#deadline.signal;
  }

  get isStarted(): boolean {
    return this.#startedAt !== null;
  }

  /** Whether its deadline came after it had computed for at least half of its time. */
  get hung(): boolean {
    return this.#hung;
  }

  /** From here on the engine works on it. */
  start(): void {
    this.#startedAt ??= performance.now();
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
    clearTimeout(this.#callerDeadline);
    this.#signal?.removeEventListener('abort', this.#leave);
  }

  /** A run that never started can be tried again: that is another answer than one that hangs. */
  #tooLate(timeoutMs: number): ProtocolError {
    return this.isStarted
      ? new ProtocolError('model-timeout', `the model did not answer within ${timeoutMs} ms`)
      : new ProtocolError(
          'too-many-requests',
          `the model was busy or starting for all of ${timeoutMs} ms`,
        );
  }

  /** The caller hears at once; the process gets a little longer. */
  #abandon(reason: Error): void {
    this.#reject(reason);
    if (this.isStarted) this.#deadline.expireIn(abandonedMs, () => abandoned);
    else this.#deadline.giveUp(reason);
  }
}

const abandoned = new ProtocolError('model-timeout', 'nobody waits for the answer any more');

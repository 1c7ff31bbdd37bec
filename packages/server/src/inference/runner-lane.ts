import type { ProtocolError } from '@blindai/protocol';
import { Cancellation, type CancellationSignal } from '../cancellation.ts';
import { readProcessMemory } from '../platform/process-memory.ts';
import type { RunnerProcess } from './runner-process.ts';

/**
 * One of the places in which a model's runs are computed: it has one process at a time, which is started when
 * it is needed and started again when it has died.
 */
export class RunnerLane {
  /** Threads of the engine in its process. */
  readonly threads: number;
  /** Whether somebody takes runs from the queue for it. */
  isBusy = false;
  /** Ends it when it was idle for long. */
  idleTimer: NodeJS.Timeout | undefined;
  readonly #ending = new Cancellation();
  readonly #start: (lane: RunnerLane) => Promise<RunnerProcess>;
  #runner: RunnerProcess | null = null;
  #starting: Promise<RunnerProcess> | null = null;

  /**
   * @param start - Starts a process and loads the model there, until `ending` is aborted; tells by `adopt` once
   *   there is one.
   */
  constructor(threads: number, start: (lane: RunnerLane) => Promise<RunnerProcess>) {
    this.threads = threads;
    this.#start = start;
  }

  /** Aborted with the reason when the lane is given up. */
  get ending(): CancellationSignal {
    return this.#ending;
  }

  get isStarting(): boolean {
    return this.#starting !== null;
  }

  get isAlive(): boolean {
    return this.#starting === null && this.#runner?.isAlive === true;
  }

  /** What its process holds in physical memory. */
  get residentBytes(): number {
    const pid = this.#runner?.isAlive === true ? this.#runner.pid : 0;
    return pid === 0 ? 0 : (readProcessMemory(pid)?.residentBytes ?? 0);
  }

  /** The process to run on: the one there is, or a new one. */
  ready(): Promise<RunnerProcess> {
    if (this.#starting !== null) return this.#starting;
    if (this.#runner?.isAlive === true) return Promise.resolve(this.#runner);
    // One start at a time, for which `end` can wait.
    const starting = this.#restart().finally(() => {
      this.#starting = null;
    });
    // Those who wait for it may have left before it fails.
    starting.catch(() => undefined);
    this.#starting = starting;
    return starting;
  }

  /** From here on a process is this lane's, loaded or not. */
  adopt(runner: RunnerProcess): void {
    this.#runner = runner;
  }

  /** Gives it up, with what just starts in it; resolves when its process is gone. It starts no other. */
  async end(reason: ProtocolError): Promise<void> {
    clearTimeout(this.idleTimer);
    this.#ending.abort(reason);
    await this.#starting?.catch(() => undefined);
    this.#runner?.kill(reason);
    await this.#runner?.ended;
  }

  async #restart(): Promise<RunnerProcess> {
    // The process before is dying: two in one place would exceed its memory.
    await this.#runner?.ended;
    return this.#start(this);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolError, type ModelHealth, type TensorBytes } from '@blindai/protocol';
import type { Log, LogFields } from '../log.ts';
import type { SealedModel } from '../models/model-bytes.ts';
import type { CoreSlots } from './core-slots.ts';
import { Deadline, waitUntil } from './deadline.ts';
import { PendingRun, type RunOptions } from './pending-run.ts';
import { RunnerProcess, type RunnerEnd, type RunnerHost } from './runner-process.ts';
import { matchInputs, type ModelSignature } from './signature.ts';

/** How a model is to be run. */
export interface ModelSettings {
  /** True: the engine's full graph optimisation; false: none. */
  readonly optimize: boolean;
  /**
   * `per-caller`: no process ever serves two runs, so that a model cannot keep one caller's inputs for
   * another. Default `shared`.
   */
  readonly runner?: 'shared' | 'per-caller';
}

/** What all models of one server share. */
export interface ModelHost {
  readonly runners: RunnerHost;
  readonly slots: CoreSlots;
  readonly maxQueuedRuns: number;
  readonly loadTimeoutMs: number;
  readonly log: Log;
}

const mostCrashes = 3;
const firstBackoffMs = 100;

/**
 * One model and the process that runs it, one run after the other. A process that died is started again when
 * the next run comes, after a pause; after three crashes in a row no more. A run that was given up, for its
 * deadline or because its caller left, ends the process too, but is no crash: the model may be innocent.
 */
export class HostedModel {
  readonly #model: SealedModel;
  readonly #settings: ModelSettings;
  readonly #host: ModelHost;
  readonly #about: Pick<LogFields, 'modelRef'>;
  readonly #closing = new AbortController();
  readonly #queue = new Set<PendingRun>();
  #current: PendingRun | null = null;
  #signature: ModelSignature | null = null;
  #runner: RunnerProcess | null = null;
  #starting: Promise<RunnerProcess> | null = null;
  #crashes = 0;
  #quarantine: ProtocolError | null = null;

  constructor(
    model: SealedModel,
    settings: ModelSettings,
    host: ModelHost,
    about: Pick<LogFields, 'modelRef'>,
  ) {
    this.#model = model;
    this.#settings = settings;
    this.#host = host;
    this.#about = about;
  }

  /** What the model takes and gives. Known once it was loaded. */
  get signature(): ModelSignature {
    if (this.#signature === null) throw new TypeError('the model is not loaded');
    return this.#signature;
  }

  /** Whether a run would be taken now, and if not why. */
  get health(): ModelHealth {
    if (this.#quarantine !== null) {
      return { state: 'quarantined', reason: this.#quarantine.message };
    }
    if (this.#starting !== null) {
      return { state: 'loading', reason: "the model's process is being started" };
    }
    return { state: 'ready', reason: '' };
  }

  /** Loads the model for the first time. */
  async load(timeoutMs: number): Promise<void> {
    const runner = await this.#once(this.#start(timeoutMs));
    this.#signature = runner.signature;
  }

  async run(inputs: readonly TensorBytes[], options: RunOptions): Promise<TensorBytes[]> {
    this.#enforceOpen();
    const { limits } = this.#host.runners;
    const run = new PendingRun(matchInputs(this.signature, inputs, limits.maxRank), options);
    if (this.#current !== null && this.#queue.size >= this.#host.maxQueuedRuns) {
      run.cancel(new ProtocolError('too-many-requests', 'too many runs wait for this model'));
      return run.answer;
    }
    this.#queue.add(run);
    run.until.addEventListener('abort', () => this.#queue.delete(run));
    if (this.#current === null) void this.#serve();
    return run.answer;
  }

  /** Ends the process, and answers whoever waits with the reason. Resolves when the process is gone. */
  async close(reason: ProtocolError): Promise<void> {
    this.#closing.abort(reason);
    this.#refuseWaiting(reason);
    await this.#starting?.catch(() => undefined);
    this.#runner?.kill(reason);
    await this.#runner?.ended;
  }

  async #serve(): Promise<void> {
    // A set can be added to while it is gone through: this ends when no run waits.
    for (const run of this.#queue) {
      this.#queue.delete(run);
      this.#current = run;
      await this.#answer(run);
      this.#current = null;
    }
  }

  async #answer(run: PendingRun): Promise<void> {
    try {
      const runner = await waitUntil(this.#ready(), run.until);
      const endTurn = await this.#host.slots.take(run.until);
      try {
        run.start();
        run.succeed(await runner.run(run.inputs, run.until, run.hold));
        this.#crashes = 0;
      } finally {
        endTurn();
        if (this.#settings.runner === 'per-caller') await this.#renew(runner);
      }
    } catch (error) {
      run.fail(error);
    }
  }

  /** The process to run on: the one there is, or a new one. */
  #ready(): Promise<RunnerProcess> {
    if (this.#starting !== null) return this.#starting;
    if (this.#runner?.isAlive === true) return Promise.resolve(this.#runner);
    return this.#once(this.#restart());
  }

  /** Remembers a start while it goes on, so that there is one at a time and `close` can wait for it. */
  #once(start: Promise<RunnerProcess>): Promise<RunnerProcess> {
    const starting = start.finally(() => {
      this.#starting = null;
    });
    // Those who wait for it may have left before it fails.
    starting.catch(() => undefined);
    this.#starting = starting;
    return starting;
  }

  async #restart(): Promise<RunnerProcess> {
    this.#enforceOpen();
    // The process before is dying: two of one model would exceed its memory.
    await this.#runner?.ended;
    if (this.#crashes > 0) {
      const pauseMs = firstBackoffMs * 2 ** (this.#crashes - 1);
      await waitUntil(sleep(pauseMs), this.#closing.signal);
    }
    this.#enforceOpen();
    return this.#start(this.#host.loadTimeoutMs);
  }

  async #start(timeoutMs: number): Promise<RunnerProcess> {
    const deadline = new Deadline();
    deadline.expireIn(
      timeoutMs,
      () => new ProtocolError('model-timeout', `the model did not load within ${timeoutMs} ms`),
    );
    const until = AbortSignal.any([this.#closing.signal, deadline.signal]);
    const startedAt = performance.now();
    let endTurn: (() => void) | undefined;
    try {
      endTurn = await this.#host.slots.take(until);
      const runner = new RunnerProcess(this.#host.runners, this.#model.source, {
        onEnd: (end) => this.#judgeEnd(runner, end),
        onDenied: ({ name, number }) =>
          this.#host.log.warn({
            event: 'call-denied',
            ...this.#about,
            runner: runner.pid,
            call: name,
            callNumber: number,
          }),
      });
      this.#runner = runner;
      await runner.load(this.#model, this.#settings.optimize, until);
      this.#host.log.info({
        event: 'runner-started',
        ...this.#about,
        runner: runner.pid,
        durationMs: Math.round(performance.now() - startedAt),
      });
      return runner;
    } finally {
      endTurn?.();
      deadline.clear();
    }
  }

  /** No second run for this process. The next one is started ahead of the next caller. */
  async #renew(runner: RunnerProcess): Promise<void> {
    runner.kill(new ProtocolError('going-down', 'the runner has served its caller'));
    await runner.ended;
    if (!this.#closing.signal.aborted && this.#quarantine === null) void this.#ready();
  }

  #judgeEnd(runner: RunnerProcess, { error, exitCode, signal }: RunnerEnd): void {
    const isCrash = error.code === 'model-crashed';
    if (isCrash) this.#crashes += 1;
    this.#host.log[isCrash ? 'warn' : 'info']({
      event: isCrash ? 'runner-crashed' : 'runner-ended',
      ...this.#about,
      runner: runner.pid,
      code: error.code,
      ...(exitCode !== null && { exitCode }),
      ...(signal !== null && { signal }),
      ...(isCrash && { count: this.#crashes }),
    });
    // Before it was loaded once there is nothing to quarantine: the upload fails.
    if (isCrash && this.#crashes === mostCrashes && this.#signature !== null) {
      this.#host.log.error({ event: 'model-quarantined', ...this.#about, count: mostCrashes });
      this.#quarantine = new ProtocolError(
        'model-crashed',
        `the model is quarantined after ${mostCrashes} crashes in a row (the last: ${error.message}); ` +
          'delete it and upload it again',
      );
      this.#refuseWaiting(this.#quarantine);
    }
  }

  #refuseWaiting(reason: ProtocolError): void {
    if (this.#current !== null) this.#current.cancel(reason);
    for (const run of this.#queue) run.cancel(reason);
  }

  #enforceOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    if (this.#quarantine !== null) throw this.#quarantine;
  }
}

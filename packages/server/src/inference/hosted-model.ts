import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolError, type ModelHealth, type TensorBytes } from '@blindai/protocol';
import { Cancellation, FirstOf, type CancellationSignal } from '../cancellation.ts';
import { Refusal } from '../errors.ts';
import type { Log, LogFields } from '../log.ts';
import type { SealedModel } from '../models/model-bytes.ts';
import { answerTogether } from './batch.ts';
import type { CoreSlots } from './core-slots.ts';
import { Deadline, waitUntil } from './deadline.ts';
import { PendingRun, type RunOptions } from './pending-run.ts';
import { joinInputs } from './rows.ts';
import { firstPlan, type RunPlan, type Scheduling } from './run-plan.ts';
import { RunQueue } from './run-queue.ts';
import { RunnerLane } from './runner-lane.ts';
import type { MemoryHolder, RunnerMemory } from './runner-memory.ts';
import type { RunnerEnd, RunnerEvents, RunnerHost, RunnerProcess } from './runner-process.ts';
import type { SpareRunner } from './spare-runner.ts';
import { matchInputs, type ModelSignature } from './signature.ts';
import { chooseByTrial } from './warm-up.ts';

/** How a model is to be run. */
export interface ModelSettings {
  /** True: the engine's full graph optimisation; false: none. */
  readonly optimize: boolean;
  /**
   * `per-caller`: no process ever serves two runs, so that a model cannot keep one caller's inputs for
   * another. Default `shared`.
   */
  readonly runner?: 'shared' | 'per-caller' | undefined;
  /** Whether runs of different callers may be computed as one. Default false. */
  readonly batchAcrossCallers?: boolean | undefined;
}

/** What all models of one server share. */
export interface ModelHost {
  readonly runners: RunnerHost;
  readonly spare: SpareRunner;
  readonly slots: CoreSlots;
  readonly memory: RunnerMemory;
  readonly cores: number;
  readonly scheduling: Scheduling;
  /** The most rows that are computed as one; 1 = no batches. */
  readonly maxBatchRows: number;
  /** How long a run may wait for others to be computed with it; 0 = only those that wait anyway. */
  readonly batchDelayMs: number;
  readonly maxQueuedRuns: number;
  readonly loadTimeoutMs: number;
  readonly log: Log;
}

/** After so many crashes, or hung runs, in a row a model is not started again. */
const mostCrashes = 3;
const mostHung = 3;
const firstBackoffMs = 100;

/** How long a model is tried out when it is uploaded. */
const warmUpMs = 1000;

/** Another process pays once so much work waits, in milliseconds: what computes sooner is rather waited for. */
const leastWaitingMs = 2;

/** When that is tried again after it failed. */
const growAgainMs = 1000;

/** A process besides the first that was idle for so long is ended. */
const idleLaneMs = 60_000;

/** What a process holds with a model in it, before one was seen: Node and the engine, and the model's weights. */
const programBytes = 96 * 1024 ** 2;
const bytesPerModelByte = 3;

/**
 * One model and the processes that run it: the first is started by the first run, more where runs wait and
 * cores are free. A process that died is started again when the next run comes, after a pause; after three
 * crashes in a row no more, nor after three runs in a row that hung. A run whose caller left ends its process
 * too, in the end, but tells nothing of the model.
 */
export class HostedModel implements MemoryHolder {
  readonly #model: SealedModel;
  readonly #settings: ModelSettings;
  readonly #host: ModelHost;
  readonly #about: Pick<LogFields, 'modelRef'>;
  readonly #closing = new Cancellation();
  readonly #queue = new RunQueue();
  readonly #running = new Set<PendingRun>();
  /** How many processes compute. */
  #computing = 0;
  readonly #lanes = new Set<RunnerLane>();
  #signature: ModelSignature | null = null;
  #plan: RunPlan;
  /** Whether it was tried out: before, nothing that happens is held against it. */
  #isWarm = false;
  /** Of the processes that were seen. */
  #largestBytes: number;
  /** How long a run takes, on average, the latest counting most. */
  #runMs = 1;
  #idleSince = performance.now();
  /** When another process may be started, by `performance.now()`. */
  #growsFrom = 0;
  #crashes = 0;
  #hung = 0;
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
    this.#plan = firstPlan(host.scheduling, host.cores);
    this.#largestBytes = programBytes + bytesPerModelByte * model.bytes;
    host.memory.add(this);
  }

  /** What the model takes and gives. Known once it was loaded. */
  get signature(): ModelSignature {
    if (this.#signature === null) throw new TypeError('the model is not loaded');
    return this.#signature;
  }

  /** How its runs are spread. */
  get plan(): RunPlan {
    return this.#plan;
  }

  /** Whether a run would be taken now, and if not why. */
  get health(): ModelHealth {
    if (this.#quarantine !== null) {
      return { state: 'quarantined', reason: this.#quarantine.message };
    }
    const lanes = [...this.#lanes];
    if (lanes.some(({ isStarting }) => isStarting) && !lanes.some(({ isAlive }) => isAlive)) {
      return { state: 'loading', reason: "the model's process is being started" };
    }
    return { state: 'ready', reason: '' };
  }

  get heldBytes(): number {
    const started = [...this.#lanes].filter(({ isStarting }) => !isStarting);
    const held = started.map(({ residentBytes }) => residentBytes);
    this.#largestBytes = Math.max(this.#largestBytes, ...held);
    return held.reduce((sum, bytes) => sum + bytes, 0);
  }

  get isIdle(): boolean {
    return (
      this.#isWarm &&
      this.#queue.size === 0 &&
      [...this.#lanes].every(({ isBusy, isStarting }) => !isBusy && !isStarting)
    );
  }

  get idleSince(): number {
    return this.#idleSince;
  }

  async release(): Promise<void> {
    const lanes = [...this.#lanes];
    this.#lanes.clear();
    const reason = new ProtocolError('going-down', 'its memory is needed for other models');
    await Promise.all(lanes.map((lane) => lane.end(reason)));
  }

  /** Loads the model for the first time, and finds out how it is run best. */
  async load(timeoutMs: number): Promise<void> {
    const deadline = expireIn(timeoutMs);
    try {
      const first = await this.#startLane(this.#plan.threads, deadline.signal);
      deadline.clear();
      this.#signature = first.signature;
      await this.#tryOut(first);
    } catch (error) {
      deadline.clear();
      const reason = new ProtocolError('going-down', 'the model could not be loaded');
      await Promise.all([...this.#lanes].map((lane) => lane.end(reason)));
      this.#host.memory.delete(this);
      throw error;
    }
    this.#isWarm = true;
    for (const lane of this.#lanes) {
      // It may have died of the trial.
      void lane.ready();
      this.#noteIdle(lane);
    }
  }

  async run(inputs: readonly TensorBytes[], options: RunOptions): Promise<TensorBytes[]> {
    this.#enforceOpen();
    const { limits } = this.#host.runners;
    const run = new PendingRun(matchInputs(this.signature, inputs, limits.maxRank), options);
    // Runs that a process is free for do not count: they hardly wait.
    const free = Math.max(this.#plan.mostRunners - this.#computing, 0);
    this.#queue.add(run, this.#host.maxQueuedRuns + free, () => this.#tooManyRuns());
    this.#serve();
    return run.answer;
  }

  /** Ends the processes, and answers whoever waits with the reason. Resolves when they are gone. */
  async close(reason: ProtocolError): Promise<void> {
    this.#closing.abort(reason);
    this.#refuseAll(reason);
    await Promise.all([...this.#lanes].map((lane) => lane.end(reason)));
    this.#host.memory.delete(this);
  }

  /** Puts another lane to work if runs wait: one that is idle, or one more where that pays. */
  #serve(): void {
    if (this.#queue.size === 0) return;
    const idle = [...this.#lanes].filter(({ isBusy }) => !isBusy);
    const lane = idle.find(({ isAlive }) => isAlive) ?? idle[0] ?? this.#growIfItPays();
    if (lane !== undefined) void this.#work(lane);
  }

  #growIfItPays(): RunnerLane | undefined {
    const { slots, memory } = this.#host;
    const pays =
      this.#lanes.size === 0 ||
      (this.#lanes.size < this.#plan.mostRunners &&
        this.#queue.size * this.#runMs >= leastWaitingMs &&
        performance.now() >= this.#growsFrom &&
        slots.hasFree &&
        memory.hasRoom(this.#largestBytes));
    return pays ? this.#addLane(this.#plan.threads) : undefined;
  }

  #addLane(threads: number): RunnerLane {
    const lane = new RunnerLane(threads, (own) => this.#start(own));
    this.#lanes.add(lane);
    return lane;
  }

  /** Adds a lane and starts its first process, or gives it up when `until` is aborted; the reason is thrown. */
  async #startLane(threads: number, until: CancellationSignal): Promise<RunnerProcess> {
    const lane = this.#addLane(threads);
    const giveUp = (): void => void this.#endLane(lane, until.reason as ProtocolError);
    until.addEventListener('abort', giveUp);
    try {
      return await lane.ready();
    } finally {
      until.removeEventListener('abort', giveUp);
    }
  }

  /** Runs what waits, until nothing does. */
  async #work(lane: RunnerLane): Promise<void> {
    lane.isBusy = true;
    clearTimeout(lane.idleTimer);
    try {
      while (this.#queue.size > 0 && this.#lanes.has(lane)) await this.#workOnce(lane);
    } catch (error) {
      // Closed, and whoever waited was told so.
      if (!this.#closing.aborted) throw error;
    } finally {
      lane.isBusy = false;
      this.#noteIdle(lane);
    }
    // A lane that was taken away leaves what waits to the others.
    this.#serve();
  }

  async #workOnce(lane: RunnerLane): Promise<void> {
    let runner: RunnerProcess;
    try {
      runner = await lane.ready();
    } catch (error) {
      if ([...this.#lanes].some(({ isAlive }) => isAlive)) {
        this.#lanes.delete(lane);
        this.#growsFrom = performance.now() + growAgainMs;
        return;
      }
      // One run for each start that failed: the others may have more luck.
      for (const run of this.#queue.take(alone)) run.fail(error);
      return;
    }
    await this.#awaitMore();
    const endTurn = await this.#host.slots.take(
      { sharer: this, cores: lane.threads, expectedMs: this.#runMs },
      this.#closing,
    );
    try {
      if (!runner.isAlive) return;
      await this.#answer(lane, runner, this.#takeBatch());
    } finally {
      endTurn();
      if (this.#settings.runner === 'per-caller') await this.#renew(lane, runner);
    }
  }

  #takeBatch(): PendingRun[] {
    const batch = this.#queue.take({
      mostRows: this.#settings.runner === 'per-caller' ? 1 : this.#plan.mostRows,
      acrossCallers: this.#settings.batchAcrossCallers === true,
    });
    for (const run of batch) {
      run.start();
      this.#running.add(run);
    }
    return batch;
  }

  /** Gives others the time to come that could be computed along. */
  async #awaitMore(): Promise<void> {
    const { batchDelayMs } = this.#host;
    if (batchDelayMs === 0 || this.#plan.mostRows === 1) return;
    if (this.#queue.size >= this.#plan.mostRows) return;
    await sleep(batchDelayMs);
  }

  async #answer(
    lane: RunnerLane,
    runner: RunnerProcess,
    batch: readonly PendingRun[],
  ): Promise<void> {
    if (batch.length === 0) return;
    const startedAt = performance.now();
    this.#computing += 1;
    try {
      if (batch.length > 1 && (await this.#answerTogether(runner, batch))) return;
      for (const run of batch) await this.#answerOne(lane.ready(), run);
    } finally {
      this.#computing -= 1;
      const tookMs = performance.now() - startedAt;
      this.#runMs += (tookMs - this.#runMs) / 8;
      for (const run of batch) {
        this.#running.delete(run);
        this.#queue.charge(run.caller, tookMs / batch.length);
      }
    }
  }

  async #answerOne(ready: Promise<RunnerProcess>, run: PendingRun): Promise<void> {
    try {
      const runner = await waitUntil(ready, run.until);
      run.succeed(await runner.run(joinInputs([run.inputs]), run.until, run.hold));
      this.#crashes = 0;
      this.#hung = 0;
    } catch (error) {
      run.fail(error);
      if (run.hung) this.#noteHung();
    }
  }

  /** Computes runs as one. False if that failed, for whatever reason: each may have another answer alone. */
  async #answerTogether(runner: RunnerProcess, batch: readonly PendingRun[]): Promise<boolean> {
    const answered = await answerTogether(runner, batch);
    if (answered === 'answered') {
      this.#crashes = 0;
      this.#hung = 0;
    }
    // It does not do what it did when it was tried.
    if (answered === 'rows-lost') this.#plan = { ...this.#plan, mostRows: 1 };
    return answered === 'answered';
  }

  async #tryOut(first: RunnerProcess): Promise<void> {
    const { scheduling, cores, maxBatchRows, slots } = this.#host;
    const deadline = expireIn(warmUpMs);
    using until = new FirstOf([this.#closing, deadline.signal]);
    try {
      this.#plan = await chooseByTrial(first, this.#plan, {
        scheduling,
        cores,
        mostRows: this.#settings.runner === 'per-caller' ? 1 : maxBatchRows,
        until,
        inQuiet: async (act) => {
          const endTurn = await slots.take({ sharer: this, cores, expectedMs: 0 }, until);
          return act().finally(endTurn);
        },
        startOther: (threads) => this.#startLane(threads, until),
      });
    } finally {
      deadline.clear();
    }
    const { threads, mostRunners, mostRows } = this.#plan;
    const reason = new ProtocolError('going-down', 'it runs better otherwise');
    const others = [...this.#lanes].filter((lane) => lane.threads !== threads);
    await Promise.all(others.map((lane) => this.#endLane(lane, reason)));
    this.#closing.throwIfAborted();
    this.#host.log.debug({
      event: 'model-planned',
      ...this.#about,
      threads,
      runners: mostRunners,
      rows: mostRows,
    });
  }

  async #start(lane: RunnerLane): Promise<RunnerProcess> {
    this.#enforceOpen();
    if (this.#crashes > 0) {
      const pauseMs = firstBackoffMs * 2 ** (this.#crashes - 1);
      await waitUntil(sleep(pauseMs), this.#closing);
    }
    this.#enforceOpen();
    const deadline = expireIn(this.#host.loadTimeoutMs);
    using until = new FirstOf([this.#closing, lane.ending, deadline.signal]);
    const startedAt = performance.now();
    let endReservation: (() => void) | undefined;
    let endTurn: (() => void) | undefined;
    try {
      endReservation = await this.#host.memory.reserve(this.#largestBytes, this, until);
      endTurn = await this.#host.slots.take({ sharer: this, cores: 1, expectedMs: 100 }, until);
      const runner = await this.#load(lane, until);
      this.#host.log.info({
        event: 'runner-started',
        ...this.#about,
        runner: runner.pid,
        durationMs: Math.round(performance.now() - startedAt),
      });
      return runner;
    } finally {
      endTurn?.();
      endReservation?.();
      deadline.clear();
      if (this.#host.memory.hasRoom(programBytes)) this.#host.spare.prepare();
    }
  }

  async #load(lane: RunnerLane, until: CancellationSignal): Promise<RunnerProcess> {
    const settings = { ...this.#settings, threads: lane.threads };
    for (let isFirst = true; ; isFirst = false) {
      const runner = this.#host.spare.take();
      lane.adopt(runner);
      try {
        await runner.load(this.#model, settings, until, this.#eventsOf(runner));
        return runner;
      } catch (error) {
        // Killed before it was given the model, perhaps while it waited as a spare and nobody knew yet.
        const isGone = error instanceof ProtocolError && error.code === 'not-ready';
        if (!isFirst || !isGone || until.aborted) throw error;
      }
    }
  }

  #eventsOf(runner: RunnerProcess): RunnerEvents {
    return {
      onEnd: (end) => this.#judgeEnd(runner, end),
      onDenied: ({ name, number }) =>
        this.#host.log.warn({
          event: 'call-denied',
          ...this.#about,
          runner: runner.pid,
          call: name,
          callNumber: number,
        }),
    };
  }

  /** No second run for this process. The next one is started ahead of the next caller. */
  async #renew(lane: RunnerLane, runner: RunnerProcess): Promise<void> {
    runner.kill(new ProtocolError('going-down', 'the runner has served its caller'));
    await runner.ended;
    if (!this.#closing.aborted && this.#quarantine === null) void lane.ready();
  }

  #noteIdle(lane: RunnerLane): void {
    this.#idleSince = performance.now();
    if (this.isIdle) this.#host.memory.noteIdle();
    const isNeeded = this.#lanes.size === 1 || !this.#lanes.has(lane);
    if (isNeeded) return;
    lane.idleTimer = setTimeout(() => {
      if (lane.isBusy || this.#lanes.size === 1) return;
      void this.#endLane(lane, new ProtocolError('going-down', 'one process is enough again'));
    }, idleLaneMs).unref();
  }

  async #endLane(lane: RunnerLane, reason: ProtocolError): Promise<void> {
    this.#lanes.delete(lane);
    await lane.end(reason);
  }

  #judgeEnd(runner: RunnerProcess, { error, exitCode, signal }: RunnerEnd): void {
    const isCrash = error.code === 'model-crashed';
    if (isCrash && this.#isWarm) this.#crashes += 1;
    const needsLook = isCrash || error.code === 'internal';
    this.#host.log[needsLook ? 'warn' : 'info']({
      event: isCrash ? 'runner-crashed' : 'runner-ended',
      ...this.#about,
      runner: runner.pid,
      code: error.code,
      ...(exitCode !== null && { exitCode }),
      ...(signal !== null && { signal }),
      ...(isCrash && { count: this.#crashes }),
    });
    if (isCrash && this.#crashes === mostCrashes) {
      this.#setApart(
        'model-crashed',
        `${mostCrashes} crashes in a row (the last: ${error.message})`,
      );
    }
  }

  #noteHung(): void {
    this.#hung += 1;
    if (this.#hung === mostHung) {
      this.#setApart('model-timeout', `${mostHung} runs in a row that did not come to an end`);
    }
  }

  #setApart(code: 'model-crashed' | 'model-timeout', after: string): void {
    if (this.#quarantine !== null) return;
    this.#host.log.error({ event: 'model-quarantined', ...this.#about, code, count: mostCrashes });
    this.#quarantine = new ProtocolError(
      code,
      `the model is quarantined after ${after}; delete it and upload it again`,
    );
    this.#refuseAll(this.#quarantine);
    void this.release();
  }

  #refuseAll(reason: ProtocolError): void {
    for (const run of this.#running) run.cancel(reason);
    this.#queue.cancelAll(reason);
  }

  /** With how many seconds it will probably take until another run would be taken. */
  #tooManyRuns(): ProtocolError {
    const seconds = Math.ceil((this.#queue.size * this.#runMs) / this.#plan.mostRunners / 1000);
    return new Refusal('too-many-requests', 'too many runs wait for this model', {
      'Retry-After': String(Math.min(Math.max(seconds, 1), 60)),
    });
  }

  #enforceOpen(): void {
    if (this.#closing.aborted) throw this.#closing.reason;
    if (this.#quarantine !== null) throw this.#quarantine;
  }
}

/** The time in which a model has to load. */
function expireIn(timeoutMs: number): Deadline {
  const deadline = new Deadline();
  deadline.expireIn(
    timeoutMs,
    () => new ProtocolError('model-timeout', `the model did not load within ${timeoutMs} ms`),
  );
  return deadline;
}

const alone = { mostRows: 1, acrossCallers: false } as const;

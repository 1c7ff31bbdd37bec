import { availableParallelism } from 'node:os';
import { processorMs } from '../../test/support/process-watch.ts';
import type { Subject } from '../models/subjects.ts';
import { median } from '../statistics.ts';
import { Worker } from '../worker.ts';
import type { EngineOrder, Rate } from './engine-order.ts';

/** The engine on one model, with nothing around it. */
export class BareEngine implements AsyncDisposable {
  readonly #worker = new Worker<EngineOrder>('engine-process.js', import.meta.url);
  readonly threads: number;

  private constructor(threads: number) {
    this.threads = threads;
  }

  /** Starts a process and loads the model. */
  static async start({ model, inputs }: Subject, threads: number): Promise<BareEngine> {
    const engine = new BareEngine(threads);
    await engine.#worker.ask({ kind: 'load', model, inputs, threads });
    return engine;
  }

  get pid(): number {
    return this.#worker.pid;
  }

  /** The processor time that it has used so far, in milliseconds. */
  processorMs(): number {
    return processorMs(this.pid);
  }

  /** How long runs take, each after a gap, in milliseconds. */
  async paced(count: number, gapMs: number): Promise<number[]> {
    return (await this.#worker.ask({ kind: 'paced', count, gapMs })) as number[];
  }

  /** Runs one after the other. */
  async saturate(durationMs: number): Promise<Rate> {
    return (await this.#worker.ask({ kind: 'saturate', durationMs })) as Rate;
  }

  /** How long after they were due runs ended; see {@link EngineOrder}. */
  async arrivals(firstAt: number, gapMs: number, count: number): Promise<number[]> {
    return (await this.#worker.ask({ kind: 'arrivals', firstAt, gapMs, count })) as number[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]();
  }
}

/** The engine with one thread, or with as many as there are cores: whichever answers sooner here. */
export async function startFastest(subject: Subject): Promise<BareEngine> {
  const candidates = [...new Set([1, availableParallelism()])];
  const engines = await Promise.all(candidates.map((count) => BareEngine.start(subject, count)));
  const times: number[] = [];
  for (const engine of engines) {
    await engine.paced(5, 1);
    times.push(median(await engine.paced(15, 1)));
  }
  const best = times.indexOf(Math.min(...times));
  for (const [at, engine] of engines.entries()) {
    if (at !== best) await engine[Symbol.asyncDispose]();
  }
  return engines[best]!;
}

/** As many processes of one thread as there are cores: what serves the most on this machine. */
export class BareEngines implements AsyncDisposable {
  readonly #engines: readonly BareEngine[];

  private constructor(engines: readonly BareEngine[]) {
    this.#engines = engines;
  }

  static async start(subject: Subject): Promise<BareEngines> {
    const count = availableParallelism();
    return new BareEngines(
      await Promise.all(Array.from({ length: count }, () => BareEngine.start(subject, 1))),
    );
  }

  /** The processor time that they have used so far, in milliseconds. */
  processorMs(): number {
    return this.#engines.reduce((sum, engine) => sum + engine.processorMs(), 0);
  }

  get count(): number {
    return this.#engines.length;
  }

  /** Runs of all together. */
  async saturate(durationMs: number): Promise<Rate> {
    const rates = await Promise.all(this.#engines.map((engine) => engine.saturate(durationMs)));
    return {
      runs: rates.reduce((sum, { runs }) => sum + runs, 0),
      rate: rates.reduce((sum, { rate }) => sum + rate, 0),
    };
  }

  /** Runs that arrive at equal gaps, dealt out in turn. How long after its arrival each ended. */
  async arrivals(gapMs: number, durationMs: number): Promise<number[]> {
    const startAt = performance.timeOrigin + performance.now() + 50;
    const ownGapMs = gapMs * this.count;
    const count = Math.ceil(durationMs / ownGapMs);
    const times = await Promise.all(
      this.#engines.map((engine, at) => engine.arrivals(startAt + at * gapMs, ownGapMs, count)),
    );
    return times.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine[Symbol.asyncDispose]()));
  }
}

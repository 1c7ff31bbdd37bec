import { statusOf } from './target.ts';

/** What all lanes of a soak came to: how often each thing happened, and what must not have happened. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #statuses = new Map<number, number>();
  readonly #faults: string[] = [];
  #faultCount = 0;
  /** Of good answers since the last look, in milliseconds. */
  #latencies: number[] = [];

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
  }

  /** Answers of a server by the status that their code came with; what no server sent has none. */
  hear(code: string, times = 1): void {
    const status = statusOf(code);
    if (status !== null) this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + times);
  }

  /** A good answer that took so long. */
  answer(what: string, ms: number): void {
    this.count(what);
    this.hear('200');
    this.#latencies.push(ms);
  }

  /** What must not have happened. */
  blame(what: string): void {
    this.#faultCount += 1;
    // The first few tell what is wrong; the rest is counted.
    if (this.#faults.length < 50) this.#faults.push(what);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** How many answers there were so far, by status. */
  get statuses(): ReadonlyMap<number, number> {
    return this.#statuses;
  }

  /** The first of them, in words. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** All of them. */
  get faultCount(): number {
    return this.#faultCount;
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** How long good answers took since the last call, in milliseconds. */
  takeLatencies(): number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken;
  }
}

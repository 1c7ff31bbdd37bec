import type { ProtocolError } from '@blindai/protocol';
import { FairQueue } from './fair-queue.ts';
import type { PendingRun } from './pending-run.ts';
import { areAlike } from './rows.ts';

/** Which runs may be computed as one. */
export interface BatchRules {
  /** 1: none. */
  readonly mostRows: number;
  readonly acrossCallers: boolean;
}

/** The runs that wait for one model. Its callers share it evenly, each with its own runs in order. */
export class RunQueue {
  readonly #runs = new FairQueue<unknown, PendingRun>();

  get size(): number {
    return this.#runs.size;
  }

  /**
   * Adds a run. Where `most` wait already, the newest of the caller who has the most is refused: nobody takes
   * all places.
   *
   * @param refusal - Makes the reason for it.
   */
  add(run: PendingRun, most: number, refusal: () => ProtocolError): void {
    if (this.#runs.size >= most && !this.#makePlace(run.caller, refusal)) {
      run.cancel(refusal());
      return;
    }
    this.#runs.add(run.caller, run);
    run.until.addEventListener('abort', () => this.#runs.delete(run.caller, run));
  }

  /** Takes the run that is next, and those that may be computed along with it. */
  take({ mostRows, acrossCallers }: BatchRules): PendingRun[] {
    const next = this.#runs.take();
    if (next === undefined) return [];
    const first = next.item;
    if (first.rows === null || first.rows >= mostRows) return [first];
    const batch = [first];
    let rows = first.rows;
    const others = acrossCallers ? this.#runs : this.#runs.waitingFor(first.caller);
    for (const run of others) {
      if (rows >= mostRows) break;
      if (run.rows === null || rows + run.rows > mostRows) continue;
      if (!areAlike(run.inputs, first.inputs)) continue;
      this.#runs.delete(run.caller, run);
      batch.push(run);
      rows += run.rows;
    }
    return batch;
  }

  /** A caller's run took so long. */
  charge(caller: unknown, ms: number): void {
    this.#runs.charge(caller, ms);
  }

  cancelAll(reason: ProtocolError): void {
    for (const run of this.#runs) run.cancel(reason);
  }

  #makePlace(caller: unknown, refusal: () => ProtocolError): boolean {
    const longest = this.#runs.longest();
    const theirs = this.#runs.waitingFor(longest);
    if (longest === caller || theirs.length <= this.#runs.waitingFor(caller).length + 1) {
      return false;
    }
    theirs.at(-1)!.cancel(refusal());
    return true;
  }
}

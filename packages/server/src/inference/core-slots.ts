import type { CancellationSignal } from '../cancellation.ts';
import { FairQueue } from './fair-queue.ts';

/** What somebody needs to compute. */
export interface TurnRequest {
  /** Who shares the cores, each evenly: a model. */
  readonly sharer: object;
  /** Threads that compute at once. */
  readonly cores: number;
  /** How long it will probably take. */
  readonly expectedMs: number;
}

interface Waiter {
  readonly cores: number;
  readonly expectedMs: number;
  readonly proceed: () => void;
}

/**
 * Lets no more threads compute at once than there are cores, since more make all of them slow. Who has had the
 * least time of cores is next. A turn is lent for a bounded time: what computes longer goes on, but no longer
 * keeps others waiting, so that a model that hangs never stops the other models.
 */
export class CoreSlots {
  readonly #count: number;
  readonly #longestTurnMs: number;
  #free: number;
  readonly #waiting = new FairQueue<object, Waiter>();

  constructor(count: number, longestTurnMs: number) {
    this.#count = count;
    this.#free = count;
    this.#longestTurnMs = longestTurnMs;
  }

  /** Whether a core would be had at once. */
  get hasFree(): boolean {
    return this.#free > 0 && this.#waiting.size === 0;
  }

  /**
   * Waits for a turn.
   *
   * @returns what ends the turn; calling it again does nothing.
   * @throws the reason of `until`, if that is aborted first.
   */
  async take(request: TurnRequest, until: CancellationSignal): Promise<() => void> {
    until.throwIfAborted();
    const cores = Math.min(request.cores, this.#count);
    const { sharer, expectedMs } = request;
    if (this.#waiting.size === 0 && cores <= this.#free) {
      this.#free -= cores;
      return this.#lend(sharer, cores, 0);
    }
    await this.#wait(sharer, { cores, expectedMs }, until);
    return this.#lend(sharer, cores, expectedMs);
  }

  /** @param chargedMs - What the sharer was charged ahead, for each core. */
  #lend(sharer: object, cores: number, chargedMs: number): () => void {
    const startedAt = performance.now();
    let isLent = true;
    let isOver = false;
    const giveBack = (): void => {
      if (!isLent) return;
      isLent = false;
      clearTimeout(timer);
      this.#free += cores;
      this.#passOn();
    };
    const timer = setTimeout(giveBack, this.#longestTurnMs);
    return () => {
      if (isOver) return;
      isOver = true;
      const tookMs = performance.now() - startedAt;
      this.#waiting.charge(sharer, (tookMs - chargedMs) * cores);
      giveBack();
    };
  }

  #wait(
    sharer: object,
    { cores, expectedMs }: Omit<Waiter, 'proceed'>,
    until: CancellationSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        cores,
        expectedMs,
        proceed: () => {
          until.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiting.delete(sharer, waiter);
        reject(until.reason);
        this.#passOn();
      };
      this.#waiting.add(sharer, waiter);
      until.addEventListener('abort', giveUp);
    });
  }

  /** Who is next but needs more cores than are free keeps the others waiting, or it would wait for ever. */
  #passOn(): void {
    for (
      let next = this.#waiting.peek();
      next !== undefined && next.item.cores <= this.#free;
      next = this.#waiting.peek()
    ) {
      this.#waiting.take();
      this.#free -= next.item.cores;
      this.#waiting.charge(next.sharer, next.item.expectedMs * next.item.cores);
      next.item.proceed();
    }
  }
}

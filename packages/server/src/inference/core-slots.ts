/**
 * Lets no more than so many runners compute at once, first come, first served, since more threads than cores
 * make all of them slow. A turn is lent for a bounded time: what computes longer goes on, but no longer keeps
 * others waiting, so that a model that hangs never stops the other models.
 */
export class CoreSlots {
  readonly #longestTurnMs: number;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number, longestTurnMs: number) {
    this.#free = count;
    this.#longestTurnMs = longestTurnMs;
  }

  /**
   * Waits for a turn.
   *
   * @returns what ends the turn; calling it again does nothing.
   * @throws the reason of `until`, if that is aborted first.
   */
  async take(until: AbortSignal): Promise<() => void> {
    until.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(until);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      this.#passOn();
    };
    const timer = setTimeout(end, this.#longestTurnMs);
    return end;
  }

  #wait(until: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        until.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(proceed);
        reject(until.reason as Error);
      };
      this.#waiting.add(proceed);
      until.addEventListener('abort', giveUp, { once: true });
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

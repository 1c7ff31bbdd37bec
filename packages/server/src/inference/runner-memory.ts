import type { CancellationSignal } from '../cancellation.ts';

/** A model, as far as the memory of its processes is concerned. */
export interface MemoryHolder {
  /** What its processes hold, in bytes, without those that are just being started. */
  readonly heldBytes: number;
  /** Whether nobody waits for it, and it computes nothing. */
  readonly isIdle: boolean;
  /** When it last had something to do, by `performance.now()`. */
  readonly idleSince: number;
  /** Ends its processes; they are gone when this resolves. The next run starts one again. */
  release(): Promise<void>;
}

/** How often it is looked whether processes have grown. */
const lookMs = 1000;

/**
 * Bounds the memory of all processes of models together: before another one is started, models that are idle
 * give theirs back, the one that was idle the longest first. They also do when processes grow.
 */
export class RunnerMemory {
  readonly #mostBytes: number;
  readonly #holders = new Set<MemoryHolder>();
  readonly #waiting = new Set<() => void>();
  /** For processes that are being started. */
  #reservedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  add(holder: MemoryHolder): void {
    this.#holders.add(holder);
    this.#timer ??= setInterval(() => this.#shrink(), lookMs).unref();
  }

  delete(holder: MemoryHolder): void {
    this.#holders.delete(holder);
    this.noteIdle();
    if (this.#holders.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Whether another process fits as things are. */
  hasRoom(bytes: number): boolean {
    return this.#held() + bytes <= this.#mostBytes;
  }

  /**
   * Waits until there is room for another process, and reserves it. One that is larger than all the room there
   * is may have it alone.
   *
   * @returns what ends the reservation, once the process has started or failed to.
   * @throws the reason of `until`, if that is aborted first.
   */
  async reserve(
    bytes: number,
    holder: MemoryHolder,
    until: CancellationSignal,
  ): Promise<() => void> {
    while (!this.hasRoom(bytes) && this.#held() > 0) {
      until.throwIfAborted();
      const idle = this.#longestIdle(holder);
      if (idle === undefined) await this.#untilIdle(until);
      else await idle.release();
    }
    this.#reservedBytes += bytes;
    return () => {
      this.#reservedBytes -= bytes;
      this.noteIdle();
    };
  }

  /** A model has nothing to do any more, or is gone. */
  noteIdle(): void {
    for (const proceed of this.#waiting) proceed();
  }

  #held(): number {
    return [...this.#holders].reduce((sum, { heldBytes }) => sum + heldBytes, this.#reservedBytes);
  }

  #longestIdle(except: MemoryHolder | null): MemoryHolder | undefined {
    return [...this.#holders]
      .filter((holder) => holder !== except && holder.isIdle && holder.heldBytes > 0)
      .sort((a, b) => a.idleSince - b.idleSince)[0];
  }

  #shrink(): void {
    if (this.hasRoom(0)) return;
    void this.#longestIdle(null)?.release();
  }

  #untilIdle(until: CancellationSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(proceed);
        until.removeEventListener('abort', giveUp);
      };
      const proceed = (): void => {
        end();
        resolve();
      };
      const giveUp = (): void => {
        end();
        reject(until.reason);
      };
      this.#waiting.add(proceed);
      until.addEventListener('abort', giveUp);
    });
  }
}

import { randomNumbers } from '../../packages/server/test/random-numbers.ts';

/** Choices that are the same ones for the same seed. */
export class Chance {
  /** A natural number below a bound. */
  readonly below: (bound: number) => number;

  constructor(seed: number) {
    // Never 0, which the generator cannot leave; neighbouring seeds begin far apart.
    this.below = randomNumbers(Math.imul(seed + 1, 0x9e37_79b1) | 1);
    for (let times = 0; times < 8; times++) this.below(2);
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Each item or not. */
  some<Item>(items: readonly Item[], oneIn: number): Item[] {
    return items.filter(() => this.oneIn(oneIn));
  }
}

/** Numbers that look random and are the same on every machine (xorshift, Marsaglia 2003). */
export class RandomNumbers {
  #state: number;

  /** @param seed - Any but 0. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From −1 up to 1. */
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state / 2 ** 31;
  }

  /** Even between −`most` and `most`. */
  floats(count: number, most = 1): Float32Array {
    const values = new Float32Array(count);
    for (let at = 0; at < count; at += 1) values[at] = this.next() * most;
    return values;
  }

  /** Weights under which values keep their size from layer to layer (He et al. 2015, with `fanIn` inputs). */
  weights(count: number, fanIn: number): Float32Array {
    return this.floats(count, Math.sqrt(6 / fanIn));
  }
}

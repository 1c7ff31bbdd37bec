/** Below this, getting memory anew costs next to nothing. */
const LEAST_BYTES = 64 * 1024;
/** What is kept of all sizes together while nobody needs it. */
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

/**
 * Memory for bodies, used again and again. What the garbage collector has to free it is asked to collect all
 * the sooner: a fresh megabyte for each request costs several times what it takes to read a body into it.
 */
export class BodyBuffers {
  /** By size, a power of two. All zero. */
  readonly #kept = new Map<number, Uint8Array[]>();
  #keptBytes = 0;

  /** Zeros, at least as many as are asked for. */
  take(bytes: number): Uint8Array {
    if (bytes < LEAST_BYTES) return new Uint8Array(bytes);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    const buffer = this.#kept.get(size)?.pop();
    if (buffer === undefined) return new Uint8Array(size);
    this.#keptBytes -= size;
    return buffer;
  }

  /** Takes memory back that nobody reads or writes any more. Nothing of its contents stays. */
  give(buffer: Uint8Array): void {
    const size = buffer.length;
    if (size < LEAST_BYTES || this.#keptBytes + size > MOST_KEPT_BYTES) return;
    buffer.fill(0);
    const same = this.#kept.get(size);
    if (same === undefined) this.#kept.set(size, [buffer]);
    else same.push(buffer);
    this.#keptBytes += size;
  }
}

/** What many measurements of one thing come to. */
export interface Statistics {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  /** Nineteen out of twenty are not above it. */
  readonly p95: number;
  /** Ninety-nine out of a hundred are not above it. */
  readonly p99: number;
}

/**
 * Summarises measurements, nearest rank.
 *
 * @throws {TypeError} if there are none.
 */
export function summarise(measured: readonly number[]): Statistics {
  const rank = ranker(measured);
  return {
    runs: measured.length,
    min: rank(0),
    median: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
  };
}

/** A figure that was found several times, in rounds that others on the machine disturbed more or less. */
export interface Estimate {
  readonly median: number;
  /** Half of the rounds are between these two. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * The middle of what rounds found, and how far they lie apart.
 *
 * @throws {TypeError} if there are none.
 */
export function estimate(rounds: readonly number[]): Estimate {
  const rank = ranker(rounds);
  return { median: rank(0.5), lower: rank(0.25), upper: rank(0.75) };
}

/**
 * The one in the middle.
 *
 * @throws {TypeError} if there are none.
 */
export function median(measured: readonly number[]): number {
  return ranker(measured)(0.5);
}

function ranker(measured: readonly number[]): (share: number) => number {
  const sorted = measured.toSorted((a, b) => a - b);
  return (share) => {
    const value = sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)];
    if (value === undefined) throw new TypeError('nothing was measured');
    return value;
  };
}

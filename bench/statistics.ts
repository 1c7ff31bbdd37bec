/** What many measurements of one thing come to. */
export interface Statistics {
  readonly runs: number;
  readonly min: number;
  readonly median: number;
  /** Nineteen out of twenty are not above it. */
  readonly p95: number;
}

/**
 * Summarises measurements, nearest rank.
 *
 * @throws {TypeError} if there are none.
 */
export function summarise(measured: readonly number[]): Statistics {
  const sorted = measured.toSorted((a, b) => a - b);
  const rank = (share: number): number => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    if (value === undefined) throw new TypeError('nothing was measured');
    return value;
  };
  return { runs: sorted.length, min: sorted[0]!, median: rank(0.5), p95: rank(0.95) };
}

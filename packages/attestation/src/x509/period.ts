/** Both ends are included. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

export function isWithin(period: Period, at: Date): boolean {
  return period.from.getTime() <= at.getTime() && at.getTime() <= period.to.getTime();
}

/** The sentence for what does not hold at this time. */
export function describeOutside(what: string, { from, to }: Period, at: Date): string {
  return `the ${what} holds from ${iso(from)} to ${iso(to)}, not at ${iso(at)}`;
}

/** The first of some times. */
export function earliest(times: readonly Date[]): Date {
  return new Date(Math.min(...times.map((time) => time.getTime())));
}

/** A time for people: ISO 8601 without fractions of a second. */
export function iso(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}

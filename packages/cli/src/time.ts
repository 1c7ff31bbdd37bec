import { InvalidArgumentError } from 'commander';

/** Parses a moment: ISO 8601, a day alone being 00:00 UTC. */
export function parseTime(text: string): Date {
  const time = new Date(text);
  if (
    !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) ||
    Number.isNaN(time.getTime())
  )
    throw new InvalidArgumentError('expected a time like 2025-07-04T10:00:00Z.');
  return time;
}

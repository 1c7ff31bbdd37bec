import type { Format } from '../../src/evidence.ts';
import { expect } from 'vitest';
import { judge } from './judge.ts';
import type { Change } from './mutate/kind.ts';
import type { FuzzedFormat, Seed } from './seed.ts';
import { fingerprint, type Submission } from './submission.ts';
import type { Watchdog } from './watchdog.ts';

/** How often each verdict came. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(verdict: string): void {
    this.#counts.set(verdict, (this.#counts.get(verdict) ?? 0) + 1);
  }

  addAll(others: Counts): void {
    for (const [verdict, count] of others.#counts) {
      this.#counts.set(verdict, this.of(verdict) + count);
    }
  }

  of(verdict: string): number {
    return this.#counts.get(verdict) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The most frequent first. */
  lines(): string[] {
    return [...this.#counts]
      .sort(([, a], [, b]) => b - a)
      .map(([verdict, count]) => `${String(count).padStart(9)} ${verdict}`);
  }
}

/** What a verdict on something unsigned is called in the counts if no check refused. */
export const acceptances = {
  unchanged: '(accepted: unchanged)',
  rewritten: '(accepted: the same, written otherwise)',
  resigned: '(accepted: signed again, and nothing known against it)',
} as const;

/**
 * Judges changed evidence that nobody signed again: it must be refused, unless it says the same.
 *
 * @throws if it is accepted though it says something else, or anything but a refusal is thrown.
 */
export async function judgeChanged(
  { format, meaningOf }: FuzzedFormat,
  seed: Seed,
  change: Change<Submission>,
  counts: Counts,
  watchdog: Watchdog,
): Promise<void> {
  const where = `${format}, ${seed.name}: ${change.name}`;
  watchdog.watch(where);
  const submission = change.make();
  const check = await explained(where, format, seed, submission, 'allowed');
  if (check !== null) return counts.add(check);
  const isSame = meaningOf(submission) === meaningOf(seed.submission);
  expect(isSame, `${where}: accepted, though it says something else`).toBe(true);
  const isUnchanged = fingerprint(submission) === fingerprint(seed.submission);
  counts.add(isUnchanged ? acceptances.unchanged : acceptances.rewritten);
}

/**
 * Judges changed evidence that was signed again with the simulator's keys.
 *
 * @throws if it is accepted though something is known against it, or anything but a refusal is thrown.
 */
export async function judgeResigned(
  { format, objectionTo }: FuzzedFormat,
  seed: Seed,
  change: Change<Promise<Submission>>,
  counts: Counts,
  watchdog: Watchdog,
): Promise<void> {
  const where = `${format}, ${seed.name}, signed again: ${change.name}`;
  watchdog.watch(where);
  const submission = await change.make();
  const check = await explained(where, format, seed, submission, 'refused');
  if (check !== null) return counts.add(check);
  const objection = objectionTo(submission, seed.at);
  expect(objection, `${where}: accepted`).toBeNull();
  counts.add(acceptances.resigned);
}

async function explained(
  where: string,
  format: Format,
  seed: Seed,
  submission: Submission,
  debug: 'allowed' | 'refused',
): Promise<string | null> {
  try {
    return await judge(format, seed, submission, debug);
  } catch (error) {
    throw new Error(`${where}: something else than a refusal was thrown`, { cause: error });
  }
}

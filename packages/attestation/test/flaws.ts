import { describe, expect, test } from 'vitest';
import { AttestationError, type Check } from '../src/index.ts';
import type { PlannedCheck } from '../src/verdict.ts';

/** Every way to be refused, by the check that must refuse it: what is wrong, and how it is brought about. */
export type Flaws<Flaw> = Partial<Record<Check, Record<string, Flaw>>>;

/**
 * Tests that each planned check has a flaw, and that each flaw is refused by its check and by no other.
 *
 * @param planned - Without `report-data`, which comes last for every format.
 * @param judge - Judges evidence with one flaw.
 */
export function testFlaws<Flaw>(
  flaws: Flaws<Flaw>,
  planned: readonly PlannedCheck[],
  judge: (flaw: Flaw) => Promise<unknown>,
): void {
  test('every planned check has a flaw that provokes it', () => {
    const names = [...planned.map(({ name }) => name), 'report-data'];
    expect(Object.keys(flaws).toSorted()).toEqual(names.toSorted());
    for (const ways of Object.values(flaws)) expect(Object.keys(ways)).not.toEqual([]);
  });

  describe.each(Object.entries(flaws))('%s', (check, ways) => {
    test.each(Object.entries(ways))('%s', async (_, flaw) => {
      const { code, message, report } = await refusal(judge(flaw));
      expect([report.check, message]).toEqual([check, expect.stringContaining(`${check}: `)]);
      expect([code, report.verdict]).toEqual(['attestation-refused', 'refuse']);
      const refused = report.checks.findIndex(({ name }) => name === check);
      const results = report.checks.map(({ result }) => result);
      const before = results.slice(0, refused);
      expect(before.filter((each) => each !== 'passed' && each !== 'weakened')).toEqual([]);
      expect(results[refused]).toBe('refused');
      const after = results.slice(refused + 1);
      expect(after.filter((each) => each !== 'not-reached')).toEqual([]);
    });
  });
}

/** The error of a refusal; anything else that comes of it fails the test. */
export async function refusal(judged: Promise<unknown>): Promise<AttestationError> {
  try {
    await judged;
  } catch (error) {
    if (error instanceof AttestationError) return error;
    throw error;
  }
  throw new Error('the evidence was accepted');
}

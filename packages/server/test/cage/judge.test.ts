import { describe, expect, test } from 'vitest';
import { ServerError } from '../../src/errors.ts';
import { enforceIsolation } from '../../src/isolation/floor.ts';
import { judgeIsolation, type Observation } from '../../src/isolation/judge.ts';
import {
  probeNames,
  processProbes,
  type Outcome,
  type ProbeName,
} from '../../src/runner/probes/probes.ts';

const came = { reached: true, errno: 'none' };
const refused = { reached: false, errno: 'EPERM' };

const controls: Outcome[] = probeNames.map((probe) => ({
  probe,
  aim: processProbes.has(probe) ? 'target' : 'none',
  ...came,
}));
const attempts: Outcome[] = [
  ...controls.map((control) => ({ ...control, ...refused })),
  ...[...processProbes].map((probe) => ({ probe, aim: 'server' as const, ...refused })),
];

/** All is as it should be. */
const good: Observation = {
  steps: [{ mechanism: 'system-calls', inForce: true, detail: 'a list' }],
  threads: { all: 12, filtered: 12, capable: 0 },
  controls,
  attempts,
  isServerChanged: false,
};

/** One attempt came through. */
const reachedBy = (
  probe: ProbeName,
  aim = processProbes.has(probe) ? 'target' : 'none',
): Observation => ({
  ...good,
  attempts: attempts.map((each) =>
    each.probe === probe && each.aim === aim ? { ...each, ...came } : each,
  ),
});

/** One attempt fails without a cage too. */
const impossible = (seen: Observation, probe: ProbeName): Observation => ({
  ...seen,
  controls: seen.controls.map((each) => (each.probe === probe ? { ...each, ...refused } : each)),
});

const others = probeNames.filter((probe) => !processProbes.has(probe));

describe('the level', () => {
  test('is sandboxed when every attempt is stopped', () => {
    const { level, missing, rows } = judgeIsolation(good);
    expect([level, missing]).toEqual(['sandboxed', []]);
    expect(new Set(rows.map(({ result }) => result))).toEqual(new Set(['stopped']));
  });

  test.each(others)('is separated when %s is reached, and says so', (probe) => {
    const { level, missing, rows } = judgeIsolation(reachedBy(probe));
    expect(level).toBe('separated');
    expect(missing).toEqual([`a caged process came through: ${probe}`]);
    expect(rows.find((row) => row.probe === probe)).toMatchObject({
      result: 'reached',
      control: 'reached',
      caged: 'reached',
    });
  });

  test.each([...processProbes])(
    'is none when %s is reached, of a target or of the server',
    (probe) => {
      for (const aim of ['target', 'server']) {
        const { level, rows } = judgeIsolation(reachedBy(probe, aim));
        expect(level).toBe('none');
        expect(rows.find((row) => row.probe === probe)!.result).toBe('reached');
      }
    },
  );

  test("is none when the server's memory changed, whatever the attempts say", () => {
    expect(judgeIsolation({ ...good, isServerChanged: true }).level).toBe('none');
  });

  test('is none when a thread keeps a capability, or makes any system call', () => {
    const threads = { all: 12, filtered: 12, capable: 0 };
    const capable = judgeIsolation({ ...good, threads: { ...threads, capable: 1 } });
    expect(capable.level).toBe('none');
    expect(capable.missing).toEqual([expect.stringMatching(/^1 of 12 threads keep capabilities/)]);
    const free = judgeIsolation({ ...good, threads: { ...threads, filtered: 11 } });
    expect(free.level).toBe('none');
    expect(free.missing).toEqual([
      expect.stringMatching(/^1 of 12 threads may make any system call/),
    ]);
  });

  test("is none without our own filter, even where a container's is on every thread", () => {
    const steps = [{ mechanism: 'system-calls', inForce: false, detail: 'ENOSYS' } as const];
    const { level, missing } = judgeIsolation({ ...good, steps });
    expect(level).toBe('none');
    expect(missing.join()).toContain('12 of 12 threads may make any system call (ENOSYS)');
  });

  test('is none when the threads cannot be seen', () => {
    const { level, missing } = judgeIsolation({ ...good, threads: null });
    expect([level, missing.join()]).toEqual(['none', expect.stringContaining('hidepid')]);
  });

  test('is what it is without attempts that fail without a cage too', () => {
    const { level, rows } = judgeIsolation(impossible(good, 'trace'));
    expect(level).toBe('sandboxed');
    expect(rows.find(({ probe }) => probe === 'trace')!.result).toBe('not-applicable');
    expect(judgeIsolation(impossible(reachedBy('tcp'), 'udp')).level).toBe('separated');
    // What comes through came through, whatever its control did.
    expect(judgeIsolation(impossible(reachedBy('tcp'), 'tcp')).level).toBe('separated');
  });

  test.each(['signal', 'limits', 'file-main-thread'] as const)(
    'is none when even %s fails without a cage: then nothing was tried',
    (probe) => {
      const { level, missing } = judgeIsolation(impossible(good, probe));
      expect(level).toBe('none');
      expect(missing.join()).toContain(`"${probe}" fails without a cage too`);
    },
  );
});

describe('a floor', () => {
  const levels = ['none', 'separated', 'sandboxed'] as const;

  test('lets start what has at least as much', () => {
    for (const [at, floor] of levels.entries()) {
      for (const level of levels.slice(at)) enforceIsolation(floor, { level, missing: [] });
    }
  });

  test('refuses with isolation-too-weak what has less, and says what is missing', () => {
    for (const [at, floor] of levels.entries()) {
      for (const level of levels.slice(0, at)) {
        const enforce = (): void =>
          enforceIsolation(floor, { level, missing: ['a moat', 'a wall'] });
        expect(enforce).toThrow(ServerError);
        expect(enforce).toThrow(
          expect.objectContaining({
            code: 'isolation-too-weak',
            message: expect.stringContaining(
              `isolation "${floor}" is demanded, "${level}" was found: a moat; a wall`,
            ) as string,
          }),
        );
      }
    }
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError } from '../../src/encoding/format-error.ts';
import { judge } from './judge.ts';
import { truncations } from './mutate/bytes.ts';
import type { Change } from './mutate/kind.ts';
import { Random } from './random.ts';
import { acceptances, Counts, judgeChanged, judgeResigned } from './run.ts';
import type { FuzzedFormat, Seed } from './seed.ts';
import type { Submission } from './submission.ts';
import { noWatchdog, startWatchdog, type Watchdog } from './watchdog.ts';

/*
 * npm run fuzz                                    100,000 random changes a format, and every bit
 * BLINDAI_FUZZ_FORMAT=sev-snp npm run fuzz        of one format
 * BLINDAI_FUZZ_CASES=1000 BLINDAI_FUZZ_SEED=2     fewer, and others
 *
 * Without BLINDAI_FUZZ_CASES, as in the tests, a slice. A failure names seed and case, which bring it back.
 */
const asked = process.env['BLINDAI_FUZZ_CASES'];
const isWhole = asked !== undefined;
const cases = Number(asked ?? 500);
const runSeed = Number(process.env['BLINDAI_FUZZ_SEED'] ?? 1);
const picked = process.env['BLINDAI_FUZZ_FORMAT'];
const timeoutMs = isWhole ? 24 * 60 * 60 * 1000 : 300_000;

/** So many small changes are made of each part, spread evenly over all of them. */
const sizes = isWhole
  ? {
      cuts: Infinity,
      evidence: Infinity,
      part: Infinity,
      further: 2_000,
      signed: Infinity,
      elsewhere: 2_000,
    }
  : { cuts: 300, evidence: 250, part: 12, further: 0, signed: 8, elsewhere: 4 };

/** Tests one format with every kind of change. */
export function fuzz(fuzzed: FuzzedFormat): void {
  describe.skipIf(picked !== undefined && picked !== fuzzed.format)(fuzzed.format, () => {
    let seeds: readonly Seed[];
    let watchdog: Watchdog = noWatchdog;
    const reached = new Counts();
    beforeAll(async () => {
      seeds = await fuzzed.findSeeds();
      if (isWhole) watchdog = await startWatchdog();
    });
    afterAll(async () => watchdog.stop());

    const run = async (
      name: string,
      judgeAll: (counts: Counts) => Promise<void>,
    ): Promise<void> => {
      const counts = new Counts();
      try {
        await judgeAll(counts);
      } finally {
        watchdog.rest();
      }
      reached.addAll(counts);
      if (isWhole) print(`${fuzzed.format}, ${name}`, counts, watchdog);
    };

    test('starts from evidence that is accepted', async () => {
      expect(seeds.length).toBeGreaterThan(0);
      for (const seed of seeds) {
        const check = await judge(fuzzed.format, seed, seed.submission, 'allowed');
        expect([seed.name, check]).toEqual([seed.name, null]);
        if (seed.signed.length > 0) {
          expect(fuzzed.objectionTo(seed.submission, seed.at)).toBeNull();
          expect(await judge(fuzzed.format, seed, seed.submission, 'refused')).toBeNull();
        }
      }
    });

    test(
      'refuses evidence that is cut off anywhere',
      async () => {
        await run('cut off', async (counts) => {
          for (const seed of isWhole ? seeds : seeds.slice(0, 1)) {
            const { evidence } = seed.submission;
            for (const { name, make } of spread(
              truncations(evidence),
              evidence.length > 6_000 ? sizes.cuts : Infinity,
            )) {
              const change = { name, make: () => ({ ...seed.submission, evidence: make() }) };
              await judgeChanged(fuzzed, seed, change, counts, watchdog);
            }
          }
        });
      },
      timeoutMs,
    );

    test(
      'refuses every small change',
      async () => {
        await run('every small change', async (counts) => {
          for (const [index, seed] of seeds.entries()) {
            for (const change of smallChanges(seed, index === 0)) {
              await judgeChanged(fuzzed, seed, change, counts, watchdog);
            }
          }
        });
      },
      timeoutMs,
    );

    test(
      `refuses random changes, ${cases} of them`,
      async () => {
        await run(`random changes, seed ${runSeed}`, async (counts) => {
          for (let number = 0; number < cases; number++) {
            const random = randomOf(number);
            const seed = random.pick(seeds);
            const change = randomChange(seed, random.pick(donorsFor(seed, seeds)), random);
            await judgeChanged(fuzzed, seed, numbered(number, change), counts, watchdog);
          }
          expect(counts.total).toBe(cases);
        });
      },
      timeoutMs,
    );

    test(
      'accepts nothing that it must refuse, though it is signed again',
      async () => {
        const signed = seeds.filter((seed) => seed.signed.length > 0);
        expect(signed.length).toBeGreaterThan(0);
        await run(`signed again, seed ${runSeed}`, async (counts) => {
          for (let number = 0; number < cases / 4; number++) {
            const random = randomOf(number);
            const seed = random.pick(signed);
            const change = resignedChange(seed, random.pick(signed), random);
            await judgeResigned(fuzzed, seed, numbered(number, change), counts, watchdog);
          }
          for (const seed of signed.slice(0, 1)) {
            for (const change of smallResignedChanges(seed)) {
              await judgeResigned(fuzzed, seed, change, counts, watchdog);
            }
          }
          expect(counts.of(acceptances.resigned)).toBeGreaterThan(0);
        });
      },
      timeoutMs,
    );

    test(
      'refuses what is as large and deep as can be',
      async () => {
        await run('outsized', async (counts) => {
          for (const [name, submission] of fuzzed.outsized(seeds[0]!)) {
            const change = { name, make: () => submission };
            await judgeChanged(fuzzed, seeds[0]!, change, counts, watchdog);
          }
          expect(counts.total).toBeGreaterThan(0);
        });
      },
      timeoutMs,
    );

    test(
      `reads or refuses what stands behind signatures, changed ${cases} times`,
      async () => {
        const readers = seeds.flatMap((seed) => seed.readers);
        await run(`readers, seed ${runSeed}`, async (counts) => {
          for (let number = 0; number < cases; number++) {
            const random = randomOf(number);
            const { name, readChanged } = random.pick(readers);
            const where = `${fuzzed.format}, reader of ${name}, seed ${runSeed}, case ${number}`;
            watchdog.watch(where);
            counts.add(`${name}: ${isRead(where, () => readChanged(changer(random)))}`);
          }
        });
      },
      timeoutMs,
    );

    test('got past the first checks', () => {
      const expected = [...fuzzed.reached, ...(isWhole ? fuzzed.reachedInWhole : [])];
      const missing = expected.filter((check) => reached.of(check) === 0);
      expect(missing).toEqual([]);
    });
  });
}

function randomOf(number: number): Random {
  return new Random(Math.imul(runSeed, 0x01000193) ^ number);
}

function numbered<Value>(number: number, change: Change<Value>): Change<Value> {
  return { ...change, name: `seed ${runSeed}, case ${number} (${change.name})` };
}

/** @param isFirst - Of the first seed every bit is flipped in the whole run, of the others one of each byte. */
function* smallChanges(seed: Seed, isFirst: boolean): Iterable<Change<Submission>> {
  for (const [index, { changes, isElsewhere = false }] of seed.parts.entries()) {
    const ofFirst = isElsewhere ? sizes.elsewhere : index === 0 ? sizes.evidence : sizes.part;
    const size = isFirst ? ofFirst : sizes.further;
    if (size > 0) yield* spread(changes(seed.submission, isWhole && isFirst), size);
  }
}

function* smallResignedChanges(seed: Seed): Iterable<Change<Promise<Submission>>> {
  for (const { changes, resign, isElsewhere = false } of seed.signed) {
    const all = changes(seed.submission, isWhole);
    for (const { name, make } of spread(all, isElsewhere ? sizes.elsewhere : sizes.signed)) {
      yield { name, make: async () => resign(make()) };
    }
  }
}

/** So many of all, evenly. */
function spread<Each>(all: readonly Each[], size: number): readonly Each[] {
  const step = Math.max(1, Math.ceil(all.length / size));
  return all.filter((_, index) => index % step === 0);
}

/** Simulated seeds are of different years; parts of one real one may be as genuine in another. */
function donorsFor(seed: Seed, seeds: readonly Seed[]): readonly Seed[] {
  const { name } = seed.anchors;
  return seeds.filter(
    (other) => name === 'simulation' || other.anchors.name !== name || other === seed,
  );
}

/** One to three changes of parts. */
function randomChange(seed: Seed, other: Seed, random: Random): Change<Submission> {
  const parts = Array.from({ length: 1 + random.below(3) }, () => random.pick(seed.parts));
  return {
    name: parts.map(({ name }) => name).join(', '),
    make: () =>
      parts.reduce(
        (submission, { mutate }) => mutate(submission, random, other.submission),
        seed.submission,
      ),
  };
}

/** One to three changes of one part, which is then signed. */
function resignedChange(seed: Seed, other: Seed, random: Random): Change<Promise<Submission>> {
  const { name, mutate, resign } = random.pick(seed.signed);
  const times = 1 + random.below(3);
  return {
    name,
    make: async () => {
      let { submission } = seed;
      for (let change = 0; change < times; change++) {
        submission = mutate(submission, random, other.submission);
      }
      return resign(submission);
    },
  };
}

function changer(random: Random): Parameters<Seed['readers'][number]['readChanged']>[0] {
  return (kind, genuine) => {
    let value = genuine;
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      value = kind.mutate(value, random, genuine);
    }
    return value;
  };
}

function isRead(where: string, read: () => unknown): 'read' | 'refused' {
  try {
    read();
    return 'read';
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw new Error(`${where}: something else than a refusal was thrown`, { cause: error });
  }
}

function print(name: string, counts: Counts, watchdog: Watchdog): void {
  const slowest = watchdog.slowest();
  const lines = [
    `fuzz: ${name}: ${counts.total} cases`,
    ...counts.lines(),
    `          slowest so far: ${slowest.ms.toFixed(0)} ms, ${slowest.name.slice(0, 160)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

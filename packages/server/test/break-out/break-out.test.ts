import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { available } from '../../../../test/support/optional.ts';
import { allowedNames } from '../../src/runner/cage/allow-list.ts';
import { isPossible, isRoot, surroundings, type Surroundings } from '../cage/elsewhere.ts';
import { identity } from '../onnx/models.ts';
import type { Attempt, CagedEnding, Ending } from './attempts.ts';
import { countVerdicts, formatTable, judge, type Row } from './table.ts';

/*
 * A program in the place of a model's process, under the cage of this machine, that tries what an attacker
 * would: as root, as nobody, and as user 0 of a user namespace. Each attempt is made without the cage first:
 * only what works there can be stopped by it.
 */

const program = (name: string): string => fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));

/** What a campaign prints; no more than the first two where no system call can be refused. */
interface Campaign {
  readonly isFiltered: boolean;
  readonly missing: readonly string[];
  readonly level: string;
  readonly hasOwnUsers: boolean;
  readonly controls: readonly Ending[];
  readonly caged: readonly CagedEnding[];
  readonly neighbour: { readonly answers: number; readonly faults: readonly string[] };
  readonly isServerChanged: boolean;
  readonly files: readonly string[];
  readonly sacrifice: string;
  readonly runners: number;
  readonly runnersLeft: readonly number[];
}

/** Why an attempt fails without a cage: the machine has no such thing, or the user may not. */
const absences = new Set([
  'ENOSYS',
  'ENOENT',
  'ENXIO',
  'ENODEV',
  'EOPNOTSUPP',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
  'EPERM',
  'EACCES',
]);

const able = Object.values(surroundings).filter(isPossible);

const attempts: readonly Attempt[] =
  able.length === 0
    ? []
    : (JSON.parse(
        spawnSync(process.execPath, [program('attacker'), '--list'], { encoding: 'utf8' }).stdout,
      ) as Attempt[]);

async function runCampaign({ command }: Surroundings): Promise<Campaign> {
  const model = Buffer.from(identity()).toString('hex');
  const [first, ...rest] = [...command, process.execPath, program('campaign'), model];
  const child = spawn(first, rest, {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 240_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`the campaign ended with ${status}`);
  return JSON.parse(output) as Campaign;
}

/** Side by side: much of the time they wait. */
const campaigns = new Map<Surroundings, Promise<Campaign>>();
beforeAll(() => {
  for (const where of able) {
    const campaign = runCampaign(where);
    // Heard of where it is waited for.
    campaign.catch(() => undefined);
    campaigns.set(where, campaign);
  }
});

describe.each(able)('an attacker in the place of a model, as $name', (where) => {
  let campaign: Campaign;
  let rows: readonly Row[];

  beforeAll(async () => {
    campaign = await campaigns.get(where)!;
    const { isFiltered, missing } = campaign;
    if (!available(`the cage (${missing.join('; ')})`, isFiltered, { environmental: true })) return;
    const allowed = new Set(allowedNames());
    rows = attempts.map((attempt, index) =>
      judge(attempt, campaign.controls[index]!, campaign.caged[index]!, (call) =>
        allowed.has(call),
      ),
    );
    if (process.env['BLINDAI_PRINT_TABLES'] === '1') {
      process.stdout.write(formatTable(where.name, rows));
      process.stdout.write(
        `another model answered ${campaign.neighbour.answers} times meanwhile\n`,
      );
    }
  }, 260_000);

  beforeEach((context) => {
    if (!campaign.isFiltered) context.skip();
  });

  const rowsOf = (verdict: Row['verdict']): readonly Row[] =>
    rows.filter((row) => row.verdict === verdict);

  test('the cage is closed, with users of their own where that is possible', () => {
    expect(campaign).toMatchObject({ level: 'sandboxed', missing: [] });
    expect(campaign.hasOwnUsers).toBe(where === surroundings.here && isRoot());
  });

  test('nothing comes through, on the main thread nor on one of the older ones', () => {
    expect(rowsOf('came through')).toEqual([]);
  });

  test('what is stopped is stopped by the cage', () => {
    expect(rowsOf('unexplained')).toEqual([]);
  });

  test('what is refused is tried on an older thread too', () => {
    const refused = rows.filter(({ caged }) => caged.errno === 'EPERM');
    expect(refused.length).toBeGreaterThan(150);
    const others = refused.filter(({ caged }) => caged.onPoolThread === null);
    expect(others.map(({ attempt }) => attempt.name)).toEqual([
      "open a file on one of Node's threads",
    ]);
  });

  test('most of it works without a cage, and what does not is not there or not allowed', () => {
    const silent = rowsOf('not applicable');
    expect(silent.filter(({ control }) => !absences.has(control.errno!))).toEqual([]);
    expect(countVerdicts(rows).stopped).toBeGreaterThan(rows.length * (isRoot() ? 0.75 : 0.5));
  });

  test('another model answers all the while, and rightly', () => {
    expect(campaign.neighbour.faults).toEqual([]);
    const long = rows.filter(({ caged }) => caged.errno === 'model-timeout');
    expect(long.length).toBe(3);
    for (const { caged } of long) expect(caged.answers).toBeGreaterThan(3);
  });

  test('nothing of it is left, and nothing was changed', () => {
    expect(campaign.runners).toBeGreaterThan(5);
    expect(campaign.runnersLeft).toEqual([]);
    expect(campaign.isServerChanged).toBe(false);
    expect(campaign.files.toSorted()).toEqual(['file', 'sacrifice', 'writable']);
    expect(campaign.sacrifice).toBe('nothing of meaning');
  });
});

test.runIf(able.length > 0)('there is something of everything, and each name once', () => {
  expect(attempts.length).toBeGreaterThan(220);
  const names = attempts.map(({ group, name }) => `${group}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

available('a system on which runners can be caged', able.length > 0, { environmental: true });

import { mainSubjects, smallSubject } from '../models/subjects.ts';
import type { Asked, Findings } from '../section.ts';
import { notSeen } from '../serving/not-seen.ts';
import { median } from '../statistics.ts';
import { keepings, measureRunner, type Keeping, type RunnerFigures } from './measured-runner.ts';

const MEGABYTE = 1e6;
const rounds = 15;
const runsPerRound = 40;

/** What one way to keep a model costs, in milliseconds and megabytes. */
interface Row {
  readonly model: string;
  readonly keeping: Keeping;
  readonly started: number;
  readonly leastStarted: number;
  readonly loaded: number;
  readonly run: number;
  readonly leastRun: number;
  readonly resident: number;
}

/** What the cage costs: the same runner with and without it, in turns. */
export async function measureCage({ full, other, progress }: Asked): Promise<Findings> {
  if (other !== null) return notSeen('cage');
  if (process.platform !== 'linux') {
    return { tables: [], notes: ['cage: there is none but on Linux.'], data: { leftOut: true } };
  }
  const rows: Row[] = [];
  for (const subject of full ? mainSubjects() : [smallSubject()]) {
    progress(`cage: ${subject.name}`);
    const seen = new Map<Keeping, RunnerFigures[]>(keepings.map((keeping) => [keeping, []]));
    // The first of each finds files that are not in memory yet.
    for (const keeping of keepings) await measureRunner(keeping, subject, 1);
    for (let round = 0; round < rounds; round += 1) {
      const turns = keepings.map((_, at) => keepings[(at + round) % keepings.length]!);
      for (const keeping of turns) {
        seen.get(keeping)!.push(await measureRunner(keeping, subject, runsPerRound));
      }
    }
    for (const [keeping, figures] of seen) rows.push(summarise(subject.name, keeping, figures));
  }
  return {
    tables: [
      {
        title: 'cage: starts, loads and runs in milliseconds, memory in megabytes',
        columns: ['model', 'runner', 'started', 'least', 'loaded', 'run', 'least', 'holds'],
        rows: rows.map((row) => [
          row.model,
          row.keeping,
          row.started,
          row.leastStarted,
          row.loaded,
          row.run,
          row.leastRun,
          row.resident,
        ]),
      },
    ],
    notes: [
      `Medians and, where it says so, least of ${rounds} processes each, in turns; ${runsPerRound} runs in each, on one thread.`,
    ],
    data: { rounds, runsPerRound, rows },
  };
}

function summarise(model: string, keeping: Keeping, figures: readonly RunnerFigures[]): Row {
  const started = figures.map((each) => each.started);
  const runs = figures.flatMap((each) => each.runs);
  return {
    model,
    keeping,
    started: median(started),
    leastStarted: Math.min(...started),
    loaded: median(figures.map(({ loaded }) => loaded)),
    run: median(runs),
    leastRun: Math.min(...runs),
    resident: median(figures.map(({ residentBytes }) => residentBytes)) / MEGABYTE,
  };
}

import { availableParallelism } from 'node:os';
import { BareEngines } from '../engine/bare-engine.ts';
import { Load } from '../load/load.ts';
import { allSubjects, mainSubjects, type Subject } from '../models/subjects.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings } from '../section.ts';
import { ServedModel } from '../serving/served-model.ts';
import { serve, type Served } from '../serving/served.ts';
import { median, summarise, type Statistics } from '../statistics.ts';

/** Of what the server answers at most. */
const loadShare = 0.7;
const rounds = 3;
const roundMs = 3000;

/** How long requests take that come at equal gaps, in milliseconds. */
interface Row {
  readonly model: string;
  /** Between requests. */
  readonly gapMs: number;
  readonly bare: Statistics;
  readonly served: Statistics;
  /** Requests to the server that were refused: too many waited already. They are in no time. */
  readonly unanswered: number;
  /** How late 99 of 100 requests were sent: an answer cannot be told more exactly. */
  readonly latenessMs: number;
}

/** How far the slowest requests are from the others when a server is busy, but not too busy. */
export async function measureTail({ full, other, progress }: Asked): Promise<Findings> {
  await using served = await serve(other);
  const rows: Row[] = [];
  for (const subject of full ? allSubjects() : mainSubjects()) {
    progress(`tail: ${subject.name}`);
    rows.push(await measure(subject, served));
  }
  return {
    tables: [
      {
        title: `tail: at ${loadShare * 100} % of what the server answers at most, milliseconds`,
        columns: [
          'model',
          'a second',
          'bare p50',
          'bare p99',
          'p99 / p50',
          'served p50',
          'served p99',
          'p99 / p50',
          'refused',
          'sent late p99',
        ],
        rows: rows.map(({ model, gapMs, bare, served: answers, unanswered, latenessMs }) => [
          model,
          1000 / gapMs,
          bare.median,
          bare.p99,
          bare.p99 / bare.median,
          answers.median,
          answers.p99,
          answers.p99 / answers.median,
          unanswered,
          latenessMs,
        ]),
      },
    ],
    notes: [
      `${rounds} rounds of ${roundMs / 1000} s bare and ${roundMs / 1000} s served, in turn, at the same gaps; timed from when a request was due.`,
      `bare: ${availableParallelism()} processes of one thread that take turns.`,
      'refused: requests that came when too many waited already, which happens where others take the cores away; no time counts them.',
    ],
    data: { loadShare, rounds, roundMs, rows },
    plots: [
      plotBars({
        name: 'tail',
        title: `p99 / p50 at ${loadShare * 100} % load`,
        unit: 'ratio',
        series: ['bare', 'served'],
        groups: rows.map(({ model, bare, served: answers }) => ({
          label: model,
          values: [bare.p99 / bare.median, answers.p99 / answers.median],
        })),
        aim: { label: 'aim: 2', value: 2 },
      }),
    ],
  };
}

async function measure(subject: Subject, served: Served): Promise<Row> {
  const cores = availableParallelism();
  await using engines = await BareEngines.start(subject);
  await using model = await ServedModel.upload(served, subject);
  await using load = await Load.start(served, model, 4 * cores);
  await engines.saturate(500);
  await load.saturate(1000);
  const { rate } = await load.saturate(1500);
  const gapMs = 1000 / (loadShare * rate);
  await load.arrivals(gapMs, 500);
  const bare: number[] = [];
  const answers: number[] = [];
  const lateness: number[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    bare.push(...(await engines.arrivals(gapMs, roundMs)));
    const { times, unanswered, latenessMs } = await load.arrivals(gapMs, roundMs);
    answers.push(...times);
    refused += unanswered;
    lateness.push(latenessMs);
  }
  return {
    model: subject.name,
    gapMs,
    bare: summarise(bare),
    served: summarise(answers),
    unanswered: refused,
    latenessMs: median(lateness),
  };
}

import { allSubjects, mainSubjects, type Subject } from '../models/subjects.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings } from '../section.ts';
import type { Stages } from '../serving/server-order.ts';
import { ServedModel } from '../serving/served-model.ts';
import { notSeen } from '../serving/not-seen.ts';
import { serve, type ServerProcess } from '../serving/served.ts';
import { warmUp } from '../serving/warm-up.ts';
import { summarise, type Statistics } from '../statistics.ts';

const gapMs = 4;
const runs = 150;
/** Until compilers have seen what is run. */
const uncounted = 300;

/** Where the time of a run goes inside of the server, in milliseconds. */
interface Row {
  readonly model: string;
  /** From the head of the request to the last byte of its body. */
  readonly receiving: Statistics;
  /** From there until its inputs are handed to a runner. */
  readonly starting: Statistics;
  /** From there until the outputs are back: two pipes and the engine. */
  readonly running: Statistics;
  /** From there to the first byte of the answer. */
  readonly answering: Statistics;
  /** From there until the last byte was handed to the connection. */
  readonly sending: Statistics;
}

/** What a server does before and after the engine runs, one request at a time. */
export async function measureStages({ full, other, progress }: Asked): Promise<Findings> {
  if (other !== null) return notSeen('stages');
  await using served = await serve(null);
  const server = served.process!;
  await server.watchStages();
  const rows: Row[] = [];
  for (const subject of full ? allSubjects() : mainSubjects()) {
    progress(`stages: ${subject.name}`);
    await using model = await ServedModel.upload(served, subject);
    await warmUp(served, model);
    await model.paced(uncounted, 0);
    rows.push(await measure(subject, model, server));
  }
  const parts = ['receiving', 'starting', 'running', 'answering', 'sending'] as const;
  return {
    tables: [
      {
        title: 'stages: inside of the server, milliseconds (medians, p95 behind the two of ours)',
        columns: [
          'model',
          'body arrives',
          'to run started',
          'p95',
          'pipes and engine',
          'to first byte',
          'p95',
          'answer leaves',
        ],
        rows: rows.map((row) => [
          row.model,
          row.receiving.median,
          row.starting.median,
          row.starting.p95,
          row.running.median,
          row.answering.median,
          row.answering.p95,
          row.sending.median,
        ]),
      },
    ],
    notes: [
      '"to run started" begins with the last byte of the request, "to first byte" with the outputs of the run.',
    ],
    data: { gapMs, runs, rows },
    plots: [
      plotBars({
        name: 'stages',
        title: 'Inside of the server',
        unit: 'milliseconds',
        series: parts,
        groups: rows.map((row) => ({
          label: row.model,
          values: parts.map((part) => row[part].median),
        })),
        stacked: true,
      }),
    ],
  };
}

async function measure(subject: Subject, model: ServedModel, server: ServerProcess): Promise<Row> {
  await server.stages();
  await model.paced(runs, gapMs);
  const seen = await server.stages();
  const part = (value: (stages: Stages) => number): Statistics => summarise(seen.map(value));
  return {
    model: subject.name,
    receiving: part(({ received }) => received),
    starting: part(({ received, started }) => started - received),
    running: part(({ started, finished }) => finished - started),
    answering: part(({ finished, firstByte }) => firstByte - finished),
    sending: part(({ firstByte, answered }) => answered - firstByte),
  };
}

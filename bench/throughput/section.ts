import { availableParallelism } from 'node:os';
import { BareEngines } from '../engine/bare-engine.ts';
import { Load } from '../load/load.ts';
import { allSubjects, mainSubjects, type Subject } from '../models/subjects.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings } from '../section.ts';
import { choosePlans, formatPlan, type Plan } from '../serving/plan.ts';
import type { LoopDelay } from '../serving/server-order.ts';
import { ServedModel } from '../serving/served-model.ts';
import { serve, type Served } from '../serving/served.ts';
import { estimate, type Estimate } from '../statistics.ts';

const rounds = 4;
const roundMs = 2000;

/** As many processes as the bare engine has, and as many runs as answers. */
const settings = { scheduling: 'throughput', maxBatchRows: '1' } as const;

/** Requests that wait for each core: the next one is there when a run ends. */
const requestsPerCore = 4;

/** What one model answers in a second. */
interface Row {
  readonly model: string;
  /** Runs a second of as many processes as there are cores, together. */
  readonly bare: Estimate;
  /** Answers a second. */
  readonly served: Estimate;
  /** Served over bare. */
  readonly ratio: Estimate;
  /** Cores that making the load kept busy: they were not the server's. */
  readonly loadCores: number;
  /** Served over what the bare processes would answer on the cores that were left. */
  readonly ratioOfRest: Estimate;
  /** Processor time of the engine alone for a run, in milliseconds. */
  readonly bareProcessor: number;
  /** Of the server and its runners for an answer. Null for somebody else's. */
  readonly servedProcessor: number | null;
  /** Of the serving process, under all of this. Null for somebody else's. */
  readonly loopDelay: LoopDelay | null;
}

/** How many requests a second a server answers, of how many the engine alone could. */
export async function measureThroughput({ full, other, progress }: Asked): Promise<Findings> {
  const rows: Row[] = [];
  const subjects = full ? allSubjects() : mainSubjects();
  for (const subject of subjects) {
    progress(`throughput: ${subject.name}`);
    // A server for each, so that its event loop is seen under this load alone.
    await using served = await serve(other, settings);
    rows.push(await measure(subject, served));
  }
  const chosen: readonly Plan[] | null = other === null ? await choosePlans(subjects) : null;
  const cores = availableParallelism();
  return {
    tables: [
      {
        title: 'throughput: as many requests as are answered, a second',
        columns: [
          'model',
          'bare',
          'served',
          'served / bare',
          'middle half of rounds',
          'cores of load',
          'served / bare on the rest',
          'CPU ms bare',
          'CPU ms served',
          'loop delay p99 ms',
          'auto chooses',
        ],
        rows: rows.map((row, at) => [
          row.model,
          row.bare.median,
          row.served.median,
          row.ratio.median,
          `${row.ratio.lower.toFixed(2)} to ${row.ratio.upper.toFixed(2)}`,
          row.loadCores,
          row.ratioOfRest.median,
          row.bareProcessor,
          row.servedProcessor ?? 'not seen',
          row.loopDelay === null ? 'not seen' : row.loopDelay.p99,
          chosen === null ? 'not seen' : formatPlan(chosen[at]!),
        ]),
      },
    ],
    notes: [
      `${rounds} rounds of ${roundMs / 1000} s bare and ${roundMs / 1000} s served, in turn.`,
      `bare: ${cores} processes of one thread. served: as many, without batches, under ${requestsPerCore * cores} connections with a request each.`,
      'CPU: processor time for one run, of the bare engine and of server and runners together; others on the machine disturb it less than they do times.',
      'What makes the load runs on the same machine: "on the rest" compares with the bare engine on the cores that it leaves.',
      'auto chooses: processes × threads for each model, by the trial at its upload, of a server that is left to it.',
    ],
    data: { cores, rounds, roundMs, settings, chosen, rows },
    plots: [
      plotBars({
        name: 'throughput',
        title: 'Answers a second, over those of the bare engine',
        unit: 'ratio',
        series: ['served / bare', 'on the cores that the load leaves'],
        groups: rows.map(({ model, ratio, ratioOfRest }) => ({
          label: model,
          values: [ratio.median, ratioOfRest.median],
        })),
        aim: { label: '1', value: 1 },
      }),
    ],
  };
}

interface Round {
  readonly bare: number;
  readonly served: number;
  readonly loadCores: number;
  readonly bareProcessor: number;
  readonly servedProcessor: number;
}

async function measure(subject: Subject, served: Served): Promise<Row> {
  const cores = availableParallelism();
  await using engines = await BareEngines.start(subject);
  await using model = await ServedModel.upload(served, subject);
  await using load = await Load.start(served, model, requestsPerCore * cores);
  await engines.saturate(roundMs / 4);
  await load.saturate(roundMs / 2);
  await served.process?.watchLoop();
  const found: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const usedBare = engines.processorMs();
    const bare = await engines.saturate(roundMs);
    const bareProcessor = engines.processorMs() - usedBare;
    const usedServed = served.process?.processorMs() ?? 0;
    const { rate, answers, ownCores } = await load.saturate(roundMs);
    const servedProcessor = (served.process?.processorMs() ?? 0) - usedServed;
    found.push({
      bare: bare.rate,
      served: rate,
      loadCores: ownCores,
      bareProcessor: bareProcessor / bare.runs,
      servedProcessor: servedProcessor / answers,
    });
  }
  const over = (value: (round: Round) => number): Estimate => estimate(found.map(value));
  return {
    model: subject.name,
    bare: over((round) => round.bare),
    served: over((round) => round.served),
    bareProcessor: over((round) => round.bareProcessor).median,
    servedProcessor: served.process && over((round) => round.servedProcessor).median,
    ratio: over((round) => round.served / round.bare),
    loadCores: over((round) => round.loadCores).median,
    ratioOfRest: over((round) => round.served / (round.bare * (1 - round.loadCores / cores))),
    loopDelay: (await served.process?.loopDelay()) ?? null,
  };
}

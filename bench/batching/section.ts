import { availableParallelism } from 'node:os';
import { BareEngine } from '../engine/bare-engine.ts';
import { Load } from '../load/load.ts';
import {
  batchSubjects,
  otherBatchSubjects,
  type Subject,
  type SubjectInput,
} from '../models/subjects.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings, OtherServer } from '../section.ts';
import { formatPlan, planLogging, plansIn, type Plan } from '../serving/plan.ts';
import { ServedModel } from '../serving/served-model.ts';
import { serve, type Served } from '../serving/served.ts';
import { estimate, median, type Estimate } from '../statistics.ts';

/** Runs that the bare engine computes as one: as many as a server does at most by default. */
const batchSize = 16;
const bareRounds = 5;

/** Enough that as many as make a batch wait while another is computed. */
const connections = 32;
const rounds = 4;
const roundMs = 1500;

/** What is gained by computing several runs as one. */
interface Row {
  readonly model: string;
  /**
   * Of the bare engine on one thread: time of one run over the time of one of sixteen together. Null where the
   * inputs have no first dimension along which they could be.
   */
  readonly bareGain: Estimate | null;
  /** How the server that may batch chose to run it. Null for somebody else's server. */
  readonly plan: Plan | null;
  /** Answers a second of a server that computes each run alone. */
  readonly alone: Estimate;
  /** And of one that may batch. */
  readonly together: Estimate;
  /** The second over the first. */
  readonly gain: Estimate;
  /** Processor time of a server and its runners for an answer, in milliseconds. Null for somebody else's. */
  readonly aloneProcessor: number | null;
  readonly togetherProcessor: number | null;
  /** Cores that making the load kept busy, where runs are put together. */
  readonly loadCores: number;
}

/** What putting runs together gains, of the engine alone and of the server. */
export async function measureBatching({ full, other, progress }: Asked): Promise<Findings> {
  const subjects = full ? [...batchSubjects(), ...otherBatchSubjects()] : batchSubjects();
  const rows: Row[] = [];
  for (const subject of subjects) {
    progress(`batching: ${subject.name}`);
    rows.push({
      model: subject.name,
      bareGain: await measureBare(subject),
      ...(await measureServed(subject, other)),
    });
  }
  return {
    tables: [
      {
        title:
          'batching: answers a second of a server that batches, over those of one that does not',
        columns: [
          'model',
          'plan',
          'rows',
          'alone',
          'together',
          'gain',
          'middle half of rounds',
          'CPU ms alone',
          'together',
          'gain in CPU',
          'cores of load',
          'gain of the bare engine',
        ],
        rows: rows.map((row) => [
          row.model,
          row.plan === null ? 'not seen' : formatPlan(row.plan),
          row.plan === null ? 'not seen' : row.plan.rows,
          row.alone.median,
          row.together.median,
          row.gain.median,
          `${row.gain.lower.toFixed(2)} to ${row.gain.upper.toFixed(2)}`,
          row.aloneProcessor ?? 'not seen',
          row.togetherProcessor ?? 'not seen',
          processorGain(row) ?? 'not seen',
          row.loadCores,
          row.bareGain?.median ?? 'none',
        ]),
      },
    ],
    notes: [
      `${rounds} rounds of ${roundMs / 1000} s alone and ${roundMs / 1000} s together, in turn, under ${connections} connections with a request each.`,
      other === null
        ? 'alone: a server with max-batch-rows 1; together: one with default settings, the upload with batchAcrossCallers.'
        : 'alone: an upload without batchAcrossCallers, so that every connection has batches of its own, of one; together: one with it.',
      'plan: how the trial at the upload chose to run the model; rows: as many at most are computed as one, 1 for none.',
      'CPU: processor time of server and runners for an answer; others on the machine disturb it less than they do times.',
      `gain of the bare engine: on one thread, ${batchSize} runs as one; whatever a server does besides running dilutes it.`,
    ],
    data: { batchSize, connections, rounds, roundMs, cores: availableParallelism(), rows },
    plots: [
      plotBars({
        name: 'batching',
        title: 'Gain from computing runs together',
        unit: 'ratio',
        series: ['answers a second', 'processor time', 'bare engine'],
        groups: rows.map((row) => ({
          label: row.model,
          values: [row.gain.median, processorGain(row) ?? 0, row.bareGain?.median ?? 0],
        })),
        aim: { label: 'aim: 2', value: 2 },
      }),
    ],
  };
}

function processorGain({ aloneProcessor, togetherProcessor }: Row): number | null {
  if (aloneProcessor === null || togetherProcessor === null) return null;
  return aloneProcessor / togetherProcessor;
}

async function measureBare(subject: Subject): Promise<Estimate | null> {
  if (Object.values(subject.inputs).some(({ shape }) => shape[0] !== 1)) return null;
  await using alone = await BareEngine.start(subject, 1);
  await using together = await BareEngine.start(repeat(subject, batchSize), 1);
  await alone.paced(50, 0);
  await together.paced(10, 0);
  const gains: number[] = [];
  for (let round = 0; round < bareRounds; round += 1) {
    const one = median(await alone.paced(50, 0));
    const many = median(await together.paced(15, 0));
    gains.push((one * batchSize) / many);
  }
  return estimate(gains);
}

async function measureServed(
  subject: Subject,
  other: OtherServer | null,
): Promise<Omit<Row, 'model' | 'bareGain'>> {
  await using aloneServer = await serve(other, { ...planLogging, maxBatchRows: '1' });
  await using togetherServer = await serve(other, planLogging);
  await using aloneModel = await ServedModel.upload(aloneServer, subject);
  await using togetherModel = await ServedModel.upload(togetherServer, subject, {
    batchAcrossCallers: true,
  });
  await using aloneLoad = await Load.start(aloneServer, aloneModel, connections);
  await using togetherLoad = await Load.start(togetherServer, togetherModel, connections);
  await aloneLoad.saturate(roundMs);
  await togetherLoad.saturate(roundMs);
  const found: { alone: Round; together: Round }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    found.push({
      alone: await saturate(aloneServer, aloneLoad),
      together: await saturate(togetherServer, togetherLoad),
    });
  }
  const over = (value: (round: (typeof found)[number]) => number): Estimate =>
    estimate(found.map(value));
  const isOwn = other === null;
  return {
    plan: isOwn ? plansIn(togetherServer.process!.log())[0]! : null,
    alone: over(({ alone }) => alone.rate),
    together: over(({ together }) => together.rate),
    gain: over(({ alone, together }) => together.rate / alone.rate),
    aloneProcessor: isOwn ? over(({ alone }) => alone.processorMs).median : null,
    togetherProcessor: isOwn ? over(({ together }) => together.processorMs).median : null,
    loadCores: over(({ together }) => together.loadCores).median,
  };
}

interface Round {
  readonly rate: number;
  readonly loadCores: number;
  /** Of server and runners, for an answer; 0 where that is not seen. */
  readonly processorMs: number;
}

async function saturate(served: Served, load: Load): Promise<Round> {
  const before = served.process?.processorMs() ?? 0;
  const { rate, answers, ownCores } = await load.saturate(roundMs);
  const used = (served.process?.processorMs() ?? 0) - before;
  return { rate, loadCores: ownCores, processorMs: used / answers };
}

/** The same inputs several times along their first dimension. */
function repeat(subject: Subject, times: number): Subject {
  const inputs = Object.entries(subject.inputs).map(([name, { datatype, shape, data }]) => {
    const [first, ...rest] = shape;
    const List = data.constructor as new (length: number) => SubjectInput['data'];
    const all = new List(data.length * times);
    for (let at = 0; at < times; at += 1) all.set(data as never, at * data.length);
    return [name, { datatype, shape: [first! * times, ...rest], data: all }] as const;
  });
  return {
    ...subject,
    inputs: Object.fromEntries(inputs),
    inputBytes: subject.inputBytes * times,
  };
}

import { startFastest, type BareEngine } from '../engine/bare-engine.ts';
import { allSubjects, mainSubjects, type Subject } from '../models/subjects.ts';
import { plotBars } from '../plot/bar-plot.ts';
import type { Asked, Findings } from '../section.ts';
import { ServedModel } from '../serving/served-model.ts';
import { serve, type Served } from '../serving/served.ts';
import { warmUp } from '../serving/warm-up.ts';
import { estimate, median, type Estimate } from '../statistics.ts';
import { BareTransport } from '../transport/bare-transport.ts';

/** The same between runs of the engine, round trips and served runs: what is idle for longer is slower. */
const gapMs = 4;
const rounds = 12;
/** Runs of a round last about this long together. */
const roundMs = 200;
/** What is asked one by one before anything counts lasts about so long. */
const warmUpMs = 1500;
/** Round trips before anything counts: what does nothing needs no more. */
const warmUpTrips = 2000;

/** What one model costs more when it is served, in milliseconds. */
interface Row {
  readonly model: string;
  readonly bodyBytes: number;
  readonly bareThreads: number;
  readonly bare: Estimate;
  /** A round trip of as many bytes to a server that does nothing. */
  readonly transport: Estimate;
  readonly served: Estimate;
  /** Served less bare. */
  readonly added: Estimate;
  /** And less transport. */
  readonly ours: Estimate;
  /** Added over bare. */
  readonly share: Estimate;
  /** Processor time of the engine alone for a run. */
  readonly bareProcessor: number;
  /** Of the server that does nothing. */
  readonly transportProcessor: number;
  /** Of the server and its runners. Null for somebody else's. */
  readonly servedProcessor: number | null;
}

/** How much later an answer comes from a server than from the engine alone, one request at a time. */
export async function measureLatency({ full, other, progress }: Asked): Promise<Findings> {
  await using served = await serve(other);
  await using transport = await BareTransport.start();
  const rows: Row[] = [];
  for (const subject of full ? allSubjects() : mainSubjects()) {
    progress(`latency: ${subject.name}`);
    rows.push(await measure(subject, served, transport));
  }
  return {
    tables: [
      {
        title:
          'latency: one request at a time, milliseconds (medians; ours = served less bare less transport)',
        columns: [
          'model',
          'body KB',
          'threads',
          'bare',
          'transport',
          'served',
          'added',
          'ours',
          'ours, middle half of rounds',
          'added / bare',
          'CPU bare',
          'transport',
          'served',
        ],
        rows: rows.map((row) => [
          row.model,
          row.bodyBytes / 1000,
          row.bareThreads,
          row.bare.median,
          row.transport.median,
          row.served.median,
          row.added.median,
          row.ours.median,
          `${row.ours.lower.toFixed(2)} to ${row.ours.upper.toFixed(2)}`,
          row.share.median,
          row.bareProcessor,
          row.transportProcessor,
          row.servedProcessor ?? 'not seen',
        ]),
      },
    ],
    notes: [
      'The server was under load before, for some seconds: what runs seldom is not compiled well.',
      `${rounds} rounds, in each the engine alone, the transport alone and the server in turn, ${gapMs} ms between requests.`,
      'bare: onnxruntime-node in a process of its own, with one thread or all, whichever is faster.',
      'transport: a TLS round trip of the same sizes to a server of Node that does nothing.',
      'CPU: processor time of a run, milliseconds: of the bare engine, of the server that does nothing, and of server and runners together; others on the machine disturb it less than they do times.',
    ],
    data: { gapMs, rounds, rows },
    plots: [
      plotBars({
        name: 'latency',
        title: 'One request at a time: where its time goes',
        unit: 'milliseconds',
        series: ['engine alone', 'transport alone', 'ours'],
        groups: rows.map(({ model, bare, transport: trip, ours }) => ({
          label: model,
          values: [bare.median, trip.median, Math.max(ours.median, 0)],
        })),
        stacked: true,
      }),
    ],
  };
}

async function measure(subject: Subject, served: Served, transport: BareTransport): Promise<Row> {
  await using engine = await startFastest(subject);
  await using model = await ServedModel.upload(served, subject);
  const body = model.body;
  const trip = async (count: number): Promise<number[]> =>
    transport.paced(body, model.replyBytes, count, gapMs);
  await warmUp(served, model);
  const count = await practise(engine, model, trip);
  const found: { bare: number; transport: number; served: number }[] = [];
  const used = { bare: 0, transport: 0, served: 0 };
  const servedMs = (): number => served.process?.processorMs() ?? 0;
  for (let round = 0; round < rounds; round += 1) {
    const bareBefore = engine.processorMs();
    const bare = median(await engine.paced(count, gapMs));
    used.bare += engine.processorMs() - bareBefore;
    const tripBefore = transport.processorMs();
    const tripMs = median(await trip(count));
    used.transport += transport.processorMs() - tripBefore;
    const servedBefore = servedMs();
    found.push({ bare, transport: tripMs, served: median(await model.paced(count, gapMs)) });
    used.served += servedMs() - servedBefore;
  }
  const over = (value: (round: (typeof found)[number]) => number): Estimate =>
    estimate(found.map(value));
  return {
    model: subject.name,
    bodyBytes: body.length,
    bareThreads: engine.threads,
    bare: over((round) => round.bare),
    transport: over((round) => round.transport),
    served: over((round) => round.served),
    added: over((round) => round.served - round.bare),
    ours: over((round) => round.served - round.bare - round.transport),
    share: over((round) => (round.served - round.bare) / round.bare),
    bareProcessor: used.bare / (rounds * count),
    transportProcessor: used.transport / (rounds * count),
    servedProcessor: served.process && used.served / (rounds * count),
  };
}

/** Runs everything until compilers have seen it; answers how many runs make a round. */
async function practise(
  engine: BareEngine,
  model: ServedModel,
  trip: (count: number) => Promise<number[]>,
): Promise<number> {
  const sample = median(await model.paced(10, 0));
  const uncounted = Math.ceil(warmUpMs / (sample + 1));
  await model.paced(uncounted, 0);
  await engine.paced(Math.ceil(uncounted / 4), 0);
  await trip(warmUpTrips);
  return Math.min(Math.max(Math.round(roundMs / (sample + gapMs)), 5), 50);
}
